// SPDX-License-Identifier: MIT
/* Tries rows before anything is measured. */
#include "try.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "entries.h"
#include "registry.h"

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
	uint64_t calls = 1;
	double ns = trial_ns(subject, job, calls);

	while (ns < batch_ns / 4 && calls < CALLS_MOST) {
		calls *= ns < batch_ns / 64 ? 8 : 2;
		ns = trial_ns(subject, job, calls);
	}
	if (cost_ns)
		*cost_ns = ns / (double)calls;
	calls = (uint64_t)ceil(batch_ns * (double)calls / fmax(ns, 1));
	return calls ? calls : 1;
}

/* Sets up, verifies, counts and sizes; what fails is the reason to skip. */
static void try_open(struct tried *tried, struct subject *subject,
		     const struct job *job)
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
	tried->entries = entries_count(subject, tried->entry_calls);
	tried->calls =
		try_size_batch(subject, job, job->batch_ns, &tried->cost_ns);
}

static void try_row(struct tried *tried, const struct benchmark *benchmark,
		    const struct job *job)
{
	const char *problem =
		benchmark->supported ? benchmark->supported(benchmark) : NULL;
	struct subject subject = { .index = tried->benchmark };
	int error;

	if (problem) {
		snprintf(tried->reason, sizeof(tried->reason), "%s", problem);
		return;
	}
	error = batch_open(&subject, benchmark);
	if (error) {
		snprintf(tried->reason, sizeof(tried->reason),
			 "set-up failed: %s", strerror(-error));
		return;
	}
	try_open(tried, &subject, job);
	batch_close(&subject);
}

int try_rows(int out, const struct job *job, const struct task *tasks)
{
	for (uint32_t i = 0; i < job->count; i++) {
		struct tried tried = { .benchmark = tasks[i].benchmark };
		int error = message_send(out, MESSAGE_TRYING, &tried.benchmark,
					 sizeof(tried.benchmark));

		if (error)
			return error;
		try_row(&tried, registry_get(tried.benchmark)->benchmark, job);
		error = message_send(out, MESSAGE_TRIED, &tried, sizeof(tried));
		if (error)
			return error;
	}
	return 0;
}
