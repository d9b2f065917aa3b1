// SPDX-License-Identifier: MIT
/* A launch from its job to the summary, by a simulated PMU. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "check.h"
#include "clock.h"
#include "hand_made.h"
#include "measure.h"
#include "rounds.h"
#include "summary.h"

#define CALLS	    1000
#define ROUNDS	    6
#define AROUND	    700
#define A_CALL	    5
#define BEFORE_ROWS (2 + 2 * 9 * 2) /* a check, and 9 turns around 1 + 1 rows */

/*
 * A PMU that grows between the two reads of a pair alone: by AROUND and, once
 * the reads before the rounds are over, by A_CALL and the event's place for
 * each call of a batch.
 */
static struct pmu {
	int error; /* of opening */
	int kernel_error;
	unsigned int members, open_now, reads;
	int failing; /* this read, from 1 */
	uint64_t values[COUNTERS];
} * pmu; /* shared with the launches */

static int open_pmu(const struct perf_event_attr *event, int group)
{
	if (group < 0)
		pmu->members = 0;
	if (pmu->error)
		return pmu->error;
	if (pmu->kernel_error && !event->exclude_kernel)
		return pmu->kernel_error;
	pmu->open_now++;
	return 100 + (int)pmu->members++;
}

static int enable_pmu(int group)
{
	(void)group;
	return 0;
}

static void grow(void)
{
	for (unsigned int i = 0; i < pmu->members; i++)
		pmu->values[i] +=
			AROUND +
			(pmu->reads > BEFORE_ROWS ? (A_CALL + i) * CALLS : 0);
}

static ssize_t read_pmu(int group, void *values, size_t bytes)
{
	struct counters_reading reading = { .raw.events = pmu->members };
	size_t size = 24 + 8 * pmu->members;

	(void)group;
	(void)bytes;
	pmu->reads++;
	if (pmu->reads % 2 == 0)
		grow();
	if ((int)pmu->reads == pmu->failing)
		return -EIO;
	reading.raw.enabled_ns = reading.raw.running_ns = pmu->reads;
	memcpy(reading.raw.values, pmu->values, sizeof(pmu->values));
	memcpy(values, &reading.raw, size);
	return (ssize_t)size;
}

static void close_pmu(int event)
{
	(void)event;
	pmu->open_now--;
}

static const struct counters_system simulated = {
	.open = open_pmu,
	.enable = enable_pmu,
	.read = read_pmu,
	.close = close_pmu,
};

static int forget(void **state)
{
	(void)state;
	memset(pmu, 0, sizeof(*pmu));
	return 0;
}

/* What a launch sends. */
struct sent {
	struct launched launched;
	struct row rows[2 * ROUNDS];
	size_t count;
};

static void receive(int file, struct sent *sent)
{
	size_t capacity = 0, bytes = 0;
	void *payload = NULL;

	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(message_receive(file, &payload, &capacity, &bytes),
			 MESSAGE_LAUNCHED);
	assert_int_equal(bytes, sizeof(sent->launched));
	memcpy(&sent->launched, payload, bytes);
	assert_int_equal(message_receive(file, &payload, &capacity, &bytes),
			 MESSAGE_ROWS);
	assert_true(bytes <= sizeof(sent->rows));
	memcpy(sent->rows, payload, bytes);
	sent->count = bytes / sizeof(sent->rows[0]);
	free(payload);
}

/* In a process of its own, as a worker is: Google Benchmark runs once. */
static void run_emulated(struct sent *sent, uint32_t emulated)
{
	struct job job = { .kind = JOB_LAUNCH,
			   .rounds = ROUNDS,
			   .probe_scale = 1,
			   .emulated = emulated,
			   .ticks_per_ns = 1,
			   .batch_ns = 50000,
			   .count = 1 };
	struct task task = { .calls = CALLS,
			     .benchmark = row_named("getppid/inline") };
	FILE *file = tmpfile();
	char why[CONDITION_WHY_BYTES] = "";
	int status = -1;
	pid_t child;

	assert_non_null(file);
	memset(sent, 0, sizeof(*sent));
	child = fork();
	if (child == 0) {
		let_children_crash();
		_exit(-rounds_run(fileno(file), &job, &task, &simulated,
				  &sent->launched, why));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	receive(fileno(file), sent);
	fclose(file);
	assert_int_equal(sent->count, ROUNDS);
	assert_int_equal(pmu->open_now, 0);
}

static void run_launch(struct sent *sent)
{
	run_emulated(sent, 0);
}

/* The summary of such launches, in a clean session. */
static void summarize(const struct sent *sent, unsigned int launches,
		      char *line, size_t size)
{
	static struct hand_made made;
	struct summary summary;
	struct trial *trial;
	FILE *file = fmemopen(line, size, "w");

	assert_non_null(file);
	hand_make(&made, 1, launches);
	trial = hand_try(&made, sent->rows[0].benchmark, 16);
	trial->samples = calloc(launches * ROUNDS, sizeof(*trial->samples));
	for (unsigned int i = 0; i < launches * ROUNDS; i++)
		trial->samples[trial->count++] =
			measure_sample(&sent->rows[i % ROUNDS], i / ROUNDS, 1);
	assert_int_equal(summary_make(&summary, &made.session), 0);
	summary_write(&summary, &made.session, file);
	fclose(file);
	summary_free(&summary);
	hand_free(&made);
}

/* Two reads, probes and the untimed run are left out: what is left is 5 and 6
 * cycles, 7 and 8 instructions a call. */
static void what_a_pmu_counts_reaches_the_summary(void **state)
{
	struct sent sent;
	char text[2048];

	(void)state;
	run_launch(&sent);
	assert_int_equal(sent.launched.counted.counters, (1U << COUNTERS) - 1);
	assert_string_equal(sent.launched.counted.why, "");
	for (unsigned int i = 0; i < COUNTERS; i++)
		assert_int_equal(sent.launched.counted.overhead.of[i], AROUND);
	for (size_t i = 0; i < sent.count; i++) {
		assert_int_equal(sent.rows[i].counts.counted,
				 (1U << COUNTERS) - 1);
		for (unsigned int j = 0; j < COUNTERS; j++)
			assert_int_equal(sent.rows[i].counts.of[j],
					 (A_CALL + j) * CALLS);
	}
	summarize(&sent, 3, text, sizeof(text));
	assert_non_null(strstr(text, ",11.00,"));
	assert_non_null(strstr(text, ",pmu,7.00,8.00\n"));
}

static void a_batch_that_was_not_read_is_not_counted(void **state)
{
	struct sent sent;

	(void)state;
	pmu->failing = BEFORE_ROWS + 3; /* the first of the second batch */
	run_launch(&sent);
	for (size_t i = 0; i < sent.count; i++)
		assert_int_equal(sent.rows[i].counts.counted,
				 i == 1 ? 0 : (1U << COUNTERS) - 1);
}

static void user_space_alone_is_no_count_of_cycles(void **state)
{
	struct sent sent;
	char text[2048];

	(void)state;
	pmu->kernel_error = -EACCES;
	run_launch(&sent);
	assert_int_equal(sent.launched.counted.counters,
			 1U << COUNTER_CYCLES_USER |
				 1U << COUNTER_INSTRUCTIONS_USER);
	assert_non_null(
		strstr(sent.launched.counted.why, "perf_event_paranoid"));
	summarize(&sent, 3, text, sizeof(text));
	assert_non_null(strstr(text, ",adds,6.00,\n"));
}

static void a_launch_without_a_pmu_is_whole(void **state)
{
	struct sent sent;
	char text[2048];

	(void)state;
	pmu->error = -ENOENT;
	run_launch(&sent);
	assert_int_equal(pmu->reads, 0);
	assert_int_equal(sent.launched.counted.counters, 0);
	assert_non_null(strstr(sent.launched.counted.why, "no PMU"));
	for (size_t i = 0; i < sent.count; i++)
		assert_int_equal(sent.rows[i].counts.counted, 0);
	summarize(&sent, 3, text, sizeof(text));
	assert_non_null(strstr(text, ",adds,,\n"));
}

/* How long an emulated loop takes says nothing of a neighbour. */
static void an_emulated_launch_does_not_know_who_shared(void **state)
{
	struct sent sent;

	(void)state;
	run_emulated(&sent, 1);
	assert_true(sent.launched.alone_share < 0);
	run_launch(&sent);
	if (empty_loop_cycles() || hundred_jumps_cycles())
		assert_true(sent.launched.alone_share >= 0);
}

/* Who asks would be killed: a child tried it. */
static void what_must_not_be_tried_is_not_tried(void **state)
{
	static const struct counters_system none = { .open = NULL };
	struct job job = { .probe_scale = 1, .ticks_per_ns = 1 };
	struct launched launched = { .counted.why = "it kills" };
	FILE *file = tmpfile();
	char why[CONDITION_WHY_BYTES] = "";

	(void)state;
	assert_non_null(file);
	assert_int_equal(
		rounds_run(fileno(file), &job, NULL, &none, &launched, why), 0);
	assert_int_equal(launched.counted.counters, 0);
	assert_string_equal(launched.counted.why, "it kills");
	fclose(file);
}

#define afresh(test) cmocka_unit_test_setup(test, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		afresh(what_a_pmu_counts_reaches_the_summary),
		afresh(a_batch_that_was_not_read_is_not_counted),
		afresh(user_space_alone_is_no_count_of_cycles),
		afresh(a_launch_without_a_pmu_is_whole),
		afresh(an_emulated_launch_does_not_know_who_shared),
		afresh(what_must_not_be_tried_is_not_tried),
	};

	pmu = mmap(NULL, sizeof(*pmu), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pmu == MAP_FAILED || registry_init())
		return 1;
	return check_all(tests);
}
