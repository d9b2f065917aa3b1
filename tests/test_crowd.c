// SPDX-License-Identifier: MIT
/* Threads come into a row when told, run it from contexts of their own, rest
 * when told, and end. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "check.h"
#include "clock.h"
#include "crowd.h"
#include "registry.h"

#define THREADS 3

static struct {
	atomic_uint runs, opened, closed, prepared, overlapping;
	atomic_uint in_setup;
	atomic_uint of_thread[THREADS + 1]; /* runs by context */
	atomic_ullong most_calls;
	atomic_bool on_main; /* the main thread ran it too */
	pid_t main;
} seen;

static int note_open(const struct benchmark *benchmark, struct context *context)
{
	(void)benchmark;
	if (atomic_fetch_add(&seen.in_setup, 1))
		atomic_fetch_add(&seen.overlapping, 1);
	sched_yield();
	context->argument = (long)atomic_fetch_add(&seen.opened, 1);
	atomic_fetch_sub(&seen.in_setup, 1);
	return 0;
}

static int fail_second(const struct benchmark *benchmark,
		       struct context *context)
{
	(void)benchmark;
	(void)context;
	return atomic_fetch_add(&seen.opened, 1) == 1 ? -EMFILE : 0;
}

static void note_close(struct context *context)
{
	(void)context;
	atomic_fetch_add(&seen.closed, 1);
}

static void note_prepare(struct context *context)
{
	(void)context;
	atomic_fetch_add(&seen.prepared, 1);
}

static void note_run(struct context *context, uint64_t calls)
{
	if (gettid() == seen.main)
		atomic_store(&seen.on_main, true);
	if (calls > atomic_load(&seen.most_calls))
		atomic_store(&seen.most_calls, calls);
	if (context->argument >= 0 && context->argument <= THREADS)
		atomic_fetch_add(&seen.of_thread[context->argument], 1);
	atomic_fetch_add(&seen.runs, 1);
	sched_yield();
}

static void idle(struct context *context, uint64_t calls)
{
	(void)context;
	(void)calls;
	sched_yield();
}

/* Runs that wait for the test: each counts what it is asked for and goes on
 * when there is a pass for it. */
static struct {
	atomic_uint passes;		    /* given out, of each thread */
	atomic_uint entered[THREADS + 1];   /* runs that have begun */
	atomic_ullong counted[THREADS + 1]; /* calls of those that ended */
	atomic_bool open;		    /* all go on */
} gate;

static int number_thread(const struct benchmark *benchmark,
			 struct context *context)
{
	(void)benchmark;
	context->argument = (long)atomic_fetch_add(&seen.opened, 1);
	return 0;
}

static void wait_at_gate(struct context *context, uint64_t calls)
{
	long thread = context->argument;
	unsigned int number = atomic_fetch_add(&gate.entered[thread], 1);

	while (!atomic_load(&gate.open) && atomic_load(&gate.passes) <= number)
		sched_yield();
	atomic_fetch_add(&gate.counted[thread], calls);
}

// clang-format off
BENCHMARK_GROUP(crowding, "rows of this test",
	{ .path = "noting",  .run = note_run, .setup = note_open,
	  .prepare = note_prepare, .teardown = note_close,
	  .summary = "counts its runs" },
	{ .path = "gated",   .run = wait_at_gate, .setup = number_thread,
	  .summary = "goes on when it may" },
	{ .path = "turns",   .run = wait_at_gate, .setup = number_thread,
	  .per_turn = 64, .summary = "the same by 64 calls" },
	{ .path = "idle",    .run = idle, .summary = "does nothing" },
	{ .path = "failing", .run = idle, .setup = fail_second,
	  .teardown = note_close, .summary = "cannot be set up twice" },
);
// clang-format on

static uint32_t row_of(const char *name)
{
	for (unsigned int i = 0; i < registry_count(); i++)
		if (strcmp(registry_get(i)->name, name) == 0)
			return i;
	fail_msg("no row is called %s", name);
	return 0;
}

/* All on one CPU, so that any machine will do; they yield. */
static int start(unsigned int count)
{
	struct topology *topology;
	int cpus[THREADS], cpu, error;
	cpu_set_t allowed;

	memset(&seen, 0, sizeof(seen));
	seen.main = gettid();
	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	for (cpu = 0; !CPU_ISSET(cpu, &allowed);)
		cpu++;
	for (unsigned int i = 0; i < count; i++)
		cpus[i] = cpu;
	assert_int_equal(topology_load(&topology), 0);
	error = crowd_start(topology, cpus, count);
	topology_free(topology);
	return error;
}

static int end(void **state)
{
	(void)state;
	crowd_end();
	return 0;
}

static unsigned int threads_now(void)
{
	char line[64];
	unsigned int threads = 0;
	FILE *file = fopen("/proc/self/status", "r");

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "Threads: %u", &threads);
	if (file)
		fclose(file);
	return threads;
}

/* A thread that was joined may still be on its way out. */
static void assert_threads(unsigned int wanted)
{
	for (int i = 0; i < 10000 && threads_now() != wanted; i++)
		usleep(100);
	assert_int_equal(threads_now(), wanted);
}

static void every_thread_is_in_the_row_when_told(void **state)
{
	(void)state;
	assert_int_equal(start(THREADS), 0);
	assert_int_equal(seen.runs, 0);
	for (int turn = 0; turn < 50; turn++) {
		assert_int_equal(
			crowd_join(row_of("crowding/noting"), 1600, true), 0);
		for (int i = 0; i < THREADS; i++)
			assert_true(seen.of_thread[i] > (unsigned int)turn);
		assert_int_equal(crowd_join(row_of("crowding/idle"), 10, true),
				 0);
	}
	assert_false(seen.on_main);
}

static void each_has_a_context_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(start(THREADS), 0);
	assert_int_equal(crowd_join(row_of("crowding/noting"), 1600, true), 0);
	assert_int_equal(crowd_join(row_of("crowding/idle"), 10, true), 0);
	assert_int_equal(crowd_join(row_of("crowding/noting"), 1600, true), 0);
	assert_int_equal(seen.opened, THREADS); /* once, and kept */
	assert_int_equal(seen.overlapping, 0);
	assert_true(seen.prepared >= seen.runs - THREADS);
	crowd_end();
	assert_int_equal(seen.closed, THREADS);
}

static void wait_until_entered(unsigned int runs)
{
	for (int i = 0; i < THREADS; i++)
		while (atomic_load(&gate.entered[i]) < runs)
			sched_yield();
}

/*
 * The first run is before the thread says that it is there, the second waits
 * when the window opens, and the last when it is closed: what ran wholly
 * within is `wanted` runs, of each thread.
 */
static void check_counts(const char *name, uint64_t calls,
			 uint64_t calls_a_piece)
{
	const unsigned int wanted = 5;
	unsigned long long before[THREADS];
	struct share shares[THREADS];
	struct row row = { .seq = 17 };

	memset(&gate, 0, sizeof(gate));
	gate.passes = 1;
	assert_int_equal(start(THREADS), 0);
	assert_int_equal(crowd_count(), THREADS);
	assert_int_equal(crowd_join(row_of(name), calls, false), 0);
	wait_until_entered(2);
	row.begin = clock_raw_ns();
	gate.passes = 2;
	wait_until_entered(3);
	for (int i = 0; i < THREADS; i++)
		before[i] = gate.counted[i];
	gate.passes = 2 + wanted;
	wait_until_entered(3 + wanted);
	row.ticks = clock_raw_ns() - row.begin;
	crowd_shares(&row, shares);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(shares[i].calls, gate.counted[i] - before[i]);
		assert_int_equal(shares[i].calls, wanted * calls_a_piece);
		assert_int_equal(shares[i].seq, 17);
		assert_int_equal(shares[i].thread, i + 1);
		assert_true(shares[i].ticks > 0);
		assert_true(shares[i].ticks <= row.ticks);
	}
	gate.open = true;
	crowd_end();
}

/* What threads say that they did is what was done, call by call. */
static void threads_count_what_they_do(void **state)
{
	(void)state;
	check_counts("crowding/gated", 799, 100);
	check_counts("crowding/gated", 1, 1);
	check_counts("crowding/turns", 799, 128);
}

static void a_batch_without_threads_has_no_shares(void **state)
{
	struct row row = { .begin = 0, .ticks = UINT64_MAX };
	struct share share = { .calls = 42 };

	(void)state;
	assert_int_equal(crowd_count(), 0);
	crowd_shares(&row, &share);
	assert_int_equal(share.calls, 42);
}

/* Short ones, so that the next row is not waited for long; never none, which
 * a loop would run for ever. */
static void rows_are_run_in_pieces(void **state)
{
	(void)state;
	assert_int_equal(start(1), 0);
	assert_int_equal(crowd_join(row_of("crowding/noting"), 1600, true), 0);
	assert_in_range(seen.most_calls, 1, 400);
	crowd_rest();
	seen.most_calls = 0;
	assert_int_equal(crowd_join(row_of("crowding/noting"), 1, true), 0);
	crowd_rest();
	assert_int_equal(seen.most_calls, 1);
}

static void who_rests_runs_nothing(void **state)
{
	unsigned int runs;

	(void)state;
	assert_int_equal(start(THREADS), 0);
	assert_int_equal(crowd_join(row_of("crowding/noting"), 1600, true), 0);
	crowd_rest();
	runs = seen.runs;
	usleep(20000);
	assert_int_equal(seen.runs, runs);
	assert_int_equal(crowd_join(row_of("crowding/noting"), 1600, true), 0);
	assert_true(seen.runs >= runs + THREADS);
}

/* They go on for as long as the row is the one that was published. */
static void who_is_in_a_row_stays_busy(void **state)
{
	unsigned int runs;

	(void)state;
	assert_int_equal(start(1), 0);
	assert_int_equal(crowd_join(row_of("crowding/noting"), 1600, true), 0);
	for (int turn = 0; turn < 5; turn++) {
		runs = seen.runs;
		for (int i = 0; i < 10000 && seen.runs < runs + 3; i++)
			usleep(100);
		assert_true(seen.runs >= runs + 3);
	}
}

static void a_failing_set_up_is_told_and_ends_in_rest(void **state)
{
	(void)state;
	assert_int_equal(start(THREADS), 0);
	assert_int_equal(crowd_join(row_of("crowding/failing"), 10, true),
			 -EMFILE);
	assert_int_equal(crowd_join(row_of("crowding/noting"), 1600, true), 0);
	assert_true(seen.runs >= THREADS);
	crowd_end();
}

static void none_is_left_in_the_end(void **state)
{
	unsigned int before;

	(void)state;
	usleep(20000); /* those of the test before are gone */
	before = threads_now();
	assert_int_equal(start(THREADS), 0);
	if (before)
		assert_threads(before + THREADS);
	assert_int_equal(crowd_join(row_of("crowding/noting"), 1600, true), 0);
	crowd_end();
	assert_threads(before);
	crowd_end();
}

/* Without the condition nothing is there to join. */
static void without_threads_nothing_happens(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(crowd_join(row_of("crowding/noting"), 1600, true), 0);
	crowd_rest();
	crowd_end();
	assert_int_equal(seen.runs, 0);
}

static void a_thread_that_cannot_be_bound_is_an_error(void **state)
{
	struct topology *topology;
	int nowhere = CPU_SETSIZE - 1;
	unsigned int before;

	(void)state;
	usleep(20000);
	before = threads_now();
	assert_int_equal(topology_load(&topology), 0);
	assert_true(crowd_start(topology, &nowhere, 1) < 0);
	topology_free(topology);
	assert_threads(before);
	assert_int_equal(crowd_join(row_of("crowding/noting"), 1600, true), 0);
}

#define crowded(test) cmocka_unit_test_teardown(test, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		crowded(every_thread_is_in_the_row_when_told),
		crowded(each_has_a_context_of_its_own),
		crowded(threads_count_what_they_do),
		crowded(a_batch_without_threads_has_no_shares),
		crowded(rows_are_run_in_pieces),
		crowded(who_rests_runs_nothing),
		crowded(who_is_in_a_row_stays_busy),
		crowded(a_failing_set_up_is_told_and_ends_in_rest),
		crowded(none_is_left_in_the_end),
		crowded(without_threads_nothing_happens),
		crowded(a_thread_that_cannot_be_bound_is_an_error),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
