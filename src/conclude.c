// SPDX-License-Identifier: MIT
/* What a session knows once its launches are over. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "build.h"
#include "facts.h"
#include "registry.h"
#include "scaling.h"
#include "session.h"
#include "stats.h"

#define SAME_LAG     1.05
#define SELDOM_ALONE 0.01 /* below, the probes' lowest mode is not quiet */
#define EVERY_ARM    UINT32_MAX
#define FREE_ARMS    (UINT32_MAX - 1) /* every one that is not crowded */

static bool is_of(const struct session *session, unsigned int arm,
		  unsigned int wanted)
{
	if (wanted == FREE_ARMS)
		return !session->arms[arm].crowded;
	return wanted == EVERY_ARM || arm == wanted;
}

/* The mean over launches; NAN where the architecture cannot tell. */
static double alone_share(const struct session *session, unsigned int arm)
{
	double sum = 0;
	unsigned int count = 0;

	for (unsigned int i = 0; i < session->launch_count; i++) {
		const struct launch_record *launch = &session->launches[i];

		if (!launch->done || launch->launched.alone_share < 0 ||
		    !is_of(session, launch->planned.arm, arm))
			continue;
		sum += launch->launched.alone_share;
		count++;
	}
	return count ? sum / count : NAN;
}

static unsigned int arm_of(const struct session *session,
			   const struct sample *sample)
{
	return session->launches[sample->launch].planned.arm;
}

static size_t count_samples(const struct session *session)
{
	size_t count = 0;

	for (unsigned int i = 0; i < registry_count(); i++)
		count += session->trials[i].count;
	return count;
}

/* Which of the probes, and of which arm or arms: so that one walk serves them
 * all. How many. */
static size_t gather(const struct session *session, unsigned int arm,
		     bool chain, double *values)
{
	size_t count = 0;

	for (unsigned int i = 0; i < registry_count(); i++) {
		const struct trial *trial = &session->trials[i];

		for (size_t j = 0; j < trial->count; j++) {
			const struct sample *sample = &trial->samples[j];

			if (is_of(session, arm_of(session, sample), arm))
				values[count++] = chain ? sample->chain
							: sample->jumps;
		}
	}
	return count;
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

static struct quiet_level level_of(const struct session *session,
				   unsigned int arm, double *values,
				   double *work)
{
	struct quiet_level level = { NAN, NAN };
	size_t count = gather(session, arm, true, values);

	if (!count)
		return level;
	level.chain = quiet_reference(values, count, work);
	gather(session, arm, false, values);
	level.jumps = quiet_reference(values, count, work);
	return level;
}

/* Of an arm's batches, by the run's level: an arm that moves the probes itself
 * shows by it. */
static double shared_share(const struct session *session, unsigned int arm,
			   double *values)
{
	size_t count = gather(session, arm, false, values), quiet = 0;

	for (size_t i = 0; i < count; i++)
		quiet += quiet_is_quiet(values[i], &session->level);
	return count ? 1 - (double)quiet / (double)count : NAN;
}

static void find_levels(struct session *session, double *values, double *work)
{
	session->level = level_of(session, EVERY_ARM, values, work);
	heed_history(session);
	for (unsigned int i = 0; i < session->options->arm_count; i++) {
		struct arm_record *arm = &session->arms[i];

		arm->level = level_of(session, i, values, work);
		arm->shared = shared_share(session, i, values);
		if (isnan(arm->alone))
			arm->crowded = scaling_threads(session, i) > 1 &&
				       lag(&arm->level) >
					       SAME_LAG * lag(&session->level);
	}
	session->shared = shared_share(session, FREE_ARMS, values);
	if (isnan(session->shared))
		session->shared = shared_share(session, EVERY_ARM, values);
}

/*
 * Where an arm's own threads are on the measuring core, that is no neighbour
 * but what the arm is about: nobody else is blamed for it, and it is not
 * adjusted away (summary.c). The empty loops tell or, where they cannot, how
 * far the jumps lag behind the chain (find_levels).
 */
static void find_alone(struct session *session)
{
	for (unsigned int i = 0; i < session->options->arm_count; i++) {
		struct arm_record *arm = &session->arms[i];

		arm->alone = alone_share(session, i);
		arm->crowded = scaling_threads(session, i) > 1 &&
			       arm->alone < SELDOM_ALONE;
	}
	session->alone = alone_share(session, FREE_ARMS);
	if (isnan(session->alone))
		session->alone = alone_share(session, EVERY_ARM);
}

/* In how many launches an arm's conditions were in force: a worker measures
 * nothing where one is not. */
static void compare_states(struct session *session)
{
	for (unsigned int i = 0; i < session->options->arm_count; i++) {
		session->arms[i].verified = 0;
		session->arms[i].changed = false;
	}
	for (unsigned int i = 0; i < session->launch_count; i++) {
		const struct launch_record *launch = &session->launches[i];
		struct arm_record *arm = &session->arms[launch->planned.arm];

		if (!launch->done)
			continue;
		arm->verified++;
		arm->changed |=
			!state_equal(&arm->state, &launch->launched.state);
	}
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
		find_alone(session);
		compare_states(session);
		session_total(session);
		session->no_quiet = session->alone < SELDOM_ALONE;
		error = read_history(session, path);
	}
	if (!error)
		find_levels(session, values, work);
	free(values);
	free(work);
	return error;
}
