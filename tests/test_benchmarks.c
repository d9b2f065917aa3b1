// SPDX-License-Identifier: MIT
/* Every row of the catalogue keeps the contract of benchmark.h. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "arch.h"
#include "batch.h"
#include "bound.h"
#include "check.h"
#include "registry.h"

#define ACTION_BYTES 64 /* the kernel's own struct sigaction fits */

static int count_files(const char *name)
{
	DIR *folder = opendir(name);
	int count = 0;

	if (!folder)
		return -1;
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static int count_descriptors(void)
{
	return count_files("/proc/self/fd");
}

/* What a row must leave as it found it. */
struct left {
	int descriptors;
	int threads;
	mode_t file_mask;
	sigset_t signal_mask;
	unsigned char actions[_NSIG][ACTION_BYTES];
};

/* Lines and bytes: a mapping that was left may have joined its neighbour. */
struct mapped {
	int mappings;
	unsigned long bytes;
};

static void look(struct left *left)
{
	memset(left, 0, sizeof(*left));
	left->descriptors = count_descriptors();
	left->threads = count_files("/proc/self/task");
	left->file_mask = umask(0);
	umask(left->file_mask);
	sigprocmask(SIG_SETMASK, NULL, &left->signal_mask);
	for (int number = 1; number < _NSIG; number++)
		syscall4(SYS_rt_sigaction, number, 0,
			 (long)left->actions[number], _NSIG / 8);
}

static struct mapped look_at_mappings(void)
{
	struct mapped mapped = { 0, 0 };
	unsigned long begin, end;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &begin, &end) != 2)
			continue;
		mapped.mappings++;
		mapped.bytes += end - begin;
	}
	fclose(maps);
	return mapped;
}

static void every_row_says_what_it_is(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < registry_count(); i++) {
		const struct registry_entry *entry = registry_get(i);

		assert_for(entry->name,
			   strlen(entry->name) < REGISTRY_NAME_BYTES - 1);
		assert_for(entry->name, !strpbrk(entry->name, ", \t\n\""));
		assert_for(entry->name, entry->group->summary[0]);
		assert_for(entry->name, entry->benchmark->path[0]);
		assert_for(entry->name, entry->benchmark->run != NULL);
		assert_for(entry->name, entry->benchmark->summary &&
						entry->benchmark->summary[0]);
		assert_for(entry->name, entry->benchmark->entries >= 0);
	}
}

static void run_calls(struct subject *subject, uint64_t calls)
{
	const struct benchmark *benchmark = subject->benchmark;

	if (benchmark->prepare)
		benchmark->prepare(&subject->context);
	benchmark->run(&subject->context, batch_whole(benchmark, calls));
	if (benchmark->leave)
		benchmark->leave(&subject->context);
}

static void use(const struct registry_entry *entry)
{
	const struct benchmark *benchmark = entry->benchmark;
	struct subject subject = { .index = 0 };
	const char *problem;
	int error = batch_open(&subject, benchmark);

	if (error)
		print_error("%s: %s\n", entry->name, strerror(-error));
	assert_int_equal(error, 0);
	problem = benchmark->verify ? benchmark->verify(&subject.context)
				    : NULL;
	if (problem)
		print_error("%s: %s\n", entry->name, problem);
	assert_null(problem);
	run_calls(&subject, 1);
	run_calls(&subject, 10);
	batch_close(&subject);
}

static void every_row_runs_and_verifies(void **state)
{
	unsigned int skipped = 0;

	(void)state;
	let_children_crash();
	for (unsigned int i = 0; i < registry_count(); i++) {
		const struct registry_entry *entry = registry_get(i);
		const struct benchmark *benchmark = entry->benchmark;
		const char *reason = benchmark->supported
					     ? benchmark->supported(benchmark)
					     : NULL;

		if (!reason) {
			use(entry);
			continue;
		}
		assert_for(entry->name, reason[0]);
		print_message("%s is skipped: %s\n", entry->name, reason);
		skipped++;
	}
	assert_true(skipped < registry_count());
}

static void rows_leave_nothing_behind(void **state)
{
	int before = count_descriptors();

	every_row_runs_and_verifies(state);
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

static void use_and_compare(const struct registry_entry *entry)
{
	static struct left before, after;

	look(&before);
	use(entry);
	look(&after);
	assert_for(entry->name, memcmp(&before, &after, sizeof(before)) == 0);
	assert_for(entry->name, waitpid(-1, NULL, WNOHANG | __WALL) < 0);
}

/* Memory that the C library keeps for the next time may come with any use, but
 * not with each. */
static void check_what_is_left(const struct registry_entry *entry)
{
	bool steady = false;

	use_and_compare(entry);
	for (int attempt = 0; attempt < 5 && !steady; attempt++) {
		struct mapped before = look_at_mappings(), after;

		use_and_compare(entry);
		after = look_at_mappings();
		steady = before.mappings == after.mappings &&
			 before.bytes == after.bytes;
	}
	assert_for(entry->name, steady);
}

/* The first test: what a row's first use leaves for good is seen too. */
static void each_row_leaves_all_as_it_was(void **state)
{
	(void)state;
	let_children_crash();
	for (unsigned int i = 0; i < registry_count(); i++) {
		const struct registry_entry *entry = registry_get(i);
		const struct benchmark *benchmark = entry->benchmark;

		if (!benchmark->supported || !benchmark->supported(benchmark))
			check_what_is_left(entry);
	}
}

/* All of a launch's rows are open at once. */
static void rows_can_be_open_together(void **state)
{
	static struct subject subjects[4096];
	int before = count_descriptors();

	(void)state;
	let_children_crash();
	assert_true(registry_count() <= COUNT(subjects));
	for (int step = 0; step < 3; step++) {
		for (unsigned int i = 0; i < registry_count(); i++) {
			const struct registry_entry *entry = registry_get(i);
			const struct benchmark *benchmark = entry->benchmark;

			if (benchmark->supported &&
			    benchmark->supported(benchmark))
				continue;
			if (step == 0)
				assert_for(entry->name,
					   batch_open(&subjects[i],
						      benchmark) == 0);
			else if (step == 1)
				run_calls(&subjects[i], 2);
			else
				batch_close(&subjects[i]);
		}
	}
	assert_int_equal(count_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_leaves_all_as_it_was),
		cmocka_unit_test(rows_leave_nothing_behind),
		cmocka_unit_test(every_row_says_what_it_is),
		cmocka_unit_test(every_row_runs_and_verifies),
		cmocka_unit_test(rows_can_be_open_together),
	};

	if (bind_as_a_worker() || registry_init())
		return 1;
	return check_all(tests);
}
