// SPDX-License-Identifier: MIT
/* Counters by a simulated kernel, and by this one's software events. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "counters.h"

#define EVERY		 ((1U << COUNTERS) - 1)
#define USER		 (1U << COUNTER_CYCLES_USER | 1U << COUNTER_INSTRUCTIONS_USER)
#define FIRST_DESCRIPTOR 100
#define OPENS_MOST	 16

/* A kernel with a PMU, and what it refuses. */
static struct {
	int kernel_error;  /* of an event that counts the kernel */
	int error;	   /* of every event */
	unsigned int room; /* events a group may have; 0: any number */
	unsigned int free; /* events that run beside others' */
	int enable_error;
	struct perf_event_attr opened[OPENS_MOST];
	int groups[OPENS_MOST];
	unsigned int opens, members, open_now, enabled;
	uint64_t step, ns, lost_ns; /* at each read, of counts and times */
	uint64_t counts[COUNTERS];
} kernel;

static int forget(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.step = 10;
	return 0;
}

static int open_simulated(const struct perf_event_attr *event, int group)
{
	int descriptor = FIRST_DESCRIPTOR + (int)kernel.opens;

	assert_true(kernel.opens < OPENS_MOST);
	kernel.opened[kernel.opens] = *event;
	kernel.groups[kernel.opens++] = group;
	if (group < 0)
		kernel.members = 0;
	if (kernel.error)
		return kernel.error;
	if (kernel.kernel_error && !event->exclude_kernel)
		return kernel.kernel_error;
	if (kernel.room && kernel.members >= kernel.room)
		return -EINVAL;
	kernel.members++;
	kernel.open_now++;
	return descriptor;
}

static int enable_simulated(int group)
{
	assert_int_equal(group, FIRST_DESCRIPTOR +
					(int)(kernel.opens - kernel.members));
	kernel.enabled++;
	return kernel.enable_error;
}

/* Pinned events that do not fit beside others read as nothing. */
static ssize_t read_simulated(int group, void *values, size_t bytes)
{
	struct counters_reading reading = { .raw.events = kernel.members };
	size_t size = 24 + 8 * kernel.members;

	(void)group;
	if (kernel.free && kernel.members > kernel.free)
		return 0;
	if (bytes < size)
		return -ENOSPC;
	kernel.ns += 1000;
	reading.raw.enabled_ns = kernel.ns;
	reading.raw.running_ns = kernel.ns - kernel.lost_ns;
	for (unsigned int i = 0; i < kernel.members; i++) {
		kernel.counts[i] += kernel.step * (i + 1);
		reading.raw.values[i] = kernel.counts[i];
	}
	memcpy(values, &reading.raw, size);
	return (ssize_t)size;
}

static void close_simulated(int event)
{
	assert_true(event >= FIRST_DESCRIPTOR);
	assert_true(kernel.open_now > 0);
	kernel.open_now--;
}

static const struct counters_system simulated = {
	.open = open_simulated,
	.enable = enable_simulated,
	.read = read_simulated,
	.close = close_simulated,
};

static struct counters counters;
static char why[COUNTERS_WHY_BYTES];

/* What is counted, and nothing else is left open. */
static void assert_opens(uint32_t wanted, const char *reason)
{
	memset(why, 'x', sizeof(why));
	counters_open(&counters, &simulated, counters_pmu, why);
	assert_int_equal(counters.counted, wanted);
	assert_int_equal(kernel.open_now, __builtin_popcount(wanted));
	if (reason)
		assert_for(why, strstr(why, reason) != NULL);
	else
		assert_string_equal(why, "");
	counters_close(&counters);
	assert_int_equal(counters.counted, 0);
	assert_int_equal(kernel.open_now, 0);
	counters_close(&counters);
}

static void assert_event(unsigned int opened, uint64_t config, bool user,
			 bool kernel_too)
{
	const struct perf_event_attr *event = &kernel.opened[opened];

	assert_int_equal(event->type, PERF_TYPE_HARDWARE);
	assert_int_equal(event->size, sizeof(*event));
	assert_int_equal(event->config, config);
	assert_int_equal(event->exclude_user, !user);
	assert_int_equal(event->exclude_kernel, !kernel_too);
	assert_int_equal(event->exclude_hv, 1);
	assert_int_equal(event->inherit, 0);
	assert_int_equal(event->sample_period, 0);
	/* The group starts and stops as one. */
	assert_int_equal(event->disabled, opened == 0);
	assert_int_equal(event->pinned, opened == 0);
	assert_int_equal(kernel.groups[opened], opened ? FIRST_DESCRIPTOR : -1);
	assert_int_equal(event->read_format,
			 PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
				 PERF_FORMAT_TOTAL_TIME_RUNNING);
}

static void a_pmu_counts_user_and_kernel_apart(void **state)
{
	(void)state;
	assert_opens(EVERY, NULL);
	assert_int_equal(kernel.opens, COUNTERS);
	assert_int_equal(kernel.enabled, 1);
	assert_event(0, PERF_COUNT_HW_CPU_CYCLES, true, false);
	assert_event(1, PERF_COUNT_HW_CPU_CYCLES, false, true);
	assert_event(2, PERF_COUNT_HW_INSTRUCTIONS, true, false);
	assert_event(3, PERF_COUNT_HW_INSTRUCTIONS, false, true);
}

/* perf_event_paranoid 2 (and 1, 0, -1 above), 3 of Debian's kernels. */
static void without_the_right_to_the_kernel_user_space_is_counted(void **state)
{
	(void)state;
	kernel.kernel_error = -EACCES;
	assert_opens(USER, "perf_event_paranoid");
	forget(NULL);
	kernel.kernel_error = -EPERM; /* a security module */
	assert_opens(USER, "forbids");
	forget(NULL);
	kernel.error = -EACCES;
	assert_opens(0, "perf_event_paranoid=1");
	assert_int_equal(kernel.opens, 1);
}

static void a_small_pmu_counts_cycles(void **state)
{
	(void)state;
	kernel.room = 2;
	assert_opens(COUNTERS_CYCLES, "enough counters");
	forget(NULL);
	kernel.room = 3;
	assert_opens(COUNTERS_CYCLES, "enough counters");
	forget(NULL);
	kernel.room = 1;
	assert_opens(0, "enough counters");
}

/* The kernel takes the group, but others hold the counters. */
static void counters_that_others_hold_are_left_out(void **state)
{
	(void)state;
	kernel.free = 2;
	assert_opens(COUNTERS_CYCLES, "nmi_watchdog");
	forget(NULL);
	kernel.free = 1;
	assert_opens(0, "nmi_watchdog");
}

static void why_nothing_is_counted_is_said(void **state)
{
	static const struct {
		int error;
		const char *reason;
	} cases[] = {
		{ -ENOENT, "no PMU" },	   { -ENODEV, "no PMU" },
		{ -EOPNOTSUPP, "no PMU" }, { -EPERM, "seccomp" },
		{ -ENOSYS, "emulator" },   { -EMFILE, "ulimit -n" },
		{ -EINVAL, "the PMU" },	   { -EIO, "Input/output error" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		forget(NULL);
		kernel.error = cases[i].error;
		assert_opens(0, cases[i].reason);
		assert_true(strlen(why) < sizeof(why) - 1); /* not cut */
		forget(NULL);
		kernel.enable_error = cases[i].error;
		assert_opens(0, cases[i].reason);
	}
}

/* Opened, for the tests below. */
static void open_counters(void)
{
	counters_open(&counters, &simulated, counters_pmu, why);
	assert_int_equal(counters.counted, EVERY);
}

static struct counts between(struct counters_reading *first,
			     struct counters_reading *second)
{
	counters_read(&counters, first);
	counters_read(&counters, second);
	return counters_between(&counters, first, second);
}

static void a_count_is_the_growth_between_two_reads(void **state)
{
	struct counters_reading first, second;
	struct counts counts;

	(void)state;
	open_counters();
	counts = between(&first, &second);
	assert_int_equal(counts.counted, EVERY);
	for (unsigned int i = 0; i < COUNTERS; i++)
		assert_int_equal(counts.of[i], 10 * (i + 1));
}

/* The third event is the second one that is open. */
static void counts_of_some_events_are_in_their_places(void **state)
{
	struct counters_reading first, second;
	struct counts counts;

	(void)state;
	kernel.kernel_error = -EACCES;
	counters_open(&counters, &simulated, counters_pmu, why);
	counts = between(&first, &second);
	assert_int_equal(counts.counted, USER);
	assert_int_equal(counts.of[COUNTER_CYCLES_USER], 10);
	assert_int_equal(counts.of[COUNTER_INSTRUCTIONS_USER], 20);
}

static void what_ran_in_turns_is_dropped(void **state)
{
	struct counters_reading first, second;

	(void)state;
	open_counters();
	counters_read(&counters, &first);
	kernel.lost_ns++;
	counters_read(&counters, &second);
	assert_int_equal(counters_between(&counters, &first, &second).counted,
			 0);
	/* What was lost before does not matter. */
	assert_int_equal(between(&first, &second).counted, EVERY);
	/* Not at all. */
	kernel.lost_ns += 1000;
	assert_int_equal(counters_between(&counters, &second, &second).counted,
			 0);
}

static void a_failed_read_is_no_count(void **state)
{
	static const ssize_t sizes[] = { 0, 8, 24, 48, 55, 57, -EBADF };
	struct counters_reading first, second, bad;

	(void)state;
	open_counters();
	between(&first, &second);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		bad = second;
		bad.bytes = sizes[i];
		assert_int_equal(
			counters_between(&counters, &first, &bad).counted, 0);
		bad = first;
		bad.bytes = sizes[i];
		assert_int_equal(
			counters_between(&counters, &bad, &second).counted, 0);
	}
	bad = second;
	bad.raw.events = COUNTERS - 1;
	assert_int_equal(counters_between(&counters, &first, &bad).counted, 0);
}

static void a_total_may_wrap_but_not_fall(void **state)
{
	struct counters_reading first, second;
	struct counts counts;

	(void)state;
	open_counters();
	kernel.counts[0] = UINT64_MAX - 14;
	counts = between(&first, &second);
	assert_true(second.raw.values[0] < first.raw.values[0]);
	assert_int_equal(counts.counted, EVERY);
	assert_int_equal(counts.of[0], 10);
	second.raw.values[1] = first.raw.values[1] - 1;
	counts = counters_between(&counters, &first, &second);
	assert_int_equal(counts.counted, EVERY & ~2U);
}

static void what_is_known_of_both_is_subtracted(void **state)
{
	static const struct counts all = { { 10, 20, 30, 40 }, 7 };
	static const struct counts part = { { 1, 25, 3, 4 }, 14 };
	struct counts less = counters_less(&all, &part);

	(void)state;
	assert_int_equal(less.counted, 6);
	assert_int_equal(less.of[1], -5);
	assert_int_equal(less.of[2], 27);
}

static void a_median_is_of_the_turns_that_are_known(void **state)
{
	struct counts turns[5] = { { .counted = 0 } };
	struct counts median;

	(void)state;
	for (int i = 0; i < 5; i++) {
		turns[i].of[0] = 100 * (i * 3 % 5); /* 0 3 1 4 2 */
		turns[i].of[1] = i;
		turns[i].counted = i < 3 ? 3 : i < 4 ? 5 : 4;
	}
	median = counters_median(turns, 5);
	assert_int_equal(median.counted, 3);
	assert_int_equal(median.of[0], 200); /* 0 300 100 400: of four */
	assert_int_equal(median.of[1], 1);
	assert_int_equal(counters_median(turns, 0).counted, 0);
}

static int kill_oneself(const struct perf_event_attr *event, int group)
{
	(void)event;
	(void)group;
	raise(SIGSYS);
	return -ENOSYS;
}

/* As a filter of systemd's does it. */
static void a_filter_that_kills_costs_a_child(void **state)
{
	static const struct counters_system deadly = { .open = kill_oneself };

	(void)state;
	let_children_crash();
	strcpy(why, "");
	assert_true(counters_survive(&simulated, why));
	assert_string_equal(why, "");
	assert_false(counters_survive(&deadly, why));
	assert_non_null(strstr(why, "seccomp"));
}

#define NOT_PERMITTED 9

/* In a child: what is said where a filter answers perf_event_open so. */
static void say_under_filter(uint32_t answer, int out)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT(filter), filter };

	let_children_crash();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(NOT_PERMITTED);
	if (counters_survive(&counters_kernel, why))
		counters_open(&counters, &counters_kernel, counters_pmu, why);
	_exit(write(out, why, sizeof(why)) != sizeof(why));
}

static void a_real_filter_is_told_of(void **state)
{
	static const struct {
		uint32_t answer;
		const char *reason;
	} cases[] = {
		{ SECCOMP_RET_KILL_PROCESS, "kills" },
		{ SECCOMP_RET_KILL_THREAD, "kills" },
		{ SECCOMP_RET_TRAP, "kills" },
		{ SECCOMP_RET_ERRNO | EPERM, "seccomp" },
		{ SECCOMP_RET_ERRNO | ENOSYS, "container" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int pipes[2], status = -1;
		pid_t child;

		memset(why, 0, sizeof(why));
		assert_int_equal(pipe(pipes), 0);
		child = fork();
		if (child == 0)
			say_under_filter(cases[i].answer, pipes[1]);
		close(pipes[1]);
		assert_int_equal(waitpid(child, &status, 0), child);
		if (WEXITSTATUS(status) == NOT_PERMITTED)
			skip_because("no seccomp filters here");
		assert_int_equal(status, 0);
		assert_int_equal(read(pipes[0], why, sizeof(why)), sizeof(why));
		close(pipes[0]);
		assert_for(why, strstr(why, cases[i].reason) != NULL);
	}
}

/* Faults of user space and of the kernel, which it has when it copies to pages
 * that are not there yet; both twice. */
static const struct counter_event faults[COUNTERS] = {
	{ PERF_COUNT_SW_PAGE_FAULTS, PERF_TYPE_SOFTWARE, .user = true },
	{ PERF_COUNT_SW_PAGE_FAULTS, PERF_TYPE_SOFTWARE, .kernel = true },
	{ PERF_COUNT_SW_PAGE_FAULTS_MIN, PERF_TYPE_SOFTWARE, .user = true },
	{ PERF_COUNT_SW_PAGE_FAULTS_MIN, PERF_TYPE_SOFTWARE, .kernel = true },
};

static char *new_pages(size_t pages, size_t page_bytes)
{
	char *memory = mmap(NULL, pages * page_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	madvise(memory, pages * page_bytes, MADV_NOHUGEPAGE);
	return memory;
}

/* Touches so many pages, itself and by a read, between two reads. */
static struct counts count_faults(size_t own, size_t kernels)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char *touched = new_pages(own, page_bytes);
	char *copied = new_pages(kernels, page_bytes);
	int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct counters_reading first, second;

	counters_read(&counters, &first);
	counters_read(&counters, &second); /* the stack is there now */
	counters_read(&counters, &first);
	for (size_t i = 0; i < own; i++)
		((volatile char *)touched)[i * page_bytes] = 1;
	for (size_t i = 0; i < kernels; i++)
		assert_int_equal(read(zeros, copied + i * page_bytes, 1), 1);
	counters_read(&counters, &second);
	close(zeros);
	munmap(touched, own * page_bytes);
	munmap(copied, kernels * page_bytes);
	return counters_between(&counters, &first, &second);
}

static void this_kernel_counts_known_faults(void **state)
{
	struct counts counts = { .counted = 0 };

	(void)state;
	counters_open(&counters, &counters_kernel, faults, why);
	if (!counters.counted)
		skip_because("%s", why);
	/* The kernel may unmap a page meanwhile, to see who uses it. */
	for (int i = 0; i < 5 && counts.of[0] != 50; i++)
		counts = count_faults(50, 20);
	assert_int_equal(counts.counted, counters.counted);
	assert_int_equal(counts.of[0], 50);
	assert_int_equal(counts.of[2], 50);
	if (counters.counted == EVERY) {
		assert_int_equal(counts.of[1], 20);
		assert_int_equal(counts.of[3], 20);
	} else {
		assert_int_equal(counters.counted, USER);
		assert_for(why, strstr(why, "forbid") != NULL);
	}
	counters_close(&counters);
}

/* Whatever this machine has: an answer, and a reason or all of it. */
static void this_machines_pmu_is_there_or_not(void **state)
{
	struct counters_reading first, second;

	(void)state;
	strcpy(why, "");
	if (counters_survive(&counters_kernel, why))
		counters_open(&counters, &counters_kernel, counters_pmu, why);
	else
		skip_because("%s", why);
	assert_int_equal(why[0] != '\0', counters.counted != EVERY);
	if (!counters.counted)
		skip_because("%s", why);
	assert_int_equal(between(&first, &second).counted, counters.counted);
	counters_close(&counters);
}

#define afresh(test) cmocka_unit_test_setup(test, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		afresh(a_pmu_counts_user_and_kernel_apart),
		afresh(without_the_right_to_the_kernel_user_space_is_counted),
		afresh(a_small_pmu_counts_cycles),
		afresh(counters_that_others_hold_are_left_out),
		afresh(why_nothing_is_counted_is_said),
		afresh(a_count_is_the_growth_between_two_reads),
		afresh(counts_of_some_events_are_in_their_places),
		afresh(what_ran_in_turns_is_dropped),
		afresh(a_failed_read_is_no_count),
		afresh(a_total_may_wrap_but_not_fall),
		afresh(what_is_known_of_both_is_subtracted),
		afresh(a_median_is_of_the_turns_that_are_known),
		afresh(a_filter_that_kills_costs_a_child),
		afresh(a_real_filter_is_told_of),
		afresh(this_kernel_counts_known_faults),
		afresh(this_machines_pmu_is_there_or_not),
	};

	return check_all(tests);
}
