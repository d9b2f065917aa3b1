// SPDX-License-Identifier: MIT
/* Runs the planned launches, one worker after the other, into the store. */
#include "measure.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "cpustat.h"
#include "distribution.h"
#include "launches.h"
#include "registry.h"
#include "scaling.h"

/* The plan knows of the arms that are left only. */
int measure_plan(struct session *session)
{
	const struct options *options = session->options;
	unsigned int left[ARMS_MOST], arms = session_arms(session, left);
	struct planned *plan;

	clock_settle(&session->clock);
	session->launch_count = arms * options->launches;
	session->launches =
		calloc(session->launch_count, sizeof(*session->launches));
	plan = calloc(session->launch_count, sizeof(*plan));
	if (!session->launches || !plan) {
		free(plan);
		return session_out_of_memory(session);
	}
	plan_make(plan, arms, options->launches, options->seed);
	for (unsigned int i = 0; i < session->launch_count; i++) {
		session->launches[i].planned = plan[i];
		session->launches[i].planned.arm = left[plan[i].arm];
		session->launches[i].launched.alone_share = -1;
		deltas_forget(&session->launches[i].launched.deltas);
	}
	free(plan);
	return 0;
}

/* One launch in the making. */
struct launching {
	struct session *session;
	struct store *store;
	unsigned int index;
	int store_error;
	struct share *shares; /* came before the rows; NULL: none */
	size_t share_count;
};

static float counted_a_call(const struct row *row, enum counter counter)
{
	return (float)((double)row->counts.of[counter] / (double)row->calls);
}

struct sample measure_sample(const struct row *row, unsigned int launch,
			     double ticks_per_ns)
{
	return (struct sample){
		.ns = (double)row->ticks / ticks_per_ns / (double)row->calls,
		.jumps = (float)(row->before.jumps + row->after.jumps) / 2,
		.chain = (float)(row->before.chain + row->after.chain) / 2,
		.launch = launch,
		.dirty = batch_is_dirty(
			row, registry_get(row->benchmark)->benchmark),
		.cycles = counted_a_call(row, COUNTER_CYCLES_USER) +
			  counted_a_call(row, COUNTER_CYCLES_KERNEL),
		.instructions_user =
			counted_a_call(row, COUNTER_INSTRUCTIONS_USER),
		.instructions_kernel =
			counted_a_call(row, COUNTER_INSTRUCTIONS_KERNEL),
		.counted = row->counts.counted,
	};
}

static int keep_sample(struct session *session, const struct row *row,
		       unsigned int launch)
{
	struct trial *trial = &session->trials[row->benchmark];

	if (trial->count == trial->capacity) {
		size_t capacity = trial->capacity ? 2 * trial->capacity : 256;
		struct sample *grown =
			realloc(trial->samples, capacity * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		trial->samples = grown;
		trial->capacity = capacity;
	}
	trial->samples[trial->count++] =
		measure_sample(row, launch, session->clock.ticks_per_ns);
	return 0;
}

/* Of a launch that is not kept whole nothing is kept. */
static void forget_launch(struct session *session, unsigned int launch)
{
	scaling_forget(&session->launches[launch]);
	for (unsigned int i = 0; i < registry_count(); i++) {
		struct trial *trial = &session->trials[i];

		while (trial->count &&
		       trial->samples[trial->count - 1].launch == launch)
			trial->count--;
	}
}

static bool rows_make_sense(const struct launching *launching,
			    const struct row *rows, size_t count)
{
	unsigned int others =
		count ? (unsigned int)(launching->share_count / count) : 0;

	for (size_t i = 0; i < count; i++)
		if (rows[i].benchmark >= registry_count() || !rows[i].calls)
			return false;
	return scaling_fits(rows, count, launching->shares,
			    launching->share_count, others);
}

/* Into memory, then into the file: what is in one is in the other. */
static int keep_rows(struct launching *launching, const struct row *rows,
		     size_t count)
{
	struct session *session = launching->session;
	struct launch_record *record = &session->launches[launching->index];
	struct store_place place = {
		.arm = session->options->arms[record->planned.arm].name,
		.launch = launching->index,
		.block = record->planned.block,
	};
	unsigned int others =
		count ? (unsigned int)(launching->share_count / count) : 0;
	int error = scaling_note(session, launching->index, rows, count,
				 launching->shares, others);

	for (size_t i = 0; !error && i < count; i++)
		error = keep_sample(session, &rows[i], launching->index);
	if (!error)
		error = launching->store_error =
			store_shares(launching->store, &place, rows, count,
				     launching->shares, others);
	if (!error)
		error = launching->store_error =
			store_launch(launching->store, &place, rows, count,
				     session->clock.ticks_per_ns);
	if (error)
		forget_launch(session, launching->index);
	return error;
}

static int receive_rows(struct launching *launching, const struct row *rows,
			size_t count)
{
	struct session *session = launching->session;
	struct launch_record *record = &session->launches[launching->index];
	int error;

	if (record->done || !rows_make_sense(launching, rows, count))
		return -EPROTO;
	error = keep_rows(launching, rows, count);
	for (size_t i = 0; !error && i < count; i++) {
		record->timed_ns +=
			(double)rows[i].ticks / session->clock.ticks_per_ns;
		record->migrated += rows[i].migrated;
	}
	record->done = !error;
	return error;
}

/* They are kept with the rows, which come next. */
static int receive_shares(struct launching *launching, const void *shares,
			  size_t bytes)
{
	if (launching->shares || !bytes || bytes % sizeof(struct share))
		return -EPROTO;
	launching->shares = malloc(bytes);
	if (!launching->shares)
		return -ENOMEM;
	memcpy(launching->shares, shares, bytes);
	launching->share_count = bytes / sizeof(struct share);
	return 0;
}

static int receive_launch(void *argument, enum message_kind kind,
			  const void *payload, size_t bytes)
{
	struct launching *launching = argument;
	struct launch_record *record =
		&launching->session->launches[launching->index];

	if (kind == MESSAGE_LAUNCHED && bytes == sizeof(record->launched))
		memcpy(&record->launched, payload, bytes);
	else if (kind == MESSAGE_SHARES)
		return receive_shares(launching, payload, bytes);
	else if (kind == MESSAGE_ROWS && bytes % sizeof(struct row) == 0)
		return receive_rows(launching, payload,
				    bytes / sizeof(struct row));
	else
		return -EPROTO;
	return 0;
}

static int keep_launch(struct launching *launching)
{
	struct table *launches = &launching->store->tables[STORE_LAUNCHES];

	launches_print(launches->file, launching->session, launching->index);
	return table_keep(launches);
}

/* What the launch, which is over, means to the session. */
static void take_stock(struct launching *launching)
{
	struct session *session = launching->session;
	const struct launch_record *record =
		&session->launches[launching->index];
	int error = keep_launch(launching);

	/* Its rows came, all or none: what becomes of it then does not count. */
	session->launches_done += record->done;
	if (launcher_interrupted())
		session_fail(session, 130, "interrupted");
	else if (launching->store_error)
		session_fail(session, 2,
			     "cannot write samples.csv: %s; what came "
			     "before is kept: make room and run again",
			     strerror(-launching->store_error));
	else if (error)
		session_fail(session, 2,
			     "cannot write launches.csv: %s; what came "
			     "before is kept: make room and run again",
			     strerror(-error));
	else if (!record->done)
		snprintf(session->problem, sizeof(session->problem),
			 "launch %u: %s", launching->index, record->problem);
}

/* Runs one launch; false: the run is over. `tasks` has room for all. */
static bool run_launch(struct launching *launching, struct task *tasks)
{
	struct session *session = launching->session;
	struct launch_record *record = &session->launches[launching->index];
	unsigned int index = record->planned.arm;
	const struct arm *arm = &session->options->arms[index];
	struct job job = session_job(session, JOB_LAUNCH, index);
	struct ending ending;
	int error;

	job.count = session_tasks(session, 0, true, tasks);
	session_add_work(session, index, tasks, job.count);
	error = launcher_run(&session->launcher, arm->wrap, &job, tasks,
			     receive_launch, launching, &ending);
	free(launching->shares);
	launching->shares = NULL;
	launching->share_count = 0;
	record->wall_ns = ending.wall_ns;
	record->padding = ending.padding;
	if (!record->done)
		snprintf(record->problem, sizeof(record->problem), "%s",
			 error ? strerror(-error) : ending.problem);
	take_stock(launching);
	return !session->status;
}

void measure_launches(struct session *session, struct store *store,
		      void (*progress)(const struct session *session,
				       unsigned int next))
{
	struct task *tasks = calloc(registry_count() + 1, sizeof(*tasks));
	struct launching launching = { .session = session, .store = store };

	if (!tasks) {
		session_out_of_memory(session);
		return;
	}
	cpustat_read(&session->sibling_start, session->choice.sibling);
	do {
		progress(session, launching.index);
	} while (run_launch(&launching, tasks) &&
		 ++launching.index < session->launch_count);
	cpustat_read(&session->sibling_end, session->choice.sibling);
	clock_finish(&session->clock);
	session->complete = session->launches_done == session->launch_count;
	session->wall_ns = clock_raw_ns() - session->start_ns;
	free(tasks);
}

void measure_free(struct session *session)
{
	for (unsigned int i = 0; session->trials && i < registry_count(); i++)
		free(session->trials[i].samples);
	for (unsigned int i = 0; session->launches && i < session->launch_count;
	     i++)
		scaling_forget(&session->launches[i]);
	distribution_free(session);
	history_free(&session->history);
	json_decref(session->environment);
	free(session->trials);
	free(session->launches);
}
