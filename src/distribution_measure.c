// SPDX-License-Identifier: MIT
/* Runs the launches of single calls, one worker after the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "distribution.h"
#include "registry.h"

/* One launch in the making. */
struct stamping_launch {
	struct session *session;
	unsigned int arm;
	bool kept;
};

/* The rows that may be stamped, in `tasks`, which has room for all. */
static uint32_t list_tasks(const struct session *session, struct task *tasks)
{
	uint32_t tried = session_tasks(session, 0, true, tasks), count = 0;
	char reason[DISTRIBUTION_REASON_BYTES];

	for (uint32_t i = 0; i < tried; i++) {
		unsigned int benchmark = tasks[i].benchmark;

		if (distribution_row_refused(session, benchmark, reason))
			continue;
		tasks[count] = tasks[i];
		tasks[count++].stamps = distribution_stamps(
			session->trials[benchmark].tried.cost_ns);
	}
	return count;
}

static unsigned int list_arms(const struct session *session, unsigned int *arms)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < session->options->arm_count; i++)
		if (!distribution_arm_refused(session, i))
			arms[count++] = i;
	return count;
}

/* Another draw than that of the batches' launches. */
static int make_plan(struct session *session)
{
	struct distributions *all = session->distributions;
	unsigned int left[ARMS_MOST], arms = list_arms(session, left);
	struct planned *plan;

	all->launches = distribution_launches(session->options->launches);
	all->launch_count = arms * all->launches;
	all->launch = calloc(all->launch_count + 1, sizeof(*all->launch));
	all->cells = calloc((size_t)session->options->arm_count *
				    (registry_count() + 1),
			    sizeof(*all->cells));
	plan = calloc(all->launch_count + 1, sizeof(*plan));
	if (!all->launch || !all->cells || !plan) {
		free(plan);
		return -ENOMEM;
	}
	if (arms)
		plan_make(plan, arms, all->launches,
			  session->options->seed + 1);
	for (unsigned int i = 0; i < all->launch_count; i++) {
		all->launch[i].planned = plan[i];
		all->launch[i].planned.arm = left[plan[i].arm];
	}
	free(plan);
	return 0;
}

static bool make_sense(const struct stamped *stamped, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (stamped[i].benchmark > registry_count())
			return false;
	return true;
}

/* One message has all of a launch: it is kept whole or not at all. */
static int receive_stamped(void *argument, enum message_kind kind,
			   const void *payload, size_t bytes)
{
	struct stamping_launch *launch = argument;
	struct session *session = launch->session;
	const struct stamped *stamped = payload;
	size_t count = bytes / sizeof(*stamped);
	int error = 0;

	if (kind != MESSAGE_STAMPED || bytes % sizeof(*stamped) ||
	    launch->kept || !make_sense(stamped, count))
		return -EPROTO;
	for (size_t i = 0; !error && i < count; i++)
		error = distribution_add(
			distribution_cell(session, stamped[i].benchmark,
					  launch->arm),
			session->distributions->launches, &stamped[i]);
	launch->kept = !error;
	return error;
}

/* Runs one launch; false: the run is over. */
static bool run_launch(struct session *session, unsigned int index,
		       const struct task *tasks, uint32_t count)
{
	struct stamp_launch *launch = &session->distributions->launch[index];
	const struct arm *arm = &session->options->arms[launch->planned.arm];
	struct job job = session_job(session, JOB_STAMP, launch->planned.arm);
	struct stamping_launch made = { session, launch->planned.arm, false };
	struct ending ending;
	int error;

	job.rounds = DISTRIBUTION_ROUNDS;
	job.count = count;
	error = launcher_run(&session->launcher, arm->wrap, &job, tasks,
			     receive_stamped, &made, &ending);
	launch->wall_ns = ending.wall_ns;
	launch->done = made.kept;
	session->distributions->launches_done += made.kept;
	if (!launch->done)
		snprintf(launch->problem, sizeof(launch->problem), "%s",
			 error ? strerror(-error) : ending.problem);
	if (launcher_interrupted())
		session_fail(session, 130,
			     "interrupted while single calls were stamped");
	return !launcher_interrupted();
}

static void run_launches(struct session *session,
			 void (*progress)(const struct session *session,
					  unsigned int next))
{
	struct distributions *all = session->distributions;
	struct task *tasks = calloc(registry_count() + 1, sizeof(*tasks));
	uint32_t count = tasks ? list_tasks(session, tasks) : 0;
	unsigned int next = 0;

	if (!count || !all->launch_count) {
		all->launch_count = 0;
		snprintf(all->problem, sizeof(all->problem), "%s",
			 !tasks	 ? "out of memory"
			 : count ? "no arm can have its single calls stamped"
				 : "every row is too quick for this clock");
	}
	while (next < all->launch_count) {
		progress(session, next);
		if (!run_launch(session, next++, tasks, count))
			break;
	}
	free(tasks);
}

void distribution_measure(struct session *session,
			  void (*progress)(const struct session *session,
					   unsigned int next))
{
	uint64_t begin = clock_raw_ns();

	session->distributions = calloc(1, sizeof(*session->distributions));
	if (!session->distributions || make_plan(session)) {
		session_fail(session, 3,
			     "out of memory for single calls; the batches are "
			     "kept: run fewer rows (--filter)");
		return;
	}
	run_launches(session, progress);
	session->distributions->wall_ns = clock_raw_ns() - begin;
}
