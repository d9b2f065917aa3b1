// SPDX-License-Identifier: MIT
/* run.json: everything about the run that is not a batch. */
#include "record.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <time.h>

#include "arch.h"
#include "probe.h"
#include "put.h"
#include "record_arms.h"
#include "record_counters.h"
#include "record_distribution.h"
#include "record_machine.h"
#include "registry.h"

static json_t *run_json(const struct session *session)
{
	const struct options *options = session->options;
	time_t start = (time_t)session->start_time;
	json_t *run = json_object();
	struct tm parts;
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&start, &parts));
	put_text(run, "started", text);
	put_text(run, "label", options->label);
	put_text(run, "profile", options->profile);
	put_text(run, "filter", options->filter);
	put_count(run, "launches_an_arm", options->launches);
	put_count(run, "rounds", options->rounds);
	put_count(run, "seed", options->seed);
	put_real(run, "batch_ns", session->batch_ns);
	put_real(run, "wall_s", (double)session->wall_ns / 1e9);
	put_bool(run, "anonymous", options->anonymous);
	put_bool(run, "distribution", options->distribution);
	return run;
}

static json_t *clock_json(const struct clock *clock)
{
	const struct clock_facts *facts = &clock->facts;
	json_t *json = json_object(), *inner = json_object();

	put_text(json, "source",
		 clock->counter ? ARCH_COUNTER_NAME : "CLOCK_MONOTONIC_RAW");
	put_text(json, "why_not_counter",
		 clock->counter ? NULL : clock->reason);
	put_text(json, "why_counter",
		 clock->counter ? clock_excuse(facts) : NULL);
	put_real(json, "ticks_per_ns", clock->ticks_per_ns);
	put_count(json, "granularity_ticks", clock->granularity_ticks);
	put_real(json, "granularity_ns", clock_granularity_ns(clock));
	put_count(json, "stamp_ticks", clock->stamp_ticks);
	put_real(json, "stated_hz",
		 clock->stated_hz ? (double)clock->stated_hz : NAN);
	put_real(json, "drift_ppm", clock->drift_ppm);
	put_bool(inner, "present", facts->present);
	put_bool(inner, "forward", facts->forward);
	put_bool(inner, "invariant", facts->invariant);
	put_bool(inner, "flags_agree", facts->flags_agree);
	put_bool(inner, "emulated", facts->emulated);
	put_count(inner, "read_ns", facts->read_ns);
	put_count(inner, "kernel_ns", facts->kernel_ns);
	put_text(inner, "clocksource",
		 facts->clocksource[0] ? facts->clocksource : NULL);
	json_object_set_new(json, "facts", inner);
	return json;
}

static json_t *launch_json(const struct session *session, unsigned int index)
{
	const struct launch_record *launch = &session->launches[index];
	json_t *json = json_object();

	put_count(json, "launch", index);
	put_text(json, "arm", session->options->arms[launch->planned.arm].name);
	put_count(json, "block", launch->planned.block);
	put_bool(json, "done", launch->done);
	put_text(json, "problem", launch->problem[0] ? launch->problem : NULL);
	put_real(json, "wall_ms", (double)launch->wall_ns / 1e6);
	put_real(json, "timed_ms", launch->timed_ns / 1e6);
	put_count(json, "padding_bytes", launch->padding);
	put_bool(json, "memory_bound", launch->launched.memory_bound != 0);
	put_real(json, "alone_share",
		 launch->launched.alone_share >= 0
			 ? launch->launched.alone_share
			 : NAN);
	put_real(json, "core_ghz", session_launch_ghz(session, index));
	record_launch_counters(json, &launch->launched.counted);
	return json;
}

static json_t *launches_json(const struct session *session)
{
	json_t *launches = json_array();

	for (unsigned int i = 0; i < session->launch_count; i++)
		json_array_append_new(launches, launch_json(session, i));
	return launches;
}

/* How the cost follows the probes: null where nothing was adjusted. */
static json_t *curve_json(const struct quiet_fit *fit)
{
	json_t *curve = json_object();

	if (!fit->adjusted) {
		json_decref(curve);
		return json_null();
	}
	put_real(curve, "jump_ticks", fit->used.level.jumps);
	put_real(curve, "chain_ticks", fit->used.level.chain);
	put_real(curve, "jump_slope", fit->used.slope[0]);
	put_real(curve, "jump_square_slope", fit->used.slope[1]);
	put_real(curve, "chain_slope", fit->used.slope[2]);
	put_bool(curve, "borrowed", !fit->lent.known);
	put_real(curve, "lent_jump_slope",
		 fit->lent.known ? fit->lent.slope[0] : NAN);
	put_real(curve, "lent_chain_slope",
		 fit->lent.known ? fit->lent.slope[2] : NAN);
	return curve;
}

static json_t *work_json(const struct benchmark *benchmark)
{
	json_t *work = json_array();

	if (benchmark->work & WORK_FAULTS)
		json_array_append_new(work, json_string("faults"));
	if (benchmark->work & WORK_SWITCHES)
		json_array_append_new(work, json_string("switches"));
	return work;
}

static json_t *benchmark_json(const struct trial *trial,
			      const struct registry_entry *entry)
{
	const struct tried *tried = &trial->tried;
	bool skipped = !tried->calls;
	json_t *json = json_object();

	put_text(json, "name", entry->name);
	put_text(json, "summary", entry->benchmark->summary);
	put_text(json, "skipped", skipped ? tried->reason : NULL);
	put_real(json, "batch_calls", skipped ? NAN : (double)tried->calls);
	put_real(json, "bytes",
		 entry->benchmark->bytes ? (double)entry->benchmark->bytes
					 : NAN);
	put_real(json, "entries_expected", entry->benchmark->entries);
	put_real(json, "entries_counted",
		 skipped || tried->entries < 0
			 ? NAN
			 : (double)tried->entries / (double)tried->entry_calls);
	put_text(json, "entries_uncounted", entry->benchmark->uncounted);
	json_object_set_new(json, "work", work_json(entry->benchmark));
	put_count(json, "per_turn",
		  entry->benchmark->per_turn ? entry->benchmark->per_turn : 1);
	json_object_set_new(json, "curve", curve_json(&trial->fit));
	return json;
}

static json_t *benchmarks_json(const struct session *session)
{
	json_t *benchmarks = json_array();

	for (unsigned int i = 0; i < registry_count(); i++) {
		json_t *json;

		if (!session->trials[i].selected)
			continue;
		json = benchmark_json(&session->trials[i], registry_get(i));
		json_object_set_new(json, "not_stamped",
				    record_not_stamped(session, i));
		json_array_append_new(benchmarks, json);
	}
	return benchmarks;
}

static json_t *probe_json(const struct session *session)
{
	json_t *probe = json_object();

	put_count(probe, "scale", session_probe_scale(session));
	put_real(probe, "quiet_jump_ticks", session->level.jumps);
	put_real(probe, "quiet_chain_ticks", session->level.chain);
	put_real(probe, "shared_share", session->shared);
	put_real(probe, "alone_share", session->alone);
	put_bool(probe, "no_quiet_moment", session->no_quiet);
	put_count(probe, "earlier_runs_used",
		  session->no_quiet ? session->history.runs : 0);
	json_object_set_new(probe, "arms", record_arm_probes(session));
	return probe;
}

static json_t *yardsticks_json(const struct session *session)
{
	json_t *json = json_object();

	put_real(json, "empty_loop_ns", session->yardstick_ns[YARDSTICK_LOOP]);
	put_real(json, "empty_call_ns", session->yardstick_ns[YARDSTICK_CALL]);
	put_real(json, "core_ghz", session_core_ghz(session));
	put_text(json, "core_cycles_from", record_cycles_from(session));
	put_real(json, "adds_per_ns",
		 session->adds_per_ns > 0 ? session->adds_per_ns : NAN);
	return json;
}

int record_write(const struct session *session, const struct doubt *doubts,
		 size_t doubt_count, FILE *file)
{
	json_t *record = json_object();

	put_count(record, "schema", RECORD_SCHEMA);
	put_bool(record, "complete", session->complete);
	put_text(record, "problem",
		 session->problem[0] ? session->problem : NULL);
	put_real(record, "duty_cycle", session_duty_cycle(session));
	json_object_set_new(record, "tool", record_tool());
	json_object_set_new(record, "run", run_json(session));
	json_object_set_new(record, "clock", clock_json(&session->clock));
	json_object_set_new(record, "placement",
			    record_placement(&session->choice));
	json_object_set_new(record, "yardsticks", yardsticks_json(session));
	json_object_set_new(record, "counters", record_counters(session));
	json_object_set_new(record, "probe", probe_json(session));
	json_object_set_new(record, "environment",
			    session->environment
				    ? json_incref(session->environment)
				    : json_null());
	json_object_set_new(record, "arms", record_arms(session));
	json_object_set_new(record, "launches", launches_json(session));
	json_object_set_new(record, "benchmarks", benchmarks_json(session));
	json_object_set_new(record, "distribution",
			    record_distribution(session));
	json_object_set_new(record, "doubts",
			    record_doubts(doubts, doubt_count));
	return record_print(record, file);
}
