// SPDX-License-Identifier: MIT
/* Tries rows before anything is measured. */
#include "try.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"
#include "entries.h"
#include "registry.h"
#include "work.h"

#define CALLS_MOST (1ULL << 40)

/* The least of three: a trial may be preempted. */
static double trial_ns(struct subject *subject, const struct job *job,
		       uint64_t calls)
{
	double least = INFINITY;

	for (int i = 0; i < 3; i++) {
		double ns =
			(double)batch_ticks(subject, calls, job->counter != 0) /
			job->ticks_per_ns;

		if (ns < least)
			least = ns;
	}
	return least;
}

uint64_t try_size_batch(struct subject *subject, const struct job *job,
			double batch_ns, double *cost_ns)
{
	uint64_t calls = batch_whole(subject->benchmark, 1);
	double ns = trial_ns(subject, job, calls);

	while (ns < batch_ns / 4 && calls < CALLS_MOST) {
		calls *= ns < batch_ns / 64 ? 8 : 2;
		ns = trial_ns(subject, job, calls);
	}
	if (cost_ns)
		*cost_ns = ns / (double)calls;
	calls = (uint64_t)ceil(batch_ns * (double)calls / fmax(ns, 1));
	return batch_whole(subject->benchmark, calls);
}

double try_entries(const struct tried *tried, const struct benchmark *benchmark)
{
	if (tried->entries < 0 || !tried->entry_calls)
		return benchmark->entries;
	return (double)tried->entries / (double)tried->entry_calls;
}

/* Sized under the conditions that the job has: the adds of condition work
 * and threads beside it too. */
static void size_row(struct tried *tried, struct subject *subject,
		     const struct job *job, double adds_per_ns)
{
	double work_ns = job->conditions.value[CONDITION_WORK];
	int error = subject->benchmark->alone
			    ? 0 /* it will be left out */
			    : crowd_join(tried->benchmark, tried->entry_calls,
					 job->counter != 0);

	if (error) {
		snprintf(tried->reason, sizeof(tried->reason),
			 "set-up in another thread failed: %s",
			 strerror(-error));
		return;
	}
	subject->hundreds_a_call = work_a_call(
		work_ns, try_entries(tried, subject->benchmark), adds_per_ns);
	tried->calls =
		try_size_batch(subject, job, job->batch_ns, &tried->cost_ns);
	crowd_rest();
}

/* Verifies, counts and sizes; what fails is the reason to skip. */
static void try_open(struct tried *tried, struct subject *subject,
		     const struct job *job, double adds_per_ns)
{
	const struct benchmark *benchmark = subject->benchmark;
	const char *problem =
		benchmark->verify ? benchmark->verify(&subject->context) : NULL;

	if (problem) {
		snprintf(tried->reason, sizeof(tried->reason),
			 "verification failed: %s", problem);
		return;
	}
	tried->entry_calls = entries_calls(benchmark);
	tried->entries = benchmark->uncounted
				 ? -EOPNOTSUPP
				 : entries_count(subject, tried->entry_calls);
	size_row(tried, subject, job, adds_per_ns);
}

/* A row that will be measured stays open, as in a launch: what all of them
 * take together (descriptors, memory) must be there for all. */
static void try_row(struct tried *tried, struct subject *subject,
		    const struct job *job, double adds_per_ns)
{
	const struct benchmark *benchmark =
		registry_get(tried->benchmark)->benchmark;
	const char *problem =
		benchmark->supported ? benchmark->supported(benchmark) : NULL;
	int error;

	if (problem) {
		snprintf(tried->reason, sizeof(tried->reason), "%s", problem);
		return;
	}
	subject->index = tried->benchmark;
	error = batch_open(subject, benchmark);
	if (error) {
		subject->benchmark = NULL;
		snprintf(tried->reason, sizeof(tried->reason),
			 "set-up failed: %s", strerror(-error));
		return;
	}
	try_open(tried, subject, job, adds_per_ns);
	if (!tried->calls) {
		batch_close(subject);
		subject->benchmark = NULL;
	}
}

static int try_each(int out, const struct job *job, const struct task *tasks,
		    double adds_per_ns, struct subject *subjects)
{
	for (uint32_t i = 0; i < job->count; i++) {
		struct tried tried = { .benchmark = tasks[i].benchmark };
		int error = message_send(out, MESSAGE_TRYING, &tried.benchmark,
					 sizeof(tried.benchmark));

		if (error)
			return error;
		try_row(&tried, &subjects[i], job, adds_per_ns);
		error = message_send(out, MESSAGE_TRIED, &tried, sizeof(tried));
		if (error)
			return error;
	}
	return 0;
}

int try_rows(int out, const struct job *job, const struct task *tasks,
	     double adds_per_ns)
{
	struct subject *subjects = calloc(job->count + 1, sizeof(*subjects));
	int error = subjects ? try_each(out, job, tasks, adds_per_ns, subjects)
			     : -ENOMEM;

	for (uint32_t i = 0; subjects && i < job->count; i++)
		if (subjects[i].benchmark)
			batch_close(&subjects[i]);
	free(subjects);
	return error;
}
