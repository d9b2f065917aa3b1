// SPDX-License-Identifier: MIT
/* Every row of the catalogue keeps the contract of benchmark.h. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "batch.h"
#include "bound.h"
#include "check.h"
#include "registry.h"

static int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	if (!folder)
		return -1;
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
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

/* The first test: nothing has been opened before. */
static void rows_leave_nothing_behind(void **state)
{
	int before = count_descriptors();

	every_row_runs_and_verifies(state);
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
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
		cmocka_unit_test(rows_leave_nothing_behind),
		cmocka_unit_test(every_row_says_what_it_is),
		cmocka_unit_test(every_row_runs_and_verifies),
		cmocka_unit_test(rows_can_be_open_together),
	};

	if (bind_as_a_worker() || registry_init())
		return 1;
	return check_all(tests);
}
