// SPDX-License-Identifier: MIT
/* What run.json says of single calls. */
#include "record_distribution.h"

#include "distribution.h"
#include "environment.h"
#include "put.h"

static json_t *launch_json(const struct session *session, unsigned int index)
{
	const struct stamp_launch *launch =
		&session->distributions->launch[index];
	json_t *json = json_object();

	put_count(json, "launch", index);
	put_text(json, "arm", session->options->arms[launch->planned.arm].name);
	put_count(json, "block", launch->planned.block);
	put_bool(json, "done", launch->done);
	put_text(json, "problem", launch->problem[0] ? launch->problem : NULL);
	put_real(json, "wall_ms", (double)launch->wall_ns / 1e6);
	return json;
}

static json_t *arm_json(const struct session *session, unsigned int arm)
{
	json_t *json = json_object();

	put_text(json, "name", session->options->arms[arm].name);
	put_text(json, "not_stamped", distribution_arm_refused(session, arm));
	return json;
}

json_t *record_distribution(const struct session *session)
{
	const struct distributions *all = session->distributions;
	json_t *json, *arms = json_array(), *launches = json_array();

	if (!all) {
		json_decref(arms);
		json_decref(launches);
		return json_null();
	}
	json = json_object();
	put_bool(json, "complete",
		 all->launch_count && all->launches_done == all->launch_count);
	put_text(json, "problem", all->problem[0] ? all->problem : NULL);
	put_count(json, "launches_an_arm", all->launches);
	put_count(json, "rounds", DISTRIBUTION_ROUNDS);
	put_real(json, "granularity_ns", clock_granularity_ns(&session->clock));
	put_real(json, "least_ns", distribution_least_ns(session));
	put_real(json, "bucket_share", 1.0 / HISTOGRAM_OCTAVE);
	put_real(json, "wall_s", (double)all->wall_ns / 1e9);
	for (unsigned int i = 0; i < session->options->arm_count; i++)
		json_array_append_new(arms, arm_json(session, i));
	json_object_set_new(json, "arms", arms);
	for (unsigned int i = 0; i < all->launch_count; i++)
		json_array_append_new(launches, launch_json(session, i));
	json_object_set_new(json, "launches", launches);
	return json;
}

json_t *record_not_stamped(const struct session *session,
			   unsigned int benchmark)
{
	char reason[DISTRIBUTION_REASON_BYTES];

	if (!session->distributions ||
	    !session->trials[benchmark].tried.calls ||
	    !distribution_row_refused(session, benchmark, reason))
		return json_null();
	return environment_text(reason);
}
