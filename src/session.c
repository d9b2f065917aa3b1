// SPDX-License-Identifier: MIT
/* What a session knows once its launches are over. */
#include "session.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "build.h"
#include "facts.h"
#include "probe.h"
#include "registry.h"
#include "stats.h"

#define SAME_LAG     1.05
#define SELDOM_ALONE 0.01 /* below, the probes' lowest mode is not quiet */

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

struct job session_job(const struct session *session, enum job_kind kind)
{
	return (struct job){
		.kind = kind,
		.rounds = session->options->rounds,
		.cpu = session->choice.cpu,
		.counter = session->clock.counter,
		.ticks_per_ns = session->clock.ticks_per_ns,
		.batch_ns = session->batch_ns,
		.probe_scale =
			probe_scale(clock_granularity_ns(&session->clock)),
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
		tasks[count].benchmark = i;
		tasks[count++].calls = trial->tried.calls;
	}
	return count;
}

double session_core_ghz(const struct session *session)
{
	/* 1,000 adds a call, a cycle each. */
	return 1000 / session->yardstick_ns[YARDSTICK_ADDS];
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

static size_t count_samples(const struct session *session)
{
	size_t count = 0;

	for (unsigned int i = 0; i < registry_count(); i++)
		count += session->trials[i].count;
	return count;
}

/* Which of the probes: so that one walk serves both. */
static void gather(const struct session *session, bool chain, double *values)
{
	for (unsigned int i = 0; i < registry_count(); i++) {
		const struct trial *trial = &session->trials[i];

		for (size_t j = 0; j < trial->count; j++)
			*values++ = chain ? trial->samples[j].chain
					  : trial->samples[j].jumps;
	}
}

/* How far the front end lags behind the clock: the jumps against the chain,
 * which a neighbour hardly slows, so that another frequency moves neither. */
static double lag(const struct quiet_level *level)
{
	return level->jumps / level->chain;
}

/* An earlier run of this boot may have seen a quieter core than this one did:
 * then its level holds. */
static void heed_history(struct session *session)
{
	const struct quiet_level *earlier = &session->history.level;

	if (!session->history.runs)
		return;
	session->no_quiet = lag(&session->level) > SAME_LAG * lag(earlier);
	if (session->no_quiet)
		session->level = *earlier;
}

static void find_level(struct session *session, double *values, double *work,
		       size_t count)
{
	size_t quiet = 0;

	gather(session, true, values);
	session->level.chain = quiet_reference(values, count, work);
	gather(session, false, values);
	session->level.jumps = quiet_reference(values, count, work);
	heed_history(session);
	for (size_t i = 0; i < count; i++)
		quiet += quiet_is_quiet(values[i], &session->level);
	session->shared = count ? 1 - (double)quiet / (double)count : NAN;
}

/* The least over launches, each the least of a few turns: what it takes on a
 * core of one's own, which is what the quiet figures are of. */
static double yardstick(const struct session *session, enum yardstick which)
{
	double least = INFINITY;

	for (unsigned int i = 0; i < session->launch_count; i++) {
		const struct launch_record *launch = &session->launches[i];
		double ticks = launch->launched.yardstick_ticks[which];

		if (launch->done && ticks > 0)
			least = fmin(least, ticks);
	}
	return isfinite(least) ? least / session->clock.ticks_per_ns : NAN;
}

/* The mean over launches; NAN where the architecture cannot tell. */
static double alone_share(const struct session *session)
{
	double sum = 0;
	unsigned int count = 0;

	for (unsigned int i = 0; i < session->launch_count; i++) {
		const struct launch_record *launch = &session->launches[i];

		if (!launch->done || launch->launched.alone_share < 0)
			continue;
		sum += launch->launched.alone_share;
		count++;
	}
	return count ? sum / count : NAN;
}

static int read_history(struct session *session, const char *path)
{
	char build[64], boot[64] = "";
	struct history_key key = {
		.build_id = build,
		.boot_id = boot,
		.cpu = session->choice.cpu,
	};

	build_id(build, sizeof(build));
	facts_line("/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
	return history_read(&session->history, path, &key);
}

int session_conclude(struct session *session, const char *path)
{
	size_t count = count_samples(session);
	size_t room = count + session->launch_count + 1;
	double *values = malloc(room * sizeof(*values));
	double *work = malloc(room * sizeof(*work));
	int error = values && work ? 0 : -ENOMEM;

	if (!error) {
		for (int i = 0; i < YARDSTICKS; i++)
			session->yardstick_ns[i] = yardstick(session, i);
		session->alone = alone_share(session);
		session->no_quiet = session->alone < SELDOM_ALONE;
		error = read_history(session, path);
	}
	if (!error)
		find_level(session, values, work, count);
	free(values);
	free(work);
	return error;
}
