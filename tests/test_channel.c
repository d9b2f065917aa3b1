// SPDX-License-Identifier: MIT
/* Words pass both ways through each kind of channel; nothing is left open. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "check.h"

static int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void pass(int out, int in, uint64_t sent)
{
	uint64_t word = 0;

	assert_int_equal(write(out, &sent, sizeof(sent)), sizeof(sent));
	assert_int_equal(read(in, &word, sizeof(word)), sizeof(word));
	assert_int_equal(word, sent);
}

static bool is_network(int kind)
{
	return kind == CHANNEL_UDP || kind == CHANNEL_TCP;
}

static void words_pass_both_ways(void **state)
{
	int before = count_descriptors();

	(void)state;
	for (int kind = 0; kind < CHANNELS; kind++) {
		struct channel channel;
		int error = channel_open(&channel, kind);

		if (error && is_network(kind))
			continue;
		assert_int_equal(error, 0);
		for (uint64_t word = 1; word < 1000; word++) {
			pass(channel.near.out, channel.far.in, word);
			pass(channel.far.out, channel.near.in, word << 50);
		}
		channel_close(&channel);
		assert_int_equal(count_descriptors(), before);
		channel_close(&channel); /* once more does nothing */
	}
}

static struct sockaddr_in address_of(int socket)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	assert_int_equal(
		getsockname(socket, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(address.sin_family, AF_INET);
	return address;
}

/* Nobody but this machine can reach them, and no other socket is heard. */
static void sockets_are_on_the_loopback_alone(void **state)
{
	(void)state;
	for (int kind = CHANNEL_UDP; kind <= CHANNEL_TCP; kind++) {
		struct channel channel;
		struct sockaddr_in near, peer;
		socklen_t size = sizeof(peer);

		if (channel_open(&channel, kind))
			skip_because("there is no loopback here");
		near = address_of(channel.near.out);
		assert_int_equal(near.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
		assert_int_equal(address_of(channel.far.out).sin_addr.s_addr,
				 htonl(INADDR_LOOPBACK));
		assert_int_equal(getpeername(channel.far.in,
					     (struct sockaddr *)&peer, &size),
				 0);
		assert_int_equal(peer.sin_port, near.sin_port);
		channel_close(&channel);
	}
}

static void tcp_sends_at_once_and_waits_for_good(void **state)
{
	struct channel channel;
	struct timeval patience;
	int value = 0, ends[2];

	(void)state;
	if (channel_open(&channel, CHANNEL_TCP))
		skip_because("there is no loopback here");
	ends[0] = channel.near.out;
	ends[1] = channel.far.out;
	for (int i = 0; i < 2; i++) {
		socklen_t size = sizeof(value), long_size = sizeof(patience);

		getsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &value, &size);
		assert_int_equal(value, 1);
		getsockopt(ends[i], SOL_SOCKET, SO_SNDTIMEO, &patience,
			   &long_size);
		assert_int_equal(patience.tv_sec + patience.tv_usec, 0);
	}
	channel_close(&channel);
}

/* With so many descriptors left, each step of each kind fails once. */
static void what_cannot_be_opened_leaves_nothing(void **state)
{
	struct rlimit before, limit;
	int open = count_descriptors(), first = dup(STDIN_FILENO);

	(void)state;
	assert_true(first >= 0);
	close(first);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	for (int kind = 0; kind < CHANNELS; kind++) {
		struct channel channel;
		int failed = 0, error;

		for (int left = 0; left < 6; left++) {
			limit.rlim_cur = (rlim_t)(first + left);
			setrlimit(RLIMIT_NOFILE, &limit);
			error = channel_open(&channel, kind);
			if (!error)
				channel_close(&channel);
			setrlimit(RLIMIT_NOFILE, &before);
			assert_int_equal(count_descriptors(), open);
			failed += error == -EMFILE;
			assert_true(!error || error == -EMFILE ||
				    is_network(kind));
		}
		assert_true(failed > 0);
	}
}

static int open_each_without_network(void)
{
	struct channel channel;
	int wrong = 0;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 77;
	for (int kind = 0; kind < CHANNELS; kind++) {
		int error = channel_open(&channel, kind);

		wrong += is_network(kind) ? !error : !!error;
	}
	return wrong;
}

/* A network namespace is born with its loopback down. */
static void without_a_loopback_the_network_kinds_fail(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(open_each_without_network());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip_because("no network namespace can be made here");
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_pass_both_ways),
		cmocka_unit_test(sockets_are_on_the_loopback_alone),
		cmocka_unit_test(tcp_sends_at_once_and_waits_for_good),
		cmocka_unit_test(what_cannot_be_opened_leaves_nothing),
		cmocka_unit_test(without_a_loopback_the_network_kinds_fail),
	};

	return check_all(tests);
}
