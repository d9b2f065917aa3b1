// SPDX-License-Identifier: MIT
/* One launch of single calls: every row set up, stamped in rounds, sent. */
#define _GNU_SOURCE
#include "stamps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "batch.h"
#include "crowd.h"
#include "gbench.h"
#include "registry.h"

#define EMPTY_PAIRS 200 /* a round */

struct stamping;

/* What a round stamps of a row, or of nothing. */
struct visited {
	struct stamping *stamping;
	struct subject subject; /* benchmark NULL: nothing */
	uint64_t stamps;
	struct stamped *stamped;
};

struct stamping {
	const struct job *job;
	struct visited *visited;   /* the tasks', then that of nothing */
	struct stamped *stamped;   /* in the same order */
	struct histogram unwanted; /* of calls that only warm up */
	int error;		   /* of the crowd: nothing counts */
	char *why;		   /* CONDITION_WHY_BYTES */
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* No more calls in a row than a batch has: so many after prepare are what the
 * row is made for. */
static void stamp_row(struct visited *visited, struct histogram *histogram)
{
	struct stamping *stamping = visited->stamping;
	struct subject *subject = &visited->subject;
	bool counter = stamping->job->counter != 0;
	uint64_t piece = least(visited->stamps, subject->calls);

	batch_stamp(subject,
		    subject->benchmark->rehearse ? piece : piece / 10 + 1,
		    counter, &stamping->unwanted);
	for (uint64_t left = visited->stamps; left; left -= piece) {
		piece = least(left, subject->calls);
		batch_stamp(subject, piece, counter, histogram);
	}
}

static void stamp_nothing(struct visited *visited, struct histogram *histogram)
{
	struct stamping *stamping = visited->stamping;
	bool counter = stamping->job->counter != 0;

	batch_stamp(NULL, visited->stamps / 10 + 1, counter,
		    &stamping->unwanted);
	batch_stamp(NULL, visited->stamps, counter, histogram);
}

static void visit(struct visited *visited, struct histogram *histogram)
{
	struct stamping *stamping = visited->stamping;
	const struct subject *subject = &visited->subject;

	if (!subject->benchmark) {
		stamp_nothing(visited, histogram);
		return;
	}
	/* Threads, where there are some, are in the row before it is stamped;
	 * while nothing is, they go on with the row before. */
	crowd_join_or_say(subject->index, subject->calls,
			  stamping->job->counter != 0, &stamping->error,
			  stamping->why);
	stamp_row(visited, histogram);
}

/* Google Benchmark takes a time above zero; it is not used. */
static double visit_scheduled(void *argument)
{
	struct visited *visited = argument;
	struct stamped *stamped = visited->stamped;
	struct rusage before, after;

	getrusage(RUSAGE_THREAD, &before);
	visit(visited, &stamped->ticks);
	getrusage(RUSAGE_THREAD, &after);
	stamped->nivcsw += (uint32_t)(after.ru_nivcsw - before.ru_nivcsw);
	stamped->minflt += (uint32_t)(after.ru_minflt - before.ru_minflt);
	return 1e-5;
}

static int open_row(struct visited *visited, const struct task *task)
{
	const struct registry_entry *entry = registry_get(task->benchmark);
	int error = batch_open(&visited->subject, entry->benchmark);

	if (error)
		return error;
	visited->subject.index = task->benchmark;
	visited->subject.calls = task->calls;
	visited->stamps = task->stamps;
	visited->stamped->benchmark = task->benchmark;
	return gbench_register(entry->name, visit_scheduled, visited,
			       task->stamps);
}

static int open_nothing(struct visited *visited)
{
	visited->stamps = EMPTY_PAIRS;
	visited->stamped->benchmark = registry_count();
	return gbench_register("stamp", visit_scheduled, visited, EMPTY_PAIRS);
}

static int open_all(struct stamping *stamping, const struct task *tasks)
{
	uint32_t count = stamping->job->count;
	int error = 0;

	for (uint32_t i = 0; !error && i <= count; i++) {
		struct visited *visited = &stamping->visited[i];

		visited->stamping = stamping;
		visited->stamped = &stamping->stamped[i];
		error = i < count ? open_row(visited, &tasks[i])
				  : open_nothing(visited);
	}
	return error;
}

/* A round that is not kept: code, data and branch history are warm, and every
 * page that is counted in has been written to. */
static void warm_up(struct stamping *stamping)
{
	for (uint32_t i = 0; i <= stamping->job->count; i++) {
		struct histogram *ticks = &stamping->stamped[i].ticks;

		visit(&stamping->visited[i], ticks);
		memset(ticks, 0, sizeof(*ticks));
	}
}

static int run_rounds(struct stamping *stamping, const struct task *tasks)
{
	uint32_t count = stamping->job->count;
	int error = open_all(stamping, tasks);

	if (!error)
		warm_up(stamping);
	if (!error)
		error = gbench_run(stamping->job->rounds);
	if (!error)
		error = stamping->error;
	crowd_end();
	for (uint32_t i = 0; !error && i < count; i++)
		batch_close(&stamping->visited[i].subject);
	return error;
}

static int make_room(struct stamping *stamping)
{
	size_t count = (size_t)stamping->job->count + 1;

	stamping->visited = calloc(count, sizeof(*stamping->visited));
	stamping->stamped = calloc(count, sizeof(*stamping->stamped));
	return stamping->visited && stamping->stamped ? 0 : -ENOMEM;
}

int stamps_run(int out, const struct job *job, const struct task *tasks,
	       char *why)
{
	struct stamping stamping = { .job = job, .why = why };
	int error = make_room(&stamping);

	if (!error)
		error = run_rounds(&stamping, tasks);
	if (!error)
		error = message_send(out, MESSAGE_STAMPED, stamping.stamped,
				     ((size_t)job->count + 1) *
					     sizeof(*stamping.stamped));
	free(stamping.stamped);
	free(stamping.visited);
	return error;
}
