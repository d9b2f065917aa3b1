// SPDX-License-Identifier: MIT
/* The launch medians in other tools' formats. */
#include "exports.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "environment.h"
#include "registry.h"

static json_t *context_of(const struct session *session)
{
	char date[40], host[256] = "", release[128];
	time_t start = (time_t)session->start_time;
	struct tm parts;
	double load[3] = { 0 };

	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S+00:00",
		 gmtime_r(&start, &parts));
	gethostname(host, sizeof(host) - 1);
	environment_release(session->options->anonymous, release,
			    sizeof(release));
	getloadavg(load, 3);
	return json_pack(
		"{si ss so si si s[] s[fff] ss so}", "json_schema_version", 1,
		"date", date, "host_name",
		environment_text(session->options->anonymous ? "" : host),
		"num_cpus", session->choice.cpus, "mhz_per_cpu",
		(int)(session->clock.ticks_per_ns * 1000), "caches", "load_avg",
		load[0], load[1], load[2], "library_build_type", "release",
		"kernel", environment_text(release));
}

/* How both formats say that the CPU is emulated, and by what. */
static void emulation_text(const struct session *session, char *text,
			   size_t size)
{
	snprintf(text, size, "%s, " EMULATION_MEANING, session->emulation.by);
}

static json_t *context_json(const struct session *session)
{
	json_t *context = context_of(session);
	char text[80];

	emulation_text(session, text, sizeof(text));
	if (context && emulation_is_known(&session->emulation))
		json_object_set_new(context, "emulated",
				    environment_text(text));
	return context;
}

/* An arm beside the first is part of the name, or its rows would count as
 * repetitions of the first's. */
static void name_row(const struct session *session,
		     const struct estimate *estimate, char *name, size_t size)
{
	const struct options *options = session->options;

	snprintf(name, size, "%s%s%s", registry_get(estimate->benchmark)->name,
		 options->arm_count > 1 ? "/arm:" : "",
		 options->arm_count > 1 ? options->arms[estimate->arm].name
					: "");
}

static void append_rows(json_t *rows, const struct session *session,
			const struct estimate *estimate, int family)
{
	const struct trial *trial = &session->trials[estimate->benchmark];
	char name[128];

	name_row(session, estimate, name, sizeof(name));
	for (unsigned int i = 0; i < estimate->launches; i++)
		json_array_append_new(
			rows,
			json_pack("{ss ss ss si si si si si sI sf sf sf ss}",
				  "name", name, "run_name", name, "run_type",
				  "iteration", "family_index", family,
				  "per_family_instance_index", 0, "repetitions",
				  (int)estimate->launches, "repetition_index",
				  (int)i, "threads", 1, "iterations",
				  (json_int_t)trial->tried.calls, "real_time",
				  estimate->launch_quiet[i], "cpu_time",
				  estimate->launch_quiet[i], "as_measured_ns",
				  estimate->launch_median[i], "time_unit",
				  "ns"));
}

int exports_gbench(const struct session *session, const struct summary *summary,
		   FILE *file)
{
	json_t *rows = json_array();
	json_t *document;
	int failed;

	for (size_t i = 0; i < summary->count; i++)
		append_rows(rows, session, &summary->estimates[i], (int)i);
	document = json_pack("{so so}", "context", context_json(session),
			     "benchmarks", rows);
	failed = !document ||
		 json_dumpf(document, file,
			    JSON_INDENT(1) | JSON_REAL_PRECISION(10));
	json_decref(document);
	fputc('\n', file);
	return failed ? -ENOMEM : 0;
}

/* getppid/inline -> BenchmarkGetppid/path=inline-1: a name begins with a
 * capital, parts are key=value, and -1 is GOMAXPROCS (benchfmt). */
static void benchstat_name(const struct session *session,
			   const struct estimate *estimate, char *name,
			   size_t size)
{
	const struct registry_entry *entry = registry_get(estimate->benchmark);
	const struct options *options = session->options;
	const char *variant = entry->benchmark->variant;

	snprintf(name, size, "Benchmark%c%s/path=%s%s%s%s%s-1",
		 toupper((unsigned char)entry->group->name[0]),
		 entry->group->name + 1, entry->benchmark->path,
		 variant ? "/variant=" : "", variant ? variant : "",
		 options->arm_count > 1 ? "/arm=" : "",
		 options->arm_count > 1 ? options->arms[estimate->arm].name
					: "");
}

void exports_benchstat(const struct session *session,
		       const struct summary *summary, FILE *file)
{
	char release[128], name[192], emulated[80];

	environment_release(session->options->anonymous, release,
			    sizeof(release));
	fprintf(file, "goos: linux\ngoarch: %s\nkernel: %s\n", ARCH_NAME,
		release);
	emulation_text(session, emulated, sizeof(emulated));
	if (emulation_is_known(&session->emulation))
		fprintf(file, "emulated: %s\n", emulated);
	fputs("Unit ns/op better=lower\n"
	      "Unit as-measured-ns/op better=lower\n",
	      file);
	for (size_t i = 0; i < summary->count; i++) {
		const struct estimate *estimate = &summary->estimates[i];

		benchstat_name(session, estimate, name, sizeof(name));
		for (unsigned int j = 0; j < estimate->launches; j++)
			fprintf(file,
				"%s\t%llu\t%.4f ns/op\t"
				"%.4f as-measured-ns/op\n",
				name,
				(unsigned long long)session
					->trials[estimate->benchmark]
					.tried.calls,
				estimate->launch_quiet[j],
				estimate->launch_median[j]);
	}
}
