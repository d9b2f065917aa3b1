// SPDX-License-Identifier: MIT
/* A task that answers: the far end of a ping-pong. */
#define _GNU_SOURCE
#include "echo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "echo_far.h"

/* The process of one CPU, told by a pipe what to answer next. */
static struct host {
	struct partner partner;
	int cpu, commands[2];
	unsigned int users;
} hosts[2];

static int failures[CHANNELS];
static unsigned int users;

static void answer_as_told(void *argument)
{
	const struct host *host = argument;
	unsigned char kind = 0;

	while (syscall3(SYS_read, host->commands[0], (long)&kind, 1) == 1)
		echo_answer(kind);
}

static void answer_one_kind(void *argument)
{
	echo_answer(((const struct echo *)argument)->kind);
}

/* Nobody has the turn back before its number is even again. */
void echo_futex(void)
{
	unsigned int turn = atomic_load(&echo_board->turn) + 1;

	atomic_store(&echo_board->turn, turn);
	echo_call_futex(FUTEX_WAKE, 1);
	do
		echo_call_futex(FUTEX_WAIT, turn);
	while (atomic_load(&echo_board->turn) == turn);
}

/* Another signal (SIGCONT) ends the wait too. */
static void send_and_wait(pid_t pid, int number)
{
	uint64_t set = ECHO_SET(ECHO_ASK);

	syscall2(SYS_kill, pid, number);
	while (syscall4(SYS_rt_sigtimedwait, (long)&set, 0, 0, sizeof(set)) < 0)
		;
}

void echo_signal(pid_t pid)
{
	send_and_wait(pid, ECHO_ASK);
}

/* The last round trip: who answers it waits for the next command then. */
static void dismiss(struct echo *echo)
{
	if (echo->kind == ECHO_FUTEX) {
		atomic_store(&echo_board->last, 1);
		echo_futex();
		atomic_store(&echo_board->last, 0);
	} else if (echo->kind == ECHO_SIGNAL) {
		send_and_wait(echo->pid, ECHO_ASK_LAST);
	} else {
		uint64_t word = echo->word | ECHO_LAST;

		if (write(echo->out, &word, sizeof(word)) != sizeof(word) ||
		    read(echo->in, &word, sizeof(word)) != sizeof(word))
			partner_give_up();
		echo->word = word & ~ECHO_LAST;
	}
}

static void begin_thread(struct echo *echo)
{
	if (partner_start(&echo->thread, PARTNER_THREAD, echo->cpu,
			  answer_one_kind, echo))
		partner_give_up();
	echo->pid = echo->thread.pid;
}

static void begin_host(struct echo *echo)
{
	unsigned char kind = (unsigned char)echo->kind;

	if (write(echo->host->commands[1], &kind, 1) != 1)
		partner_give_up();
	echo->pid = echo->host->partner.pid;
}

void echo_start(struct echo *echo)
{
	sigset_t ask;

	if (echo->pid)
		return;
	sigemptyset(&ask);
	sigaddset(&ask, ECHO_ASK);
	sigprocmask(SIG_BLOCK, &ask, &echo->before);
	echo_generation++;
	if (echo->host)
		begin_host(echo);
	else
		begin_thread(echo);
}

void echo_stop(struct echo *echo)
{
	if (!echo->pid)
		return;
	if (echo->host) {
		dismiss(echo);
		partner_rest(&echo->host->partner);
	} else {
		partner_end(&echo->thread);
	}
	echo->pid = 0;
	sigprocmask(SIG_SETMASK, &echo->before, NULL);
}

uint64_t echo_count(const struct echo *echo)
{
	if (echo->kind == ECHO_FUTEX)
		return atomic_load(&echo_board->turn) / 2;
	return echo->kind == ECHO_SIGNAL ? echo_board->answered : echo->word;
}

bool echo_shares_memory(void)
{
	return atomic_load(&echo_board->noticed) == echo_generation;
}

static void close_all(void)
{
	for (int i = 0; i < CHANNELS; i++)
		channel_close(&echo_channels[i]);
	munmap(echo_board, sizeof(*echo_board));
}

/* All kinds at once: a process that is started now answers those that are
 * asked for later. */
static int open_all(void)
{
	echo_board = mmap(NULL, sizeof(*echo_board), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (echo_board == MAP_FAILED)
		return -errno;
	for (int i = 0; i < CHANNELS; i++)
		failures[i] = channel_open(&echo_channels[i], i);
	return 0;
}

static void leave_host(struct host *host)
{
	if (--host->users)
		return;
	partner_end(&host->partner);
	close(host->commands[0]);
	close(host->commands[1]);
}

static int begin(struct host *host, int cpu)
{
	int error;

	if (pipe2(host->commands, O_CLOEXEC))
		return -errno;
	host->cpu = cpu;
	host->users = 1;
	error = partner_start(&host->partner, PARTNER_PROCESS, cpu,
			      answer_as_told, host);
	if (error)
		leave_host(host);
	return error;
}

/* The one of that CPU, or a free place. */
static int join_host(struct echo *echo, int cpu)
{
	struct host *host = &hosts[0];

	if (host->users && host->cpu != cpu)
		host = &hosts[1];
	echo->host = host;
	if (!host->users)
		return begin(host, cpu);
	host->users++;
	return 0;
}

static int open_one(struct echo *echo, enum partner_kind partner, int cpu)
{
	if (echo->kind < CHANNELS && failures[echo->kind])
		return failures[echo->kind];
	if (echo->kind < CHANNELS) {
		echo->in = echo_channels[echo->kind].near.in;
		echo->out = echo_channels[echo->kind].near.out;
	}
	return partner == PARTNER_PROCESS ? join_host(echo, cpu) : 0;
}

int echo_open(struct echo *echo, int kind, enum partner_kind partner, int cpu)
{
	int error = partner_one_caller();

	*echo = (struct echo){ .kind = kind, .word = 1, .cpu = cpu };
	if (!error && !users)
		error = open_all();
	if (error)
		return error;
	users++;
	error = open_one(echo, partner, cpu);
	if (error && --users == 0)
		close_all();
	return error;
}

void echo_close(struct echo *echo)
{
	if (echo->host)
		leave_host(echo->host);
	if (--users == 0)
		close_all();
}
