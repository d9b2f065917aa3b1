// SPDX-License-Identifier: MIT
/* One launch: every row set up, the rounds run, the rows sent. */
#define _GNU_SOURCE
#include "rounds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch.h"
#include "batch.h"
#include "crowd.h"
#include "deltas.h"
#include "gbench.h"
#include "registry.h"
#include "shares.h"
#include "try.h"

#define ALONE_FACTOR	1.5
#define YARDSTICK_TURNS 9
#define YARDSTICK_PART	5 /* of a batch: 10 us mostly */
#define AROUND_TURNS	9

/* One launch: the rows are kept here until the end, so that nothing but the
 * batch and its probes happens between batches. */
struct launch {
	const struct job *job;
	const struct counters_system *system;
	struct probe probe;
	struct counters counters;
	struct subject *subjects;
	struct row *rows;
	struct shares shares; /* of the threads beside, where there are some */
	size_t capacity, count;
	int error; /* of the crowd: nothing of this launch counts */
	char *why; /* CONDITION_WHY_BYTES */
};

/* What Google Benchmark hands back to us for one row. */
struct scheduled {
	struct launch *launch;
	struct subject *subject;
};

/* Threads, where there are some, are in the row before its batch begins. */
static int join_crowd(struct launch *launch, const struct subject *subject)
{
	return crowd_join_or_say(subject->index, subject->calls,
				 launch->job->counter != 0, &launch->error,
				 launch->why);
}

/* Returns seconds above zero: Google Benchmark would repeat a batch of none
 * with more and more calls. */
static double run_scheduled(void *argument)
{
	struct scheduled *scheduled = argument;
	struct launch *launch = scheduled->launch;
	struct row *row = &launch->rows[launch->count];
	double seconds;

	join_crowd(launch, scheduled->subject);
	batch_run(scheduled->subject, &launch->probe, launch->job->counter != 0,
		  launch->counters.counted ? &launch->counters : NULL, row);
	/* Somebody may have moved this process for good. */
	row->migrated |= row->cpu != launch->job->cpu;
	row->seq = (uint32_t)launch->count;
	shares_note(&launch->shares, row);
	if (launch->count + 1 < launch->capacity)
		launch->count++;
	seconds = (double)row->ticks / launch->job->ticks_per_ns * 1e-9;
	return seconds > 1e-5 ? seconds : 1e-5;
}

/* The least of a few short batches a yardstick, in ticks a call. */
static double measure_yardstick(const struct job *job, enum yardstick which)
{
	const struct registry_entry *entry = registry_yardstick(which);
	double ticks_per_call = -1;
	struct subject subject;

	if (!entry || batch_open(&subject, entry->benchmark))
		return -1;
	subject.calls = try_size_batch(&subject, job,
				       job->batch_ns / YARDSTICK_PART, NULL);
	for (int i = 0; i < YARDSTICK_TURNS; i++) {
		double ticks = (double)batch_ticks(&subject, subject.calls,
						   job->counter != 0) /
			       (double)subject.calls;

		if (ticks_per_call < 0 || ticks < ticks_per_call)
			ticks_per_call = ticks;
	}
	batch_close(&subject);
	return ticks_per_call;
}

/* Every page that will be written is touched now, not in a timed batch. No fork
 * copies them, or its cost would hang on how much is measured beside it. */
static int make_room(struct launch *launch)
{
	size_t bytes;
	void *rows;

	launch->capacity = (size_t)launch->job->rounds * launch->job->count + 1;
	bytes = launch->capacity * sizeof(*launch->rows);
	rows = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (rows == MAP_FAILED)
		return -ENOMEM;
	launch->rows = rows;
	madvise(rows, bytes, MADV_DONTFORK);
	memset(rows, 1, bytes);
	if (probe_init(&launch->probe, launch->job->probe_scale))
		return -ENOMEM;
	if (launch->job->emulated)
		probe_lead_long(&launch->probe);
	return shares_make_room(&launch->shares, launch->job, launch->capacity);
}

static void free_room(struct launch *launch)
{
	probe_free(&launch->probe);
	shares_free(&launch->shares);
	if (launch->rows)
		munmap(launch->rows, launch->capacity * sizeof(*launch->rows));
}

/* Opens every task's row and registers it with the scheduler. */
static int open_subjects(struct launch *launch, const struct task *tasks,
			 struct scheduled *scheduled)
{
	for (uint32_t i = 0; i < launch->job->count; i++) {
		struct subject *subject = &launch->subjects[i];
		const struct registry_entry *entry =
			registry_get(tasks[i].benchmark);
		int error = batch_open(subject, entry->benchmark);

		if (error)
			return error;
		subject->index = tasks[i].benchmark;
		subject->calls = tasks[i].calls;
		subject->hundreds_a_call =
			(double)tasks[i].hundreds / (double)tasks[i].calls;
		scheduled[i] = (struct scheduled){ launch, subject };
		error = gbench_register(entry->name, run_scheduled,
					&scheduled[i], subject->calls);
		if (error)
			return error;
	}
	return 0;
}

/* A round of short batches that are not kept: code, data and branch history
 * are warm. */
static int warm_up(struct launch *launch)
{
	for (uint32_t i = 0; i < launch->job->count; i++) {
		struct subject *subject = &launch->subjects[i];

		if (join_crowd(launch, subject))
			return launch->error;
		batch_ticks(subject,
			    batch_whole(subject->benchmark,
					subject->calls / 10 + 1),
			    launch->job->counter != 0);
		probe_turn(&launch->probe);
	}
	return 0;
}

/* What happens meanwhile is read before the first batch and after the last. */
static int measure_rounds(const struct launch *launch, struct deltas *deltas)
{
	const struct job *job = launch->job;
	struct moment before, after;
	int error;

	moment_before(&before, job->cpu, job->counter != 0);
	error = gbench_run(job->rounds);
	moment_after(&after, job->cpu, job->counter != 0);
	deltas_between(deltas, &before, &after,
		       job->counter ? job->ticks_per_ns : 0);
	return error;
}

static void run_nothing(struct context *context, uint64_t calls)
{
	(void)context;
	(void)calls;
}

/* After the rows are set up: descriptors that they need are theirs. */
static void open_counters(struct launch *launch, struct counted *counted)
{
	static const struct benchmark nothing = { .run = run_nothing };
	struct subject subject = { .benchmark = &nothing };
	struct counts turns[AROUND_TURNS];

	if (counted->why[0])
		return;
	counters_open(&launch->counters, launch->system, counters_pmu,
		      counted->why);
	counted->counters = launch->counters.counted;
	if (!counted->counters)
		return;
	for (int i = 0; i < AROUND_TURNS; i++)
		turns[i] = batch_around(&subject, &launch->probe,
					&launch->counters);
	counted->overhead = counters_median(turns, AROUND_TURNS);
}

/* Row after row, so that each finds the caches as it does in a round. */
static int count_around(struct launch *launch)
{
	uint32_t count = launch->job->count;
	struct counts *turns = calloc(count * AROUND_TURNS + 1, sizeof(*turns));

	if (!turns)
		return -ENOMEM;
	for (uint32_t i = 0; !launch->error && i < count * AROUND_TURNS; i++) {
		struct subject *subject = &launch->subjects[i % count];

		if (!join_crowd(launch, subject))
			turns[i % count * AROUND_TURNS + i / count] =
				batch_around(subject, &launch->probe,
					     &launch->counters);
	}
	for (uint32_t i = 0; i < count; i++)
		launch->subjects[i].around = counters_median(
			&turns[(size_t)i * AROUND_TURNS], AROUND_TURNS);
	free(turns);
	return launch->error;
}

static int run_rounds(struct launch *launch, const struct task *tasks,
		      struct launched *launched)
{
	struct scheduled *scheduled =
		calloc(launch->job->count, sizeof(*scheduled));
	int error = scheduled ? open_subjects(launch, tasks, scheduled)
			      : -ENOMEM;

	if (!error) {
		open_counters(launch, &launched->counted);
		for (int i = YARDSTICK_NONE + 1; i < YARDSTICKS; i++)
			launched->yardstick_ticks[i] =
				measure_yardstick(launch->job, i);
		error = warm_up(launch);
	}
	if (!error && launch->counters.counted)
		error = count_around(launch);
	if (!error)
		error = measure_rounds(launch, &launched->deltas);
	if (!error)
		error = launch->error;
	crowd_end();
	counters_close(&launch->counters);
	for (uint32_t i = 0; !error && i < launch->job->count; i++)
		batch_close(&launch->subjects[i]);
	free(scheduled);
	return error;
}

/* What a probe's turn takes at the most on a core of one's own, in ticks: where
 * a neighbour makes it twice as long. The launch's own adds say how long a
 * cycle is, whatever the frequency. 0: this CPU does not tell by it. */
static double loop_limit(double cycle_ticks)
{
	return ALONE_FACTOR * empty_loop_cycles() * PROBE_LOOP_STEPS *
	       cycle_ticks;
}

static double jumps_limit(const struct probe *probe, double cycle_ticks)
{
	return ALONE_FACTOR * hundred_jumps_cycles() * (double)probe->hundreds *
	       cycle_ticks;
}

/* -1: not known. An emulated loop takes what the emulator makes of it. */
static double alone_share(const struct launch *launch,
			  const struct launched *launched)
{
	double cycle = launched->yardstick_ticks[YARDSTICK_ADDS] / 1000;
	double loop = loop_limit(cycle);
	double jumps = jumps_limit(&launch->probe, cycle);
	size_t alone = 0;

	if (launch->job->emulated || cycle <= 0 || !launch->count ||
	    (loop <= 0 && jumps <= 0))
		return -1;
	for (size_t i = 0; i < launch->count; i++) {
		const struct probe_ticks *before = &launch->rows[i].before;
		const struct probe_ticks *after = &launch->rows[i].after;

		alone += loop > 0 ? (before->loop < loop) + (after->loop < loop)
				  : (before->jumps < jumps) +
					    (after->jumps < jumps);
	}
	return (double)alone / (2 * (double)launch->count);
}

static int send_launch(int out, const struct launch *launch,
		       const struct launched *launched)
{
	int error = message_send(out, MESSAGE_LAUNCHED, launched,
				 sizeof(*launched));

	if (!error)
		error = shares_send(out, &launch->shares, launch->count);
	if (!error)
		error = message_send(out, MESSAGE_ROWS, launch->rows,
				     launch->count * sizeof(*launch->rows));
	return error;
}

int rounds_run(int out, const struct job *job, const struct task *tasks,
	       const struct counters_system *system, struct launched *launched,
	       char *why)
{
	struct launch launch = { .job = job, .system = system, .why = why };
	int error;

	launch.subjects = calloc(job->count, sizeof(*launch.subjects));
	error = launch.subjects ? make_room(&launch) : -ENOMEM;
	if (!error)
		error = run_rounds(&launch, tasks, launched);
	if (!error)
		launched->alone_share = alone_share(&launch, launched);
	if (!error)
		error = send_launch(out, &launch, launched);
	free_room(&launch);
	free(launch.subjects);
	return error;
}
