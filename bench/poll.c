// SPDX-License-Identifier: MIT
/* Asking which of many descriptors are ready, when all of them are. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "partner.h"

#define FEW	   100	/* they fit into any set */
#define SPARE	   512	/* descriptors that may be open beside a row's own */
#define NUMBERS	   4096 /* that a set for select can hold: more than its 1,024 */
#define LONG_BITS  (8 * (int)sizeof(long))
#define MASK_BYTES 8 /* of signals, where there is none to be blocked */

/* A row's argument: what asks, and how many. */
enum { POLL = 0, SELECT = 1 << 16, EPOLL = 2 << 16, COUNT = (1 << 16) - 1 };

struct many {
	long asks;
	int count, open; /* how many there are now */
	int highest, epoll;
	unsigned long set[NUMBERS / (8 * sizeof(long))];
	struct epoll_event *events;
	struct pollfd polled[];
};

/* None is asked to return at once (timeout 0), and all do: what they ask for
 * is there. The numbers are those that every architecture has. */
BENCHMARK_LOOP(poll_inline,
	       syscall5(SYS_ppoll, polled, count, 0, 0, MASK_BYTES),
	       struct many *many = context->buffer;
	       long polled = (long)many->polled; long count = many->count);
BENCHMARK_LOOP(select_inline, syscall6(SYS_pselect6, numbers, set, 0, 0, 0, 0),
	       struct many *many = context->buffer;
	       long numbers = many->highest + 1; long set = (long)many->set);
BENCHMARK_LOOP(epoll_inline,
	       syscall6(SYS_epoll_pwait, epoll, events, count, -1, 0,
			MASK_BYTES),
	       struct many *many = context->buffer;
	       long epoll = many->epoll; long events = (long)many->events;
	       long count = many->count);

/* How many are ready, now. */
static long ask(struct many *many)
{
	struct timespec now = { 0, 0 }; /* written back to */
	unsigned long set[NUMBERS / (8 * sizeof(long))];

	if (many->asks == POLL)
		return syscall5(SYS_ppoll, (long)many->polled, many->count,
				(long)&now, 0, MASK_BYTES);
	if (many->asks == EPOLL)
		return syscall6(SYS_epoll_pwait, many->epoll,
				(long)many->events, many->count, 0, 0,
				MASK_BYTES);
	__builtin_memcpy(set, many->set, sizeof(set));
	return syscall6(SYS_pselect6, many->highest + 1, (long)set, 0, 0,
			(long)&now, 0);
}

static void close_descriptors(struct many *many)
{
	while (many->open > 0)
		close(many->polled[--many->open].fd);
	if (many->epoll >= 0)
		close(many->epoll);
	many->epoll = -1;
}

static int add(struct many *many, int descriptor)
{
	struct epoll_event event = { .events = EPOLLIN };

	many->polled[many->open++] = (struct pollfd){ descriptor, POLLIN, 0 };
	if (descriptor >= NUMBERS)
		return -EMFILE;
	many->set[descriptor / LONG_BITS] |= 1UL << descriptor % LONG_BITS;
	if (descriptor > many->highest)
		many->highest = descriptor;
	if (many->asks != EPOLL)
		return 0;
	event.data.fd = descriptor;
	return epoll_ctl(many->epoll, EPOLL_CTL_ADD, descriptor, &event)
		       ? -errno
		       : 0;
}

/* Each an object of its own, and ready: its count is 1. */
static int open_descriptors(struct many *many)
{
	int error = 0;

	__builtin_memset(many->set, 0, sizeof(many->set));
	many->highest = 0;
	if (many->asks == EPOLL)
		many->epoll = epoll_create1(EPOLL_CLOEXEC);
	while (!error && many->open < many->count) {
		int descriptor = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);

		error = descriptor < 0 ? -errno : add(many, descriptor);
	}
	if (error)
		close_descriptors(many);
	return error;
}

/* The limit of this process and no other; a worker does not outlive a launch.
 */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static const char *needs_descriptors(const struct benchmark *benchmark)
{
	rlim_t needed = (rlim_t)(benchmark->argument & COUNT) + SPARE;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max >= needed)
		return NULL;
	return "so many descriptors are not allowed here (the hard limit of "
	       "RLIMIT_NOFILE)";
}

/* An emulator may use its own C library's sets for it, and end (qemu-user). */
static bool wide_sets_survive(void)
{
	unsigned long set[NUMBERS / (8 * sizeof(long))] = { 0 };
	struct rlimit none = { 0, 0 }; /* no core file */
	struct timespec now = { 0, 0 };
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setrlimit(RLIMIT_CORE, &none);
		_exit(syscall6(SYS_pselect6, NUMBERS, (long)set, 0, 0,
			       (long)&now, 0) != 0);
	}
	waitpid(child, &status, 0);
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const char *needs_wide_sets(const struct benchmark *benchmark)
{
	static int survive = -1;
	const char *reason = needs_descriptors(benchmark);

	if (reason || (benchmark->argument & COUNT) <= FEW)
		return reason;
	if (survive < 0)
		survive = wide_sets_survive();
	if (!survive)
		reason = "select beyond FD_SETSIZE cannot be asked for here "
			 "(an emulator?)";
	return reason;
}

/* Opens them once, to see that it can be done. */
static int open_many(const struct benchmark *benchmark, struct context *context)
{
	int error, count = (int)(benchmark->argument & COUNT);
	struct many *many =
		calloc(1, sizeof(*many) + count * sizeof(*many->polled));

	if (!many)
		return -ENOMEM;
	many->asks = benchmark->argument & ~(long)COUNT;
	many->count = count;
	many->epoll = -1;
	many->events = calloc((size_t)count, sizeof(*many->events));
	raise_limit();
	error = many->events ? open_descriptors(many) : -ENOMEM;
	if (!error)
		close_descriptors(many);
	context->buffer = many;
	if (error) {
		free(many->events);
		free(many);
	}
	return error;
}

static void make_ready(struct context *context)
{
	struct many *many = context->buffer;

	if (!many->open && open_descriptors(many))
		partner_give_up();
}

static void put_away(struct context *context)
{
	close_descriptors(context->buffer);
}

static void free_many(struct context *context)
{
	struct many *many = context->buffer;

	free(many->events);
	free(many);
}

/* One of them is no longer ready, and then again. */
static const char *verify(struct context *context)
{
	struct many *many = context->buffer;
	const char *problem = NULL;
	uint64_t one = 0;

	make_ready(context);
	if (ask(many) != many->count)
		problem = "not all are found ready";
	if (read(many->polled[many->count - 1].fd, &one, sizeof(one)) < 0 ||
	    one != 1 || ask(many) != many->count - 1)
		problem = "what is not ready is found ready";
	put_away(context);
	return problem;
}

// clang-format off
#define ROW(way, asks, needs, number, rest)					\
	{ .path = "inline", .variant = #number, .run = way##_inline,	\
	  .supported = needs, .setup = open_many,		\
	  .verify = verify, .prepare = make_ready, .leave = put_away,	\
	  .teardown = free_many, .argument = (asks) | (number),		\
	  .entries = 1, .full = rest,					\
	  .summary = "by " ARCH_ENTRY_NAME ", on " #number " eventfds" }
#define ROWS(way, asks, needs, rest)						\
	ROW(way, asks, needs, 1, rest),					\
	ROW(way, asks, needs, 10, true),					\
	ROW(way, asks, needs, 100, true),					\
	ROW(way, asks, needs, 1000, true)

BENCHMARK_GROUP(poll, "which descriptors are ready: a list handed over each time",
		ROWS(poll, POLL, needs_descriptors, false));
BENCHMARK_GROUP(select, "the same by bits (beyond glibc's FD_SETSIZE of 1,024)",
		ROWS(select, SELECT, needs_wide_sets, true));
BENCHMARK_GROUP(epoll_wait, "the same by a list that the kernel keeps",
		ROWS(epoll, EPOLL, needs_descriptors, true));
// clang-format on
