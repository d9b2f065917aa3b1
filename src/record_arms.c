// SPDX-License-Identifier: MIT
/* What run.json says of the arms. */
#include "record_arms.h"

#include <math.h>

#include "put.h"
#include "registry.h"
#include "try.h"
#include "work.h"

static json_t *conditions_json(const struct conditions *conditions)
{
	char text[CONDITION_TEXT_BYTES];
	json_t *list = json_array();

	for (int i = 0; i < CONDITIONS; i++) {
		if (!conditions_have(conditions, (enum condition)i))
			continue;
		condition_text(conditions, (enum condition)i, text,
			       sizeof(text));
		json_array_append_new(list, json_string(text));
	}
	return list;
}

/* Condition work is no state of the task, but the timed region's. */
static double work_ns(const struct arm *arm)
{
	return conditions_have(&arm->conditions, CONDITION_WORK)
		       ? arm->conditions.value[CONDITION_WORK]
		       : NAN;
}

static json_t *state_json(const struct state *state, const struct arm *arm)
{
	json_t *json = json_object();

	for (int i = 0; i < STATE_TEXTS; i++)
		put_text(json, state_keys[i],
			 state->text[i][0] ? state->text[i] : NULL);
	put_bool(json, "traced", state->traced);
	put_bool(json, "aslr", state->aslr);
	put_count(json, "threads", state->threads);
	put_real(json, "work_ns_an_entry", work_ns(arm));
	return json;
}

/* What was really added to each row's call: in a batch there is room for whole
 * hundreds of adds only. */
static json_t *added_json(const struct session *session, unsigned int arm)
{
	json_t *json;

	if (!isfinite(work_ns(&session->options->arms[arm])))
		return json_null();
	json = json_object();
	for (unsigned int i = 0; i < registry_count(); i++) {
		const struct tried *tried = &session->trials[i].tried;
		struct task task = { .benchmark = i, .calls = tried->calls };

		if (!session->trials[i].selected || !tried->calls)
			continue;
		session_add_work(session, arm, &task, 1);
		put_real(json, registry_get(i)->name,
			 work_added_ns(task.hundreds, task.calls,
				       session->adds_per_ns));
	}
	return json;
}

/* A command names paths: not in an anonymous record. */
static json_t *arm_json(const struct session *session, unsigned int index)
{
	const struct arm *arm = &session->options->arms[index];
	const struct arm_record *record = &session->arms[index];
	bool skipped = record->skipped[0];
	json_t *json = json_object();

	put_text(json, "name", arm->name);
	put_bool(json, "reference", !skipped && index == session->reference);
	json_object_set_new(json, "conditions",
			    conditions_json(&arm->conditions));
	put_text(json, "skipped", skipped ? record->skipped : NULL);
	put_bool(json, "wrapped", arm->wrap != NULL);
	put_text(json, "wrap",
		 session->options->anonymous ? NULL : arm->wrap_text);
	json_object_set_new(json, "state",
			    skipped ? json_null()
				    : state_json(&record->state, arm));
	put_count(json, "verified_launches", record->verified);
	json_object_set_new(json, "added_ns_a_call",
			    skipped ? json_null() : added_json(session, index));
	return json;
}

json_t *record_arms(const struct session *session)
{
	json_t *arms = json_array();

	for (unsigned int i = 0; i < session->options->arm_count; i++)
		json_array_append_new(arms, arm_json(session, i));
	return arms;
}

json_t *record_arm_probes(const struct session *session)
{
	json_t *probes = json_array();

	for (unsigned int i = 0; i < session->options->arm_count; i++) {
		const struct arm_record *arm = &session->arms[i];
		json_t *json = json_object();

		if (arm->skipped[0]) {
			json_decref(json);
			continue;
		}
		put_text(json, "name", session->options->arms[i].name);
		put_real(json, "quiet_jump_ticks", arm->level.jumps);
		put_real(json, "quiet_chain_ticks", arm->level.chain);
		put_real(json, "alone_share", arm->alone);
		put_real(json, "shared_share", arm->shared);
		json_array_append_new(probes, json);
	}
	return probes;
}
