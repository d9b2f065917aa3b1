// SPDX-License-Identifier: MIT
/* Rows enter the kernel exactly as often as they say: counted, not timed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "bound.h"
#include "check.h"
#include "entries.h"
#include "facts.h"
#include "registry.h"

BENCHMARK_LOOP(nothing, 0);
BENCHMARK_LOOP(three_calls, (syscall0(SYS_getpid), syscall0(SYS_getppid),
			     syscall(SYS_getuid)));

static int64_t count_calls(const struct benchmark *benchmark, uint64_t calls)
{
	struct subject subject = { .index = 0 };
	int64_t count;

	assert_int_equal(batch_open(&subject, benchmark), 0);
	count = entries_count(&subject, calls);
	batch_close(&subject);
	return count;
}

/* An emulator, a container's filter or Yama may forbid it. */
static bool tracing_works(void)
{
	static const struct benchmark empty = { .run = nothing };

	let_children_crash();
	return count_calls(&empty, 1) >= 0;
}

static void every_call_is_counted(void **state)
{
	static const struct benchmark empty = { .run = nothing };
	static const struct benchmark three = { .run = three_calls };

	(void)state;
	if (!tracing_works())
		skip_because("ptrace is not permitted here");
	assert_int_equal(count_calls(&empty, 1000), 0);
	assert_int_equal(count_calls(&three, 1), 3);
	assert_int_equal(count_calls(&three, 1000), 3000);
}

static void die(struct context *context, uint64_t calls)
{
	(void)context;
	(void)calls;
	kill(getpid(), SIGKILL);
}

static void crash(struct context *context, uint64_t calls)
{
	(void)context;
	(void)calls;
	raise(SIGSEGV);
}

static void a_child_that_dies_is_an_error(void **state)
{
	static const struct benchmark dying = { .run = die };
	static const struct benchmark crashing = { .run = crash };

	(void)state;
	if (!tracing_works())
		skip_because("ptrace is not permitted here");
	assert_int_equal(count_calls(&dying, 1), -ECHILD);
	assert_int_equal(count_calls(&crashing, 1), -ECHILD);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static bool touched;

static void touch(struct context *context, uint64_t calls)
{
	(void)context;
	(void)calls;
	touched = true;
}

/* The row is run in a child: what it does to memory is not seen here. */
static void the_row_runs_elsewhere(void **state)
{
	static const struct benchmark touching = { .run = touch };

	(void)state;
	if (!tracing_works())
		skip_because("ptrace is not permitted here");
	touched = false;
	assert_int_equal(count_calls(&touching, 1), 0);
	assert_false(touched);
}

static void the_calls_make_a_whole_number_of_entries(void **state)
{
	static const struct {
		double entries;
		uint64_t calls;
	} cases[] = {
		{ 0, 16 },	  { 1, 16 },	      { 2, 16 },
		{ 1.0 / 16, 16 }, { 1.0 / 256, 256 }, { 1.0 / 4096, 4096 },
		{ 1.0 / 3, 16 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct benchmark benchmark = { .entries = cases[i].entries };

		assert_int_equal(entries_calls(&benchmark), cases[i].calls);
	}
}

static void buffered_writes_stay_in_their_buffer(void **state)
{
	int count;
	bool *selected = calloc(registry_count(), sizeof(*selected));
	char error[64];

	(void)state;
	if (!tracing_works())
		skip_because("ptrace is not permitted here");
	count = registry_select("^write/(stdio|putc)/1$", selected, error,
				sizeof(error));
	assert_int_equal(count, 2);
	for (unsigned int i = 0; i < registry_count(); i++)
		if (selected[i])
			assert_for(registry_get(i)->name,
				   count_calls(registry_get(i)->benchmark,
					       100) == 0);
	free(selected);
}

/* Is there a row that reads the same by the vDSO's own symbol, so that the C
 * library can too? */
static bool vdso_serves(const struct registry_entry *entry)
{
	for (unsigned int i = 0; i < registry_count(); i++) {
		const struct registry_entry *other = registry_get(i);
		const char *variant = entry->benchmark->variant;
		const char *others = other->benchmark->variant;

		if (other->group != entry->group ||
		    strcmp(other->benchmark->path, "vdso") != 0 ||
		    strcmp(variant ? variant : "", others ? others : "") != 0)
			continue;
		return !other->benchmark->supported ||
		       !other->benchmark->supported(other->benchmark);
	}
	return false;
}

/* Some clock sources cannot be read in user space. */
static bool user_reads_clock(void)
{
	static const char *const sources[] = { "tsc", "kvm-clock",
					       "hyperv_clocksource_tsc_page",
					       "arch_sys_counter" };
	char name[64];

	if (facts_line("/sys/devices/system/clocksource/clocksource0/"
		       "current_clocksource",
		       name, sizeof(name)))
		return false;
	for (size_t i = 0; i < COUNT(sources); i++)
		if (strcmp(sources[i], name) == 0)
			return true;
	return false;
}

/* Rows that say 0 and may enter all the same: a clock that the vDSO does not
 * serve; of a process's CPU time it knows nothing. */
static bool may_fall_back(const struct registry_entry *entry)
{
	const struct benchmark *benchmark = entry->benchmark;

	if (benchmark->entries != 0 || (strcmp(benchmark->path, "libc") != 0 &&
					strcmp(benchmark->path, "vdso") != 0))
		return false;
	return !user_reads_clock() || !vdso_serves(entry);
}

static bool must_fall_back(const struct benchmark *benchmark)
{
	return benchmark->entries == 0 && benchmark->variant &&
	       strcmp(benchmark->variant, "process_cputime") == 0;
}

/* A sanitizer has its own in place of the C library's, which enters more. */
static bool is_replaced(const struct benchmark *benchmark)
{
#ifdef __SANITIZE_ADDRESS__
	return strcmp(benchmark->path, "vfork") == 0 ||
	       strcmp(benchmark->path, "exec") == 0;
#else
	(void)benchmark;
	return false;
#endif
}

static void check_entries(const struct registry_entry *entry)
{
	const struct benchmark *benchmark = entry->benchmark;
	uint64_t calls = entries_calls(benchmark);
	int64_t expected = llround(benchmark->entries * (double)calls);
	int64_t count = count_calls(benchmark, calls);

	if (must_fall_back(benchmark))
		expected = (int64_t)calls;
	else if (may_fall_back(entry) && count == (int64_t)calls)
		print_message("%s enters the kernel after all\n", entry->name);
	if (count == expected || (is_replaced(benchmark) && count > expected) ||
	    (may_fall_back(entry) && count == (int64_t)calls))
		return;
	print_error("%s: %lld entries in %llu calls, not %lld\n", entry->name,
		    (long long)count, (unsigned long long)calls,
		    (long long)expected);
	fail();
}

static void every_row_enters_as_often_as_it_says(void **state)
{
	(void)state;
	if (!tracing_works())
		skip_because("ptrace is not permitted here");
	for (unsigned int i = 0; i < registry_count(); i++) {
		const struct registry_entry *entry = registry_get(i);
		const struct benchmark *benchmark = entry->benchmark;

		if (benchmark->supported && benchmark->supported(benchmark))
			continue;
		if (benchmark->uncounted)
			assert_for(entry->name, benchmark->uncounted[0]);
		else
			check_entries(entry);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_is_counted),
		cmocka_unit_test(a_child_that_dies_is_an_error),
		cmocka_unit_test(the_row_runs_elsewhere),
		cmocka_unit_test(the_calls_make_a_whole_number_of_entries),
		cmocka_unit_test(buffered_writes_stay_in_their_buffer),
		cmocka_unit_test(every_row_enters_as_often_as_it_says),
	};

	if (bind_as_a_worker() || registry_init())
		return 1;
	return check_all(tests);
}
