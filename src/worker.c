// SPDX-License-Identifier: MIT
/* The worker: binds, puts its conditions on, and does its job. */
#include "worker.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "batch.h"
#include "clock.h"
#include "condition.h"
#include "counters.h"
#include "crowd.h"
#include "message.h"
#include "partner.h"
#include "rounds.h"
#include "stamps.h"
#include "topology.h"
#include "try.h"
#include "work.h"

#define SPIN_UP_NS 10000000ULL /* until the CPU has found its frequency */

static void spin_up(void)
{
	uint64_t start = clock_raw_ns();

	while (clock_raw_ns() - start < SPIN_UP_NS)
		;
}

/* The binding comes first of all, so that memory is touched where it is to
 * be used; mlock fails without the right to it, and does no harm then. */
static int settle(const struct job *job, struct launched *launched, char *why)
{
	struct topology *topology;
	bool memory = false;
	int error = topology_load(&topology);

	if (error)
		return error;
	partner_place(topology, job->cpu);
	error = topology_bind(topology, job->cpu, &memory);
	launched->memory_bound = memory;
	if (error)
		snprintf(why, CONDITION_WHY_BYTES,
			 "CPU %d, offline or out of the cpuset: %s", job->cpu,
			 strerror(-error));
	else
		error = conditions_apply(&job->conditions, topology, job->cpu,
					 why, CONDITION_WHY_BYTES);
	topology_free(topology);
	if (error)
		return error;
	state_read(&launched->state);
	mlockall(MCL_CURRENT);
	return 0;
}

/* What an arm is like before anything of it is measured. */
static int do_check(int out, const struct launched *launched)
{
	return message_send(out, MESSAGE_STATE, &launched->state,
			    sizeof(launched->state));
}

static int do_try(int out, const struct job *job, const struct task *tasks)
{
	double adds_per_ns = work_measure(job->counter != 0, job->ticks_per_ns);
	int error = message_send(out, MESSAGE_ADDS, &adds_per_ns,
				 sizeof(adds_per_ns));

	if (!error)
		error = try_rows(out, job, tasks, adds_per_ns);
	return error;
}

static int do_job(int in, int out, char *why)
{
	struct launched launched = { .memory_bound = 0 };
	struct task *tasks = NULL;
	struct job job;
	int error = message_receive_job(in, &job, &tasks);

	/* A fork costs a fault for each page written after it; mlockall, in
	 * settle, has them all at once. */
	if (!error && job.kind == JOB_LAUNCH)
		counters_survive(&counters_kernel, launched.counted.why);
	if (!error)
		error = settle(&job, &launched, why);
	if (!error && job.kind != JOB_CHECK)
		spin_up();
	if (!error && job.kind == JOB_CHECK)
		error = do_check(out, &launched);
	else if (!error && job.kind == JOB_TRY)
		error = do_try(out, &job, tasks);
	else if (!error && job.kind == JOB_STAMP)
		error = stamps_run(out, &job, tasks, why);
	else if (!error)
		error = rounds_run(out, &job, tasks, &counters_kernel,
				   &launched, why);
	crowd_end();
	free(tasks);
	return error;
}

int worker_main(const char *descriptors)
{
	char why[CONDITION_WHY_BYTES] = "";
	int in, out, error;

	if (sscanf(descriptors, "%d,%d", &in, &out) != 2)
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	batch_watch_stops();
	error = do_job(in, out, why);
	if (error) {
		if (!why[0])
			snprintf(why, sizeof(why), "%s", strerror(-error));
		message_send(out, MESSAGE_FAILED, why, strlen(why));
		return 3;
	}
	return message_send(out, MESSAGE_DONE, NULL, 0) ? 3 : 0;
}
