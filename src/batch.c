// SPDX-License-Identifier: MIT
/* One batch, or single calls: all timed regions of the program are here. */
#define _GNU_SOURCE
#include "batch.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "arch.h"
#include "clock.h"
#include "work.h"

static volatile sig_atomic_t continued;

static void note_continued(int number)
{
	(void)number;
	continued++;
}

void batch_watch_stops(void)
{
	struct sigaction action = { .sa_handler = note_continued,
				    .sa_flags = SA_RESTART };

	sigaction(SIGCONT, &action, NULL);
}

bool batch_is_dirty(const struct row *row, const struct benchmark *benchmark)
{
	return row->migrated ||
	       (row->nivcsw && !(benchmark->work & WORK_SWITCHES)) ||
	       (row->minflt && !(benchmark->work & WORK_FAULTS));
}

uint64_t batch_whole(const struct benchmark *benchmark, uint64_t calls)
{
	uint64_t turn = benchmark->per_turn ? benchmark->per_turn : 1;
	uint64_t turns = (calls + turn - 1) / turn;

	return turn * (turns ? turns : 1);
}

/*
 * The timed region: a stamp, the row's own loop, a stamp; under condition work
 * its adds behind the loop. Which of them is decided before the first stamp:
 * always inlined with constants, so that no branch is left between the two
 * (tests/scripts/test_loops.py reads the machine code).
 */
static inline __attribute__((always_inline)) struct span
time_calls(struct subject *subject, uint64_t calls, uint64_t hundreds,
	   const bool counter, const bool work)
{
	uint64_t begin = counter ? counter_begin() : clock_raw_ns(), end;

	subject->benchmark->run(&subject->context, calls);
	if (work)
		stub_add_chain(hundreds);
	end = counter ? counter_end() : clock_raw_ns();
	return (struct span){ begin, end - begin };
}

/* Apart, or the compiler would join its tail with the ordinary region's by a
 * jump that is timed. */
static __attribute__((noinline)) struct span
time_calls_and_work(struct subject *subject, uint64_t calls, uint64_t hundreds,
		    bool counter)
{
	if (counter)
		return time_calls(subject, calls, hundreds, true, true);
	return time_calls(subject, calls, hundreds, false, true);
}

static void prepare(struct subject *subject)
{
	if (subject->benchmark->prepare)
		subject->benchmark->prepare(&subject->context);
}

static void leave(struct subject *subject)
{
	if (subject->benchmark->leave)
		subject->benchmark->leave(&subject->context);
}

/* All that comes before the timed region. */
static inline __attribute__((always_inline)) void
rehearse(struct subject *subject, uint64_t calls)
{
	const struct benchmark *benchmark = subject->benchmark;

	prepare(subject);
	benchmark->run(&subject->context,
		       benchmark->rehearse
			       ? calls
			       : batch_whole(benchmark, calls / 10 + 1));
	prepare(subject);
}

static __attribute__((noinline)) struct span
time_batch(struct subject *subject, uint64_t calls, bool counter)
{
	uint64_t hundreds = work_in_batch(subject->hundreds_a_call, calls);

	if (hundreds)
		return time_calls_and_work(subject, calls, hundreds, counter);
	if (counter)
		return time_calls(subject, calls, 0, true, false);
	return time_calls(subject, calls, 0, false, false);
}

uint64_t batch_ticks(struct subject *subject, uint64_t calls, bool counter)
{
	uint64_t ticks;

	rehearse(subject, calls);
	ticks = time_batch(subject, calls, counter).ticks;
	leave(subject);
	return ticks;
}

struct span batch_piece(struct subject *subject, uint64_t calls, bool counter)
{
	struct span span;

	prepare(subject);
	span = time_batch(subject, calls, counter);
	leave(subject);
	return span;
}

/*
 * The same stamps and the same call of the row's loop, for one turn. A loop for
 * each clock, so that none of its own decisions is between the stamps.
 */
static __attribute__((noinline)) void
stamp_by_counter(struct subject *subject, uint64_t calls,
		 struct histogram *histogram)
{
	do
		histogram_note(histogram,
			       time_calls(subject, 1, 0, true, false).ticks);
	while (--calls);
}

static __attribute__((noinline)) void
stamp_by_kernel(struct subject *subject, uint64_t calls,
		struct histogram *histogram)
{
	do
		histogram_note(histogram,
			       time_calls(subject, 1, 0, false, false).ticks);
	while (--calls);
}

/* What the stamps themselves take, seen from within. */
static __attribute__((noinline)) void
stamp_nothing(uint64_t calls, bool counter, struct histogram *histogram)
{
	do {
		uint64_t begin, ticks;

		if (counter) {
			begin = counter_begin();
			ticks = counter_end() - begin;
		} else {
			begin = clock_raw_ns();
			ticks = clock_raw_ns() - begin;
		}
		histogram_note(histogram, ticks);
	} while (--calls);
}

void batch_stamp(struct subject *subject, uint64_t calls, bool counter,
		 struct histogram *histogram)
{
	if (!subject) {
		stamp_nothing(calls, counter, histogram);
		return;
	}
	prepare(subject);
	if (counter)
		stamp_by_counter(subject, calls, histogram);
	else
		stamp_by_kernel(subject, calls, histogram);
	leave(subject);
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec time = { 0, 0 };

	syscall2(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, (long)&time);
	return (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_nsec;
}

/*
 * The counters are read outside both probe turns: one kernel entry more just
 * before the stamps makes a row of calls take up to 41 % longer
 * (docs/method.md, "Counters").
 */
void batch_run(struct subject *subject, struct probe *probe, bool counter,
	       const struct counters *counters, struct row *row)
{
	struct counters_reading first, last;
	struct rusage before, after;
	int cpu, stops = continued;
	struct span span;
	uint64_t cpu_ns;

	/* They follow this thread, and what it is switched to is half of it. */
	if (subject->benchmark->work & WORK_SWITCHES)
		counters = NULL;

	getrusage(RUSAGE_THREAD, &before);
	cpu_ns = thread_cpu_ns();
	cpu = sched_getcpu();
	if (counters)
		counters_read(counters, &first);
	row->before = probe_turn(probe);
	rehearse(subject, subject->calls);
	span = time_batch(subject, subject->calls, counter);
	row->after = probe_turn(probe);
	if (counters)
		counters_read(counters, &last);
	row->cpu = sched_getcpu();
	row->cpu_ns = thread_cpu_ns() - cpu_ns;
	getrusage(RUSAGE_THREAD, &after);
	row->benchmark = subject->index;
	row->begin = span.begin;
	row->ticks = span.ticks;
	row->calls = subject->calls;
	row->migrated = row->cpu != cpu;
	row->nivcsw = (uint32_t)(after.ru_nivcsw - before.ru_nivcsw +
				 continued - stops);
	row->minflt = (uint32_t)(after.ru_minflt - before.ru_minflt);
	row->counts = (struct counts){ .counted = 0 };
	if (counters) {
		row->counts = counters_between(counters, &first, &last);
		row->counts = counters_less(&row->counts, &subject->around);
	}
	leave(subject);
}

struct counts batch_around(struct subject *subject, struct probe *probe,
			   const struct counters *counters)
{
	struct counters_reading first, last;
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	thread_cpu_ns();
	sched_getcpu();
	counters_read(counters, &first);
	probe_turn(probe);
	rehearse(subject, subject->calls);
	probe_turn(probe);
	counters_read(counters, &last);
	leave(subject);
	return counters_between(counters, &first, &last);
}

int batch_open(struct subject *subject, const struct benchmark *benchmark)
{
	subject->benchmark = benchmark;
	subject->hundreds_a_call = 0;
	subject->around = (struct counts){ .counted = 0 };
	subject->context = (struct context){ .argument = benchmark->argument,
					     .descriptor = -1 };
	return benchmark->setup ? benchmark->setup(benchmark, &subject->context)
				: 0;
}

void batch_close(struct subject *subject)
{
	if (subject->benchmark->teardown)
		subject->benchmark->teardown(&subject->context);
}
