// SPDX-License-Identifier: MIT
/* The files of a run's end: record, summary and exports. */
#include "save.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "distribution.h"
#include "exports.h"
#include "record.h"

static int write_summary(const struct session *session,
			 const struct summary *summary,
			 const struct store *store)
{
	FILE *file = store_create(store, "summary.csv");

	if (!file)
		return -errno;
	summary_write(summary, session, file);
	return store_written(file);
}

static int write_record(const struct session *session,
			const struct doubt *doubts, size_t count,
			const struct store *store)
{
	FILE *file = store_create(store, "run.json");
	int error, written;

	if (!file)
		return -errno;
	error = record_write(session, doubts, count, file);
	written = store_written(file);
	return written ? written : error;
}

static int write_gbench(const struct session *session,
			const struct summary *summary,
			const struct store *store)
{
	FILE *file = store_create(store, "gbench.json");
	int error, written;

	if (!file)
		return -errno;
	error = exports_gbench(session, summary, file);
	written = store_written(file);
	return written ? written : error;
}

static int write_benchstat(const struct session *session,
			   const struct summary *summary,
			   const struct store *store)
{
	FILE *file = store_create(store, "benchstat.txt");

	if (!file)
		return -errno;
	exports_benchstat(session, summary, file);
	return store_written(file);
}

/* Only where threads ran beside is there such a file. */
static int write_scaling(const struct session *session,
			 const struct scaling *scaling,
			 const struct store *store)
{
	FILE *file;

	if (!scaling->count)
		return 0;
	file = store_create(store, "scaling.csv");
	if (!file)
		return -errno;
	scaling_write(scaling, session, file);
	return store_written(file);
}

/* A file is there whole or not at all. */
static int whole(const struct store *store, const char *name, int error)
{
	if (error)
		store_remove(store, name);
	return error;
}

const char *save_run(struct session *session, const struct summary *summary,
		     const struct scaling *scaling, const struct doubt *doubts,
		     size_t count, struct store *store)
{
	const char *where;
	int errors[8];

	errors[0] = store_finish_tables(store);
	errors[1] = whole(store, "run.json",
			  write_record(session, doubts, count, store));
	errors[2] = whole(store, "summary.csv",
			  write_summary(session, summary, store));
	errors[3] = whole(store, "gbench.json",
			  write_gbench(session, summary, store));
	errors[4] = whole(store, "benchstat.txt",
			  write_benchstat(session, summary, store));
	errors[5] = distribution_save(session, store);
	errors[6] = whole(store, "scaling.csv",
			  write_scaling(session, scaling, store));
	errors[7] = store_commit(store);
	where = errors[7] ? store->hidden : store->final;
	for (int i = 0; i < 8; i++)
		if (errors[i])
			session_fail(session, session->status ?: 2,
				     "%.400s: not everything could be "
				     "written: %s; make room and run again, "
				     "the other files are whole",
				     where, strerror(-errors[i]));
	return where;
}
