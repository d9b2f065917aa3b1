// SPDX-License-Identifier: MIT
/* A session: its jobs, its tasks, its arms, and what it fails of. */
#include "session.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "probe.h"
#include "registry.h"
#include "try.h"
#include "work.h"

#define EMULATED_STEP_NS 20

int session_fail(struct session *session, int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(session->problem, sizeof(session->problem), format,
		  arguments);
	va_end(arguments);
	session->status = status;
	return status;
}

int session_out_of_memory(struct session *session)
{
	return session_fail(session, 3,
			    "out of memory; free some, or measure fewer rows "
			    "(--filter)");
}

/* What divides an emulated counter's deltas is chance: there the probes are as
 * long in one boot as in the next. */
unsigned int session_probe_scale(const struct session *session)
{
	double step_ns = clock_granularity_ns(&session->clock);

	return probe_scale(emulation_is_known(&session->emulation)
				   ? EMULATED_STEP_NS
				   : step_ns);
}

struct job session_job(const struct session *session, enum job_kind kind,
		       unsigned int arm)
{
	return (struct job){
		.kind = kind,
		.rounds = session->options->rounds,
		.cpu = session->choice.cpu,
		.counter = session->clock.counter,
		.emulated = emulation_is_known(&session->emulation),
		.ticks_per_ns = session->clock.ticks_per_ns,
		.batch_ns = session->batch_ns,
		.conditions = session->options->arms[arm].conditions,
		.probe_scale = session_probe_scale(session),
	};
}

uint32_t session_tasks(const struct session *session, unsigned int first,
		       bool tried, struct task *tasks)
{
	uint32_t count = 0;

	for (unsigned int i = first; i < registry_count(); i++) {
		const struct trial *trial = &session->trials[i];

		if (!trial->selected || (tried && !trial->tried.calls))
			continue;
		tasks[count++] = (struct task){
			.benchmark = i,
			.calls = trial->tried.calls,
		};
	}
	return count;
}

void session_add_work(const struct session *session, unsigned int arm,
		      struct task *tasks, uint32_t count)
{
	double ns =
		session->options->arms[arm].conditions.value[CONDITION_WORK];

	for (uint32_t i = 0; i < count; i++) {
		const struct tried *tried =
			&session->trials[tasks[i].benchmark].tried;
		double entries = try_entries(
			tried, registry_get(tried->benchmark)->benchmark);

		tasks[i].hundreds = work_in_batch(
			work_a_call(ns, entries, session->adds_per_ns),
			tasks[i].calls);
	}
}

unsigned int session_arms(const struct session *session, unsigned int *arms)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < session->options->arm_count; i++)
		if (!session->arms[i].skipped[0])
			arms[count++] = i;
	return count;
}

double session_core_ghz(const struct session *session)
{
	/* 1,000 adds a call, a cycle each. */
	return emulation_is_known(&session->emulation)
		       ? NAN
		       : 1000 / session->yardstick_ns[YARDSTICK_ADDS];
}

double session_launch_ghz(const struct session *session, unsigned int launch)
{
	const struct launched *launched = &session->launches[launch].launched;
	double ticks = launched->yardstick_ticks[YARDSTICK_ADDS];

	return ticks > 0 && !emulation_is_known(&session->emulation)
		       ? 1000 * session->clock.ticks_per_ns / ticks
		       : NAN;
}

double session_duty_cycle(const struct session *session)
{
	double timed_ns = 0, wall_ns = 0;

	for (unsigned int i = 0; i < session->launch_count; i++) {
		timed_ns += session->launches[i].timed_ns;
		if (session->launches[i].done)
			wall_ns += (double)session->launches[i].wall_ns;
	}
	return wall_ns > 0 ? timed_ns / wall_ns : 0;
}
