// SPDX-License-Identifier: MIT
/*
 * syscost: what it costs to cross into the Linux kernel.
 *
 * The way of the data:
 *
 *	bench/ -> registry -> main -> plan -> launcher -> worker -> rows
 *	rows -> store (samples.csv) -> summary -> screen, exports
 *	deltas -> store (launches.csv)
 *	environment -> record (run.json) -> doubts
 *
 * Only here are errors printed and exits decided.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "distribution.h"
#include "doubts.h"
#include "folder.h"
#include "launcher.h"
#include "measure.h"
#include "options.h"
#include "progress.h"
#include "record_machine.h"
#include "registry.h"
#include "save.h"
#include "scaling.h"
#include "screen.h"
#include "store.h"
#include "summary.h"
#include "text.h"
#include "worker.h"

#define ATTEMPTS     1000
#define ROW_BYTES    256 /* of samples.csv and counters.csv, more than it is */
#define SHARE_BYTES  100 /* of threads.csv, likewise */
#define LAUNCH_BYTES 400 /* of launches.csv, likewise */
#define ARM_BYTES    30000 /* of a row in histogram.csv, likewise */

/* A descriptor that came closed is opened the wrong way round, so that no
 * file of ours takes its number and what is printed there fails. */
static void hold_standard_descriptors(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int i = 0; i < 3; i++)
		if (fcntl(i, F_GETFD) < 0 && open("/dev/null", modes[i]) != i)
			_exit(2);
}

/* Why the folder cannot be made, and what to do about it. */
static int refuse_folder(struct session *session, int error,
			 const struct store *store, const char *path,
			 uint64_t bytes)
{
	if (error == -EEXIST)
		return session_fail(session, 2,
				    "%.300s: is there already; name another "
				    "folder, nothing is overwritten",
				    path);
	if (error == -ENOTEMPTY)
		return session_fail(session, 2,
				    "%.300s: another run's, or the rest of a "
				    "killed one; wait for it or move it away",
				    store->hidden);
	if (error == -ENOSPC)
		return session_fail(session, 2,
				    "%.300s: no space for about %" PRIu64
				    " MB; free some or name another folder",
				    path, bytes / 1000000 + 2);
	if (error == -EFBIG)
		return session_fail(session, 2,
				    "%.300s: files may not be as large as is "
				    "needed; raise the limit (ulimit -f)",
				    path);
	return session_fail(session, 2,
			    "%.300s: cannot be made: %s; name another folder "
			    "with --output",
			    path, strerror(-error));
}

static uint64_t expected_bytes(const struct session *session)
{
	uint64_t rows = 0, shares = 0;

	for (unsigned int i = 0; i < registry_count(); i++)
		rows += session->trials[i].tried.calls > 0;
	for (unsigned int i = 0; i < session->launch_count; i++)
		if (scaling_threads(session, session->launches[i].planned.arm) >
		    1)
			shares += scaling_threads(
				session, session->launches[i].planned.arm);
	return session->launch_count *
		       (rows * session->options->rounds * ROW_BYTES +
			LAUNCH_BYTES) +
	       shares * rows * session->options->rounds * SHARE_BYTES +
	       rows * session->options->distribution *
		       session->options->arm_count * ARM_BYTES;
}

/* A name of our own making that is taken, by a run of the same second, gets
 * a number; one that was asked for does not. */
static int open_store(struct session *session, struct store *store)
{
	uint64_t bytes = expected_bytes(session);
	bool named = session->options->output != NULL;
	unsigned int attempt = 0;
	char path[4096] = "";
	int error;

	do {
		error = folder_name(session, ++attempt, path, sizeof(path));
		if (!error)
			error = store_open(store, path, bytes);
	} while (!named && attempt < ATTEMPTS &&
		 (error == -EEXIST || error == -ENOTEMPTY));
	return error ? refuse_folder(session, error, store, path, bytes) : 0;
}

static int out_of_memory(struct session *session, struct store *store)
{
	store_finish_tables(store);
	return session_fail(session, 3,
			    "out of memory; the samples are in %.400s",
			    store->hidden);
}

/* What was measured is shown and saved, whole or not. */
static int conclude(struct session *session, struct store *store)
{
	struct doubt doubts[DOUBTS_MOST];
	struct summary summary;
	struct scaling scaling;
	const char *where;
	size_t count;

	if (!session->launches_done) {
		store_discard(store);
		if (!session->status)
			session_fail(session, 3,
				     "nothing was measured: %.300s; the "
				     "kernel's log may say more (dmesg)",
				     session->launches[0].problem);
		return session->status;
	}
	if (session_conclude(session, store->final) ||
	    summary_make(&summary, session) || scaling_make(&scaling, session))
		return out_of_memory(session, store);
	count = doubts_find(doubts, DOUBTS_RUN, session, &summary);
	where = save_run(session, &summary, &scaling, doubts, count, store);
	screen_results(stdout, session, &summary, doubts, count);
	screen_scaling(stdout, session, &scaling);
	screen_distribution(stdout, session);
	printf("\n%s/\n", where);
	if (fflush(stdout) || ferror(stdout))
		session_fail(session, 2,
			     "the table could not be printed; the "
			     "run is in %.400s",
			     where);
	scaling_free(&scaling);
	summary_free(&summary);
	return session->status;
}

/* --strict: a serious doubt that can be told beforehand ends it here. */
static int refuse_doubtful(struct session *session)
{
	struct doubt doubts[DOUBTS_MOST];
	size_t count = doubts_find(doubts, DOUBTS_CLOCK, session, NULL);

	if (!session->options->strict || !count ||
	    doubts[0].severity < SEVERITY_SERIOUS)
		return 0;
	return session_fail(session, 3,
			    "--strict: nothing was measured, since %s (%s); "
			    "remedy: %s",
			    doubts[0].message, doubts[0].id, doubts[0].remedy);
}

static int measure(struct session *session)
{
	struct store store;
	int status = measure_environment(session);

	progress_of_trials();
	if (!status)
		status = refuse_doubtful(session);
	if (!status)
		status = measure_check(session);
	if (!status)
		status = measure_try(session);
	progress_clear();
	if (!status)
		status = measure_plan(session);
	if (!status)
		status = open_store(session, &store);
	if (status)
		return status;
	measure_launches(session, &store, progress_of_launches);
	if (session->options->distribution && session->launches_done &&
	    !session->status)
		distribution_measure(session, progress_of_calls);
	progress_clear();
	return conclude(session, &store);
}

static int print_environment(struct session *session,
			     const struct options *options)
{
	struct doubt doubts[DOUBTS_MOST];
	int status = measure_machine(session, options);
	size_t count;

	if (status)
		return status;
	count = doubts_find(doubts, DOUBTS_MACHINE, session, NULL);
	if (record_print_environment(session, doubts, count, stdout) ||
	    fflush(stdout) || ferror(stdout))
		return session_fail(session, 2,
				    "the environment could not be printed: is "
				    "standard output full or closed?");
	return 0;
}

static int list(struct session *session)
{
	screen_list(stdout, session);
	if (fflush(stdout) || ferror(stdout))
		return session_fail(
			session, 2,
			"the list could not be printed: is standard "
			"output full or closed?");
	return 0;
}

static int run(struct options *options)
{
	struct session session;
	int status;

	launcher_catch_signals();
	status = options->environment ? print_environment(&session, options)
				      : measure_prepare(&session, options);
	if (!status && !options->environment)
		status = options->list ? list(&session) : measure(&session);
	if (status) {
		text_make_printable(session.problem);
		fprintf(stderr, "syscost: %s\n", session.problem);
	}
	measure_free(&session);
	return status;
}

int main(int count, char **arguments)
{
	struct options options;

	hold_standard_descriptors();
	if (registry_init()) {
		fputs("syscost: the catalogue is broken: two benchmarks have "
		      "one name; rename one in bench/\n",
		      stderr);
		return 3;
	}
	if (count == 2 && strncmp(arguments[1], WORKER_ARGUMENT,
				  strlen(WORKER_ARGUMENT)) == 0)
		return worker_main(arguments[1] + strlen(WORKER_ARGUMENT));
	options_read(&options, count, arguments);
	return run(&options);
}
