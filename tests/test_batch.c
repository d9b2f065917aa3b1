// SPDX-License-Identifier: MIT
/* A batch runs what it says, as often as it says, and fills its row. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "arch.h"
#include "batch.h"
#include "check.h"
#include "clock.h"

/* What the row under test was asked to do, in order. */
static struct {
	uint64_t calls[8];
	unsigned int runs, prepared, left, torn_down;
	bool prepared_before[8];
} seen;

static void note_run(struct context *context, uint64_t calls)
{
	(void)context;
	seen.prepared_before[seen.runs] = seen.prepared > seen.runs;
	seen.calls[seen.runs++] = calls;
}

static void note_prepare(struct context *context)
{
	(void)context;
	seen.prepared++;
}

static void note_leave(struct context *context)
{
	(void)context;
	assert_int_equal(seen.runs, 2);
	seen.left++;
}

static void note_teardown(struct context *context)
{
	(void)context;
	seen.torn_down++;
}

static int forget(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	return 0;
}

static const struct benchmark noting = {
	.run = note_run,
	.prepare = note_prepare,
	.teardown = note_teardown,
	.argument = 42,
};

static void a_trace_of_disturbance_makes_a_row_dirty(void **state)
{
	static const struct row clean = { .calls = 1, .ticks = 1 };
	struct row row = clean;

	(void)state;
	assert_false(batch_is_dirty(&row, &noting));
	row.migrated = 1;
	assert_true(batch_is_dirty(&row, &noting));
	row = clean;
	row.nivcsw = 1;
	assert_true(batch_is_dirty(&row, &noting));
	row = clean;
	row.minflt = 1;
	assert_true(batch_is_dirty(&row, &noting));
}

static void what_a_row_is_there_for_does_not_make_it_dirty(void **state)
{
	static const struct benchmark faulting = { .work = WORK_FAULTS };
	static const struct benchmark switching = { .work = WORK_SWITCHES };
	struct row row = { .minflt = 1 };

	(void)state;
	assert_false(batch_is_dirty(&row, &faulting));
	assert_true(batch_is_dirty(&row, &switching));
	row = (struct row){ .nivcsw = 1 };
	assert_true(batch_is_dirty(&row, &faulting));
	assert_false(batch_is_dirty(&row, &switching));
	row.migrated = 1;
	assert_true(batch_is_dirty(&row, &switching));
}

static void calls_come_in_whole_turns(void **state)
{
	static const struct benchmark one = { .per_turn = 0 };
	static const struct benchmark many = { .per_turn = 64 };

	(void)state;
	assert_int_equal(batch_whole(&one, 0), 1);
	assert_int_equal(batch_whole(&one, 17), 17);
	assert_int_equal(batch_whole(&many, 0), 64);
	assert_int_equal(batch_whole(&many, 64), 64);
	assert_int_equal(batch_whole(&many, 65), 128);
}

static void a_context_starts_clean(void **state)
{
	struct subject subject;

	(void)state;
	memset(&subject, 0xff, sizeof(subject));
	assert_int_equal(batch_open(&subject, &noting), 0);
	assert_ptr_equal(subject.benchmark, &noting);
	assert_int_equal(subject.context.argument, 42);
	assert_int_equal(subject.context.descriptor, -1);
	assert_null(subject.context.function);
	assert_null(subject.context.buffer);
	assert_null(subject.context.stream);
	batch_close(&subject);
	assert_int_equal(seen.torn_down, 1);
}

static void a_batch_is_left_once_after_its_stamps(void **state)
{
	static const struct benchmark leaving = { .run = note_run,
						  .leave = note_leave };
	struct subject subject;

	(void)state;
	assert_int_equal(batch_open(&subject, &leaving), 0);
	batch_ticks(&subject, 10, false);
	assert_int_equal(seen.left, 1);
	batch_close(&subject);
}

static void the_untimed_tenth_is_whole_too(void **state)
{
	static const struct benchmark turning = { .run = note_run,
						  .per_turn = 64 };
	struct subject subject;

	(void)state;
	assert_int_equal(batch_open(&subject, &turning), 0);
	batch_ticks(&subject, 640, false);
	assert_int_equal(seen.calls[0], 128);
	assert_int_equal(seen.calls[1], 640);
	batch_close(&subject);
}

static int fail_setup(const struct benchmark *benchmark,
		      struct context *context)
{
	(void)benchmark;
	(void)context;
	return -EMFILE;
}

static void a_failing_set_up_is_handed_on(void **state)
{
	static const struct benchmark failing = { .setup = fail_setup };
	struct subject subject;

	(void)state;
	assert_int_equal(batch_open(&subject, &failing), -EMFILE);
}

static void a_tenth_comes_before_untimed(void **state)
{
	struct subject subject;

	(void)state;
	assert_int_equal(batch_open(&subject, &noting), 0);
	batch_ticks(&subject, 1000, false);
	assert_int_equal(seen.runs, 2);
	assert_int_equal(seen.calls[0], 101);
	assert_int_equal(seen.calls[1], 1000);
	assert_int_equal(seen.prepared, 2);
	assert_true(seen.prepared_before[0]);
	assert_true(seen.prepared_before[1]);
	/* A loop must never be asked for no calls: it would run for ever. */
	batch_ticks(&subject, 1, false);
	assert_int_equal(seen.calls[2], 1);
	assert_int_equal(seen.calls[3], 1);
	batch_close(&subject);
}

static void all_comes_before_untimed_where_asked_for(void **state)
{
	struct benchmark rehearsing = noting;
	struct subject subject;

	(void)state;
	rehearsing.rehearse = true;
	assert_int_equal(batch_open(&subject, &rehearsing), 0);
	batch_ticks(&subject, 1000, false);
	assert_int_equal(seen.calls[0], 1000);
	assert_int_equal(seen.calls[1], 1000);
	batch_close(&subject);
}

/* The timed run alone: the untimed one takes another time. */
static void spin_in_timed_run(struct context *context, uint64_t calls)
{
	uint64_t start = clock_raw_ns();
	uint64_t ns = calls == 1000 ? 300000 : 3000000;

	(void)context;
	while (clock_raw_ns() - start < ns)
		;
}

static void only_the_timed_run_is_timed(void **state)
{
	static const struct benchmark spinning = { .run = spin_in_timed_run };
	uint64_t least = UINT64_MAX;
	struct subject subject;

	(void)state;
	assert_int_equal(batch_open(&subject, &spinning), 0);
	for (int i = 0; i < 5; i++) {
		uint64_t ns = batch_ticks(&subject, 1000, false);

		assert_true(ns >= 300000);
		least = ns < least ? ns : least;
	}
	assert_true(least < 3000000);
	batch_close(&subject);
}

static void do_nothing(struct context *context, uint64_t calls)
{
	(void)context;
	(void)calls;
}

/* The least of some turns of a row that takes no time itself. */
static uint64_t least_ticks(double hundreds_a_call, uint64_t calls,
			    bool counter)
{
	static const struct benchmark nothing = { .run = do_nothing };
	uint64_t least = UINT64_MAX;
	struct subject subject;

	assert_int_equal(batch_open(&subject, &nothing), 0);
	subject.hundreds_a_call = hundreds_a_call;
	for (int i = 0; i < 20; i++) {
		uint64_t ticks = batch_ticks(&subject, calls, counter);

		least = ticks < least ? ticks : least;
	}
	batch_close(&subject);
	return least;
}

/* Timed with the row by either clock, and as much of it as there are calls. */
static void work_is_timed_with_the_row(void **state)
{
	(void)state;
	for (int counter = 0; counter <= ARCH_HAS_COUNTER; counter++) {
		uint64_t none = least_ticks(0, 1000, counter);
		uint64_t some = least_ticks(2, 1000, counter);
		uint64_t half = least_ticks(2, 500, counter);

		assert_true(some > 10 * none);
		assert_near((double)half / (double)some, 0.5, 0.2);
		/* Under half a hundred adds in a batch there are none. */
		assert_true(least_ticks(0.0004, 1000, counter) < some / 10);
	}
}

static void a_row_that_is_opened_has_no_work(void **state)
{
	struct subject subject;

	(void)state;
	memset(&subject, 0x3f, sizeof(subject));
	assert_int_equal(batch_open(&subject, &noting), 0);
	assert_near(subject.hundreds_a_call, 0, 0);
	batch_close(&subject);
}

static struct probe probe;

static void run_batch(const struct benchmark *benchmark, struct row *row)
{
	struct subject subject = { .index = 7 };

	let_children_crash();
	assert_int_equal(probe_init(&probe, 1), 0);
	memset(row, 0xa5, sizeof(*row));
	assert_int_equal(batch_open(&subject, benchmark), 0);
	subject.calls = 1000;
	batch_run(&subject, &probe, false, NULL, row);
	batch_close(&subject);
	probe_free(&probe);
}

static void a_row_is_filled_but_for_its_place(void **state)
{
	static const struct benchmark spinning = { .run = spin_in_timed_run };
	cpu_set_t allowed;
	struct row row;

	(void)state;
	run_batch(&spinning, &row);
	assert_int_equal(row.seq, 0xa5a5a5a5);
	assert_int_equal(row.benchmark, 7);
	assert_int_equal(row.calls, 1000);
	assert_in_range(row.ticks, 300000, 0xa5a5a5a5);
	assert_in_range(row.cpu_ns, 1, 0xa5a5a5a5);
	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	assert_true(CPU_ISSET(row.cpu, &allowed));
	assert_in_range(row.migrated, 0, 1);
	assert_in_range(row.nivcsw, 0, 100000);
	assert_in_range(row.minflt, 0, 100000);
	assert_int_not_equal(row.before.jumps, 0xa5a5a5a5);
	assert_int_not_equal(row.before.chain, 0xa5a5a5a5);
	assert_int_not_equal(row.after.jumps, 0xa5a5a5a5);
	assert_int_not_equal(row.after.chain, 0xa5a5a5a5);
	assert_int_equal(row.counts.counted, 0);
}

/* A PMU that counts 7 user cycles and 9 kernel instructions a call, and for
 * each read of itself 100 and 300. */
static struct {
	uint64_t cycles_user, instructions_kernel, ns;
	int fails; /* so many reads */
} simulated;

static void run_counted(struct context *context, uint64_t calls)
{
	(void)context;
	simulated.cycles_user += 7 * calls;
	simulated.instructions_kernel += 9 * calls;
}

static ssize_t read_simulated(int group, void *values, size_t bytes)
{
	struct counters_reading reading = { .raw.events = COUNTERS };

	(void)group;
	if (simulated.fails-- > 0)
		return 0;
	simulated.ns += 1000;
	simulated.cycles_user += 100;
	simulated.instructions_kernel += 300;
	reading.raw.enabled_ns = reading.raw.running_ns = simulated.ns;
	reading.raw.values[COUNTER_CYCLES_USER] = simulated.cycles_user;
	reading.raw.values[COUNTER_INSTRUCTIONS_KERNEL] =
		simulated.instructions_kernel;
	assert_int_equal(bytes, sizeof(reading.raw));
	memcpy(values, &reading.raw, bytes);
	return (ssize_t)bytes;
}

static const struct counters_system simulated_system = {
	.read = read_simulated,
};

static struct row count_batch_of(const struct benchmark *benchmark,
				 uint64_t calls, int around_fails, int fails)
{
	struct counters counters = { .system = &simulated_system,
				     .counted = (1U << COUNTERS) - 1 };
	struct subject subject = { .calls = calls };
	struct row row;

	assert_int_equal(probe_init(&probe, 1), 0);
	assert_int_equal(batch_open(&subject, benchmark), 0);
	subject.calls = calls;
	simulated.fails = around_fails;
	subject.around = batch_around(&subject, &probe, &counters);
	simulated.fails = fails;
	batch_run(&subject, &probe, false, &counters, &row);
	batch_close(&subject);
	probe_free(&probe);
	return row;
}

static struct row count_batch(uint64_t calls, int around_fails, int fails)
{
	static const struct benchmark benchmark = { .run = run_counted };

	return count_batch_of(&benchmark, calls, around_fails, fails);
}

/* The counters follow one thread of the two that work. */
static void a_row_that_switches_is_not_counted(void **state)
{
	static const struct benchmark switching = { .run = run_counted,
						    .work = WORK_SWITCHES };
	static const struct benchmark faulting = { .run = run_counted,
						   .work = WORK_FAULTS };

	(void)state;
	assert_int_equal(count_batch_of(&switching, 10, 0, 0).counts.counted,
			 0);
	assert_int_equal(count_batch_of(&faulting, 10, 0, 0).counts.counted,
			 (1U << COUNTERS) - 1);
}

/* Neither the untimed run, nor the reads. */
static void the_timed_calls_alone_are_counted(void **state)
{
	static const uint64_t sizes[] = { 1, 1000, 12345 };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct row row = count_batch(sizes[i], 0, 0);

		assert_int_equal(row.counts.counted, (1U << COUNTERS) - 1);
		assert_int_equal(row.counts.of[COUNTER_CYCLES_USER],
				 7 * sizes[i]);
		assert_int_equal(row.counts.of[COUNTER_CYCLES_KERNEL], 0);
		assert_int_equal(row.counts.of[COUNTER_INSTRUCTIONS_KERNEL],
				 9 * sizes[i]);
	}
}

static void a_batch_whose_count_failed_has_none(void **state)
{
	(void)state;
	assert_int_equal(count_batch(1000, 1, 0).counts.counted, 0);
	assert_int_equal(count_batch(1000, 0, 1).counts.counted, 0);
}

#define PAGES 64

static void touch_new_pages(struct context *context, uint64_t calls)
{
	volatile char *memory = mmap(NULL, PAGES * 4096, PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)context;
	(void)calls;
	if (memory == MAP_FAILED)
		return;
	for (int i = 0; i < PAGES; i++)
		memory[i * 4096] = 1;
	munmap((void *)memory, PAGES * 4096);
}

static void faults_are_seen(void **state)
{
	static const struct benchmark touching = { .run = touch_new_pages };
	struct row row;

	(void)state;
	run_batch(&touching, &row);
	if (!row.minflt)
		skip_because("this system counts no faults of a thread");
	assert_true(batch_is_dirty(&row, &noting));
}

static cpu_set_t own_cpus;

static void bind_to(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static int first_cpu(void)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &own_cpus))
			return cpu;
	return 0;
}

static int last_cpu(void)
{
	int last = 0;

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &own_cpus))
			last = cpu;
	return last;
}

static void move_to_last(struct context *context, uint64_t calls)
{
	(void)context;
	(void)calls;
	bind_to(last_cpu());
}

static void a_move_to_another_cpu_is_seen(void **state)
{
	static const struct benchmark moving = { .run = move_to_last };
	struct row row;

	(void)state;
	sched_getaffinity(0, sizeof(own_cpus), &own_cpus);
	if (CPU_COUNT(&own_cpus) < 2)
		skip_because("one CPU: nowhere to move to");
	bind_to(first_cpu());
	run_batch(&moving, &row);
	assert_int_equal(row.migrated, 1);
	assert_int_equal(row.cpu, last_cpu());
	assert_true(batch_is_dirty(&row, &noting));
	run_batch(&moving, &row); /* it is there already */
	assert_int_equal(row.migrated, 0);
	sched_setaffinity(0, sizeof(own_cpus), &own_cpus);
}

static void raise_continue(struct context *context, uint64_t calls)
{
	(void)context;
	(void)calls;
	raise(SIGCONT);
}

/* As from a stop, which nobody would end here. */
static void going_on_is_seen(void **state)
{
	static const struct benchmark going_on = { .run = raise_continue };
	struct row row;

	(void)state;
	batch_watch_stops();
	run_batch(&going_on, &row);
	signal(SIGCONT, SIG_DFL);
	assert_in_range(row.nivcsw, 2, 100000); /* rehearsed and timed */
	assert_true(batch_is_dirty(&row, &noting));
}

#define afresh(test) cmocka_unit_test_setup(test, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		afresh(a_trace_of_disturbance_makes_a_row_dirty),
		afresh(what_a_row_is_there_for_does_not_make_it_dirty),
		afresh(calls_come_in_whole_turns),
		afresh(a_batch_is_left_once_after_its_stamps),
		afresh(the_untimed_tenth_is_whole_too),
		afresh(a_context_starts_clean),
		afresh(a_failing_set_up_is_handed_on),
		afresh(a_tenth_comes_before_untimed),
		afresh(all_comes_before_untimed_where_asked_for),
		afresh(only_the_timed_run_is_timed),
		afresh(work_is_timed_with_the_row),
		afresh(a_row_that_is_opened_has_no_work),
		afresh(a_row_is_filled_but_for_its_place),
		afresh(the_timed_calls_alone_are_counted),
		afresh(a_batch_whose_count_failed_has_none),
		afresh(a_row_that_switches_is_not_counted),
		afresh(faults_are_seen),
		afresh(a_move_to_another_cpu_is_seen),
		afresh(going_on_is_seen),
	};

	return check_all(tests);
}
