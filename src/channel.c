// SPDX-License-Identifier: MIT
/* Two ends that tasks talk over: what one writes the other reads. */
#define _GNU_SOURCE
#include "channel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 1 /* for what takes microseconds, or never comes */

/* -1 in place of a descriptor is none. */
static int open_pipes(struct channel *channel)
{
	int there[2], back[2];

	if (pipe2(there, O_CLOEXEC))
		return -errno;
	channel->near.out = there[1];
	channel->far.in = there[0];
	if (pipe2(back, O_CLOEXEC))
		return -errno;
	channel->near.in = back[0];
	channel->far.out = back[1];
	return 0;
}

/* One counter each way, read and written by the same descriptor. */
static int open_eventfds(struct channel *channel)
{
	channel->near.out = channel->far.in = eventfd(0, EFD_CLOEXEC);
	if (channel->near.out < 0)
		return -errno;
	channel->near.in = channel->far.out = eventfd(0, EFD_CLOEXEC);
	return channel->near.in < 0 ? -errno : 0;
}

static void use_sockets(struct channel *channel, int near, int far)
{
	channel->near = (struct channel_end){ near, near };
	channel->far = (struct channel_end){ far, far };
}

static int open_unix(struct channel *channel)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	use_sockets(channel, pair[0], pair[1]);
	return 0;
}

/* A socket on a port of 127.0.0.1 that the kernel chooses, and its address. */
static int open_loopback(int type, struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int error, descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (descriptor < 0)
		return -errno;
	*address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (bind(descriptor, (struct sockaddr *)address, size) == 0 &&
	    getsockname(descriptor, (struct sockaddr *)address, &size) == 0)
		return descriptor;
	error = -errno;
	close(descriptor);
	return error;
}

static int connect_to(int descriptor, const struct sockaddr_in *address)
{
	return connect(descriptor, (const struct sockaddr *)address,
		       sizeof(*address))
		       ? -errno
		       : 0;
}

/* Each hears the other alone: both are connected (udp(7)). */
static int open_udp(struct channel *channel)
{
	struct sockaddr_in near_address, far_address;
	int far, error, near = open_loopback(SOCK_DGRAM, &near_address);

	if (near < 0)
		return near;
	far = open_loopback(SOCK_DGRAM, &far_address);
	use_sockets(channel, near, far);
	if (far < 0)
		return far;
	error = connect_to(near, &far_address);
	return error ? error : connect_to(far, &near_address);
}

/* Somebody else may have come to the port first. */
static int accept_from(int listener, const struct sockaddr_in *wanted)
{
	struct sockaddr_in peer = { .sin_port = 0 };
	socklen_t size = sizeof(peer);
	int descriptor = accept4(listener, (struct sockaddr *)&peer, &size,
				 SOCK_CLOEXEC);

	if (descriptor < 0)
		return -errno;
	if (peer.sin_port == wanted->sin_port &&
	    peer.sin_addr.s_addr == wanted->sin_addr.s_addr)
		return descriptor;
	close(descriptor);
	return -EISCONN;
}

/* Where packets are dropped, connect would try for two minutes. */
static int join_tcp(struct channel *channel, int listener,
		    const struct sockaddr_in *address)
{
	static const struct timeval patience = { PATIENCE_S, 0 }, none;
	struct sockaddr_in near_address = { .sin_port = 0 };
	int error, far, near = open_loopback(SOCK_STREAM, &near_address);

	if (near < 0)
		return near;
	use_sockets(channel, near, -1);
	setsockopt(near, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	error = connect_to(near, address);
	if (error)
		return error;
	setsockopt(near, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
	far = accept_from(listener, &near_address);
	if (far < 0)
		return far;
	use_sockets(channel, near, far);
	return 0;
}

static int send_at_once(int descriptor)
{
	static const int yes = 1;

	return setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes,
			  sizeof(yes))
		       ? -errno
		       : 0;
}

static int open_tcp(struct channel *channel)
{
	struct sockaddr_in address;
	int error, listener = open_loopback(SOCK_STREAM, &address);

	if (listener < 0)
		return listener;
	error = listen(listener, 1) ? -errno : 0;
	if (!error)
		error = join_tcp(channel, listener, &address);
	close(listener);
	if (!error)
		error = send_at_once(channel->near.out);
	return error ? error : send_at_once(channel->far.out);
}

static int pass(int out, int in)
{
	struct pollfd ready = { .fd = in, .events = POLLIN };
	uint64_t word = 1;

	if (write(out, &word, sizeof(word)) != sizeof(word))
		return -errno;
	if (poll(&ready, 1, 1000 * PATIENCE_S) != 1)
		return -ETIMEDOUT;
	return read(in, &word, sizeof(word)) == sizeof(word) ? 0 : -EIO;
}

int channel_open(struct channel *channel, enum channel_kind kind)
{
	static int (*const open_kind[])(struct channel * channel) = {
		[CHANNEL_PIPE] = open_pipes, [CHANNEL_EVENTFD] = open_eventfds,
		[CHANNEL_UNIX] = open_unix,  [CHANNEL_UDP] = open_udp,
		[CHANNEL_TCP] = open_tcp,
	};
	int error;

	*channel = (struct channel){ { -1, -1 }, { -1, -1 } };
	error = open_kind[kind](channel);
	if (!error)
		error = pass(channel->near.out, channel->far.in);
	if (!error)
		error = pass(channel->far.out, channel->near.in);
	if (error)
		channel_close(channel);
	return error;
}

/* A descriptor that stands at both ends, or twice at one, is closed once. */
void channel_close(struct channel *channel)
{
	int all[] = { channel->near.in, channel->near.out, channel->far.in,
		      channel->far.out };

	for (int i = 0; i < 4; i++) {
		bool again = false;

		for (int j = 0; j < i; j++)
			again |= all[j] == all[i];
		if (all[i] >= 0 && !again)
			close(all[i]);
	}
	*channel = (struct channel){ { -1, -1 }, { -1, -1 } };
}
