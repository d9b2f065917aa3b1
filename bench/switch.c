// SPDX-License-Identifier: MIT
/* From one task to another and back, by what they wait on: what a switch is. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "arch.h"
#include "benchmark.h"
#include "echo.h"

/* A row's argument: a kind of echo, and where its far end is and what. */
enum { KIND = 15, ACROSS = 16, THREADS = 32 };

#define ROUNDS 50UL

BENCHMARK_TURNS(word_inline_pair, 2,
		(syscall3(SYS_write, out, word, ECHO_WORD_BYTES),
		 syscall3(SYS_read, in, word, ECHO_WORD_BYTES)),
		struct echo *echo = context->buffer;
		long in = echo->in; long out = echo->out;
		long word = (long)&echo->word);
BENCHMARK_TURNS(futex_function, 2, echo_futex());
BENCHMARK_TURNS(signal_function, 2, echo_signal(pid),
		pid_t pid = ((struct echo *)context->buffer)->pid);

static const char *needs_channel(int kind)
{
	static bool tried[CHANNELS], missing[CHANNELS];
	struct channel channel;

	if (!tried[kind]) {
		tried[kind] = true;
		missing[kind] = channel_open(&channel, (enum channel_kind)kind);
		if (!missing[kind])
			channel_close(&channel);
	}
	return missing[kind] ? "nothing passes over 127.0.0.1 here (a network "
			       "namespace without a loopback?)"
			     : NULL;
}

static const char *needs_both_ends(const struct benchmark *benchmark)
{
	int kind = benchmark->argument & KIND;
	const char *reason = NULL;

	if (benchmark->argument & ACROSS)
		reason = needs_other_cpu(benchmark);
	if (!reason && (benchmark->argument & THREADS))
		reason = needs_partner_thread(benchmark);
	if (!reason && (kind == CHANNEL_UDP || kind == CHANNEL_TCP))
		reason = needs_channel(kind);
	return reason;
}

static int open_echo(const struct benchmark *benchmark, struct context *context)
{
	long argument = benchmark->argument;
	struct echo *echo = malloc(sizeof(*echo));
	int error;

	if (!echo)
		return -ENOMEM;
	error = echo_open(echo, (int)(argument & KIND),
			  argument & THREADS ? PARTNER_THREAD : PARTNER_PROCESS,
			  argument & ACROSS ? partner_elsewhere()
					    : partner_here());
	if (error)
		free(echo);
	else
		context->buffer = echo;
	return error;
}

static void start_echo(struct context *context)
{
	echo_start(context->buffer);
}

static void stop_echo(struct context *context)
{
	echo_stop(context->buffer);
}

static void close_echo(struct context *context)
{
	echo_close(context->buffer);
	free(context->buffer);
}

static uint64_t switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (uint64_t)(usage.ru_nvcsw + usage.ru_nivcsw);
}

static bool is_bound(pid_t pid, int cpu)
{
	cpu_set_t set;

	return sched_getaffinity(pid, sizeof(set), &set) == 0 &&
	       CPU_COUNT(&set) == 1 && CPU_ISSET(cpu, &set);
}

static void run_rounds(struct context *context)
{
	const struct echo *echo = context->buffer;

	if (echo->kind == ECHO_FUTEX)
		futex_function(context, 2 * ROUNDS);
	else if (echo->kind == ECHO_SIGNAL)
		signal_function(context, 2 * ROUNDS);
	else
		word_inline_pair(context, 2 * ROUNDS);
}

/* While both ends are at work. */
static const char *watch_rounds(struct context *context, long argument)
{
	const struct echo *echo = context->buffer;
	uint64_t count = echo_count(echo);
	uint64_t before = switches();

	run_rounds(context);
	if (echo_count(echo) != count + ROUNDS)
		return "the other end did not answer each time";
	if (!is_bound(echo->pid, echo->cpu))
		return "the other end is not on the CPU it was bound to";
	if (echo_shares_memory() != !!(argument & THREADS))
		return "the other end sees another memory than it should";
	if (!is_bound(0, partner_here()))
		return "this end is not bound to the chosen CPU";
	if (!(argument & ACROSS) && switches() - before < ROUNDS)
		return "a round trip did not switch";
	return NULL;
}

static const char *verify(struct context *context)
{
	const char *problem;

	echo_start(context->buffer);
	problem = watch_rounds(context, context->argument);
	echo_stop(context->buffer);
	return problem;
}

#define FUTEX_RACE "an answer may come before its wait, or a wake-up after it"

// clang-format off
#define ROW(way, loop, kind, place, tasks, is_thread, race, where, rest)	\
	{ .path = way, .variant = tasks, .run = loop,			\
	  .supported = needs_both_ends, .setup = open_echo,		\
	  .verify = verify, .prepare = start_echo, .leave = stop_echo,	\
	  .teardown = close_echo, .argument = (kind) | (place) | (is_thread), \
	  .alone = "its other end answers one caller",			\
	  .per_turn = 2, .entries = 1, .uncounted = race,		\
	  .work = WORK_SWITCHES, .full = rest,				\
	  .summary = "half a round trip by " way ", " tasks " " where }
#define ROWS(way, loop, kind, place, race, where, rest)			\
	ROW(way, loop, kind, place, "processes", 0, race, where, rest),	\
	ROW(way, loop, kind, place, "threads", THREADS, race, where, true)
#define ALL_ROWS(place, where, pipe_rest)				\
	ROWS("pipe", word_inline_pair, CHANNEL_PIPE, place, NULL, where,	\
	     pipe_rest),						\
	ROWS("futex", futex_function, ECHO_FUTEX, place, FUTEX_RACE,	\
	     where, true),						\
	ROWS("eventfd", word_inline_pair, CHANNEL_EVENTFD, place, NULL, where,	\
	     true),							\
	ROWS("unix", word_inline_pair, CHANNEL_UNIX, place, NULL, where, true), \
	ROWS("udp", word_inline_pair, CHANNEL_UDP, place, NULL, where, true),	\
	ROWS("tcp", word_inline_pair, CHANNEL_TCP, place, NULL, where, true),	\
	ROWS("signal", signal_function, ECHO_SIGNAL, place, NULL, where, true)

BENCHMARK_GROUP(switch_same,
		"to another task on this CPU: half a round trip, one switch",
		ALL_ROWS(0, "on one CPU: one switch", false));
BENCHMARK_GROUP(switch_cross,
		"to a task on another CPU: half a round trip, one wake-up",
		ALL_ROWS(ACROSS, "on two CPUs: one wake-up", true));
// clang-format on
