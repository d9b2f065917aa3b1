// SPDX-License-Identifier: MIT
/* Rows are sized by their cost, and those that cannot run say why. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "check.h"
#include "registry.h"
#include "try.h"
#include "work.h"

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Lasts `argument` ns a call by the kernel's clock, whatever the machine. */
static void last(struct context *context, uint64_t calls)
{
	uint64_t ns = (uint64_t)context->argument * calls;
	uint64_t start = now();

	while (now() - start < ns)
		;
}

/* One entry a call, and little else. */
static void enter(struct context *context, uint64_t calls)
{
	(void)context;
	do
		syscall0(SYS_getppid);
	while (--calls);
}

static const char *absent(const struct benchmark *benchmark)
{
	(void)benchmark;
	return "not on a day like this";
}

static int break_down(const struct benchmark *benchmark,
		      struct context *context)
{
	(void)benchmark;
	(void)context;
	return -EMFILE;
}

/* There is room for one of them at a time. */
static bool taken;

static int take(const struct benchmark *benchmark, struct context *context)
{
	(void)benchmark;
	(void)context;
	if (taken)
		return -EMFILE;
	taken = true;
	return 0;
}

static void give_back(struct context *context)
{
	(void)context;
	taken = false;
}

static unsigned int torn_down;

static void note_teardown(struct context *context)
{
	(void)context;
	torn_down++;
}

static const char *lie(struct context *context)
{
	(void)context;
	return "it measures something else";
}

// clang-format off
BENCHMARK_GROUP(trying, "rows of this test",
	{ .path = "good",   .run = last, .argument = 100,
	  .teardown = note_teardown,     .summary = "100 ns a call" },
	{ .path = "entering", .run = enter, .entries = 1,
	  .summary = "enters the kernel" },
	{ .path = "absent", .run = last, .supported = absent,
	  .teardown = note_teardown,     .summary = "cannot run" },
	{ .path = "broken", .run = last, .setup = break_down,
	  .teardown = note_teardown,     .summary = "cannot be set up" },
	{ .path = "lying",  .run = last, .verify = lie,
	  .teardown = note_teardown,     .summary = "does not what it says" },
	{ .path = "greedy", .run = last, .setup = take, .teardown = give_back,
	  .summary = "takes all there is" },
	{ .path = "greedy_too", .run = last, .setup = take,
	  .teardown = give_back,         .summary = "the same" },
	{ .path = "greedy_liar", .run = last, .setup = take, .verify = lie,
	  .teardown = give_back,         .summary = "gives it back" },
);
// clang-format on

/* By the kernel's clock, so that any machine will do. */
static const struct job job = {
	.kind = JOB_TRY,
	.ticks_per_ns = 1,
	.batch_ns = 100000,
	.count = 1,
};

static uint64_t size(long ns_a_call, double batch_ns, double *cost_ns)
{
	struct benchmark benchmark = { .run = last, .argument = ns_a_call };
	struct subject subject = { .index = 0 };
	uint64_t calls;

	assert_int_equal(batch_open(&subject, &benchmark), 0);
	calls = try_size_batch(&subject, &job, batch_ns, cost_ns);
	batch_close(&subject);
	return calls;
}

static void a_batch_of_quick_calls_lasts_as_asked(void **state)
{
	double cost_ns;

	(void)state;
	assert_in_range(size(1, 100000, &cost_ns), 50000, 200000);
	assert_in_range(size(10, 100000, &cost_ns), 5000, 20000);
	assert_true(cost_ns >= 10 && cost_ns < 20);
	assert_in_range(size(1, 250000, NULL), 125000, 500000);
}

static void a_batch_of_slow_calls_lasts_as_asked(void **state)
{
	double cost_ns;

	(void)state;
	assert_in_range(size(200000, 2000000, &cost_ns), 5, 20);
	assert_true(cost_ns >= 200000 && cost_ns < 400000);
}

static void a_call_longer_than_the_batch_is_made_once(void **state)
{
	double cost_ns;

	(void)state;
	assert_int_equal(size(200000, 50000, &cost_ns), 1);
	assert_true(cost_ns >= 200000);
}

/* The scale of ticks is the job's. */
static void ticks_are_turned_to_ns(void **state)
{
	struct benchmark benchmark = { .run = last, .argument = 10 };
	struct subject subject = { .index = 0 };
	struct job fast = job;

	(void)state;
	fast.ticks_per_ns = 10; /* a ns of the clock is a tenth of one */
	assert_int_equal(batch_open(&subject, &benchmark), 0);
	assert_in_range(try_size_batch(&subject, &fast, 10000, NULL), 5000,
			20000);
	batch_close(&subject);
}

static void no_cost_still_comes_to_an_end(void **state)
{
	double cost_ns;

	(void)state;
	assert_true(size(0, 100000, &cost_ns) >= 1);
}

static unsigned int index_of(const char *name)
{
	for (unsigned int i = 0; i < registry_count(); i++)
		if (strcmp(registry_get(i)->name, name) == 0)
			return i;
	fail_msg("no row is called %s", name);
	return 0;
}

static struct tried try_with(const char *name, const struct job *with,
			     double adds_per_ns)
{
	struct task task = { .benchmark = index_of(name) };
	size_t capacity = 0, bytes;
	void *payload = NULL;
	struct tried tried;
	uint32_t trying;
	int ends[2];

	let_children_crash();
	torn_down = 0;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(try_rows(ends[1], with, &task, adds_per_ns), 0);
	close(ends[1]);
	assert_int_equal(message_receive(ends[0], &payload, &capacity, &bytes),
			 MESSAGE_TRYING);
	assert_int_equal(bytes, sizeof(trying));
	memcpy(&trying, payload, sizeof(trying));
	assert_int_equal(trying, task.benchmark);
	assert_int_equal(message_receive(ends[0], &payload, &capacity, &bytes),
			 MESSAGE_TRIED);
	assert_int_equal(bytes, sizeof(tried));
	memcpy(&tried, payload, sizeof(tried));
	assert_int_equal(tried.benchmark, task.benchmark);
	assert_int_equal(message_receive(ends[0], &payload, &capacity, &bytes),
			 0);
	close(ends[0]);
	free(payload);
	return tried;
}

static struct tried try_one(const char *name)
{
	return try_with(name, &job, 1);
}

static void a_row_that_works_is_sized_and_counted(void **state)
{
	struct tried tried = try_one("trying/good");

	(void)state;
	assert_in_range(tried.calls, 500, 2000);
	assert_true(tried.cost_ns >= 100);
	assert_string_equal(tried.reason, "");
	assert_int_equal(tried.entry_calls, 16);
	assert_true(tried.entries >= 0 || tried.entries == -EPERM ||
		    tried.entries == -ENOSYS);
	assert_int_equal(torn_down, 1);
}

static void assert_skipped(const char *name, const char *reason,
			   unsigned int teardowns)
{
	struct tried tried = try_one(name);

	assert_int_equal(tried.calls, 0);
	assert_string_equal(tried.reason, reason);
	assert_int_equal(torn_down, teardowns);
}

static void a_row_that_does_not_work_is_skipped_with_the_reason(void **state)
{
	(void)state;
	assert_skipped("trying/absent", "not on a day like this", 0);
	assert_skipped("trying/broken", "set-up failed: Too many open files",
		       0);
	assert_skipped("trying/lying",
		       "verification failed: it measures something else", 1);
}

/* Tries these rows in one job; how many of them can be measured. */
static unsigned int try_together(const char *const *names, uint32_t count)
{
	struct job together = job;
	struct task tasks[4] = { 0 };
	size_t capacity = 0, bytes;
	void *payload = NULL;
	unsigned int good = 0;
	int ends[2], kind;

	let_children_crash();
	for (uint32_t i = 0; i < count; i++)
		tasks[i].benchmark = index_of(names[i]);
	together.count = count;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(try_rows(ends[1], &together, tasks, 1), 0);
	close(ends[1]);
	while ((kind = message_receive(ends[0], &payload, &capacity, &bytes)))
		if (kind == MESSAGE_TRIED)
			good += ((struct tried *)payload)->calls > 0;
	close(ends[0]);
	free(payload);
	return good;
}

/* A launch has them all open: what is not there for all is found out here. */
static void rows_are_open_together(void **state)
{
	(void)state;
	assert_int_equal(
		try_together((const char *const[]){ "trying/greedy",
						    "trying/good",
						    "trying/greedy_too" },
			     3),
		2);
	assert_false(taken);
	assert_int_equal(
		try_together((const char *const[]){ "trying/greedy_liar",
						    "trying/greedy" },
			     2),
		1);
	assert_false(taken);
}

/* 100 us an entry in a batch of 1 ms; a row that stays in user space gets
 * none. */
static void a_batch_is_sized_with_its_work(void **state)
{
	double adds_per_ns = work_measure(false, 1);
	struct job heavy = job;
	struct tried tried;

	(void)state;
	heavy.batch_ns = 1000000;
	heavy.conditions.set = 1 << CONDITION_WORK;
	heavy.conditions.value[CONDITION_WORK] = 100000;
	tried = try_with("trying/entering", &heavy, adds_per_ns);
	assert_true(tried.cost_ns >= 50000);
	assert_in_range(tried.calls, 1, 20);
	tried = try_with("trying/good", &heavy, adds_per_ns);
	assert_in_range(tried.calls, 5000, 20000);
}

static void entries_are_counted_or_expected(void **state)
{
	static const struct benchmark twice = { .entries = 2 };
	struct tried tried = { .entries = 8, .entry_calls = 16 };

	(void)state;
	assert_near(try_entries(&tried, &twice), 0.5, 1e-12);
	tried.entries = -EPERM;
	assert_near(try_entries(&tried, &twice), 2, 1e-12);
}

static void nobody_listening_ends_the_trying(void **state)
{
	struct task task = { .benchmark = index_of("trying/good") };
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(try_rows(ends[1], &job, &task, 1), -EPIPE);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_of_quick_calls_lasts_as_asked),
		cmocka_unit_test(a_batch_of_slow_calls_lasts_as_asked),
		cmocka_unit_test(a_call_longer_than_the_batch_is_made_once),
		cmocka_unit_test(ticks_are_turned_to_ns),
		cmocka_unit_test(no_cost_still_comes_to_an_end),
		cmocka_unit_test(a_row_that_works_is_sized_and_counted),
		cmocka_unit_test(
			a_row_that_does_not_work_is_skipped_with_the_reason),
		cmocka_unit_test(rows_are_open_together),
		cmocka_unit_test(a_batch_is_sized_with_its_work),
		cmocka_unit_test(entries_are_counted_or_expected),
		cmocka_unit_test(nobody_listening_ends_the_trying),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
