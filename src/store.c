// SPDX-License-Identifier: MIT
/* The run folder: made hidden, filled, and named when whole. */
#define _GNU_SOURCE
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "launches.h"
#include "registry.h"

#define RESERVE_BYTES (1 << 20) /* summary.csv, run.json and the exports */
#define RESERVE_NAME  ".reserve"

static const struct {
	const char *name, *header;
} tables[STORE_TABLES] = {
	[STORE_SAMPLES] = {
		"samples.csv",
		"launch,arm,block,seq,benchmark,calls,ticks,ns_per_call,cpu_ns,"
		"cpu,migrated,nivcsw,minflt,dirty,probe_before_ticks,"
		"probe_after_ticks,chain_before_ticks,chain_after_ticks\n",
	},
	[STORE_LAUNCHES] = { "launches.csv", LAUNCHES_HEADER },
	/* store_counts begins it, where something was counted */
	[STORE_COUNTERS] = { "counters.csv", NULL },
	/* store_shares, where threads ran beside */
	[STORE_THREADS] = { "threads.csv", NULL },
};

static int file_path(const struct store *store, const char *name, char *path,
		     size_t size)
{
	int length = snprintf(path, size, "%s/%s", store->hidden, name);

	return length < (int)size ? 0 : -ENAMETOOLONG;
}

/* mkdir -p of everything above the last part of `path`. */
static int make_parents(const char *path)
{
	char part[4096];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0777) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/* The same name with a dot before its last part. */
static int name_folders(struct store *store, const char *path)
{
	char head[4096], tail[4096];
	int length;

	if (!path[0])
		return -ENOENT;
	if (strlen(path) >= sizeof(head) - 32)
		return -ENAMETOOLONG;
	snprintf(store->final, sizeof(store->final), "%s", path);
	length = (int)strlen(store->final);
	while (length > 1 && store->final[length - 1] == '/')
		store->final[--length] = '\0';
	strcpy(head, store->final);
	strcpy(tail, store->final);
	snprintf(store->hidden, sizeof(store->hidden), "%s/.%s.partial",
		 dirname(head), basename(tail));
	return 0;
}

static int check_space(const char *folder, uint64_t bytes)
{
	struct statvfs space;

	if (statvfs(folder, &space))
		return -errno;
	return (uint64_t)space.f_bavail * space.f_frsize < bytes ? -ENOSPC : 0;
}

/* Blocks kept until the end, so that a disk that fills while measuring has
 * room for what was measured. Where the file system cannot, zeros do. */
static int reserve_space(struct store *store)
{
	char path[4200];
	int error = file_path(store, RESERVE_NAME, path, sizeof(path));

	if (error)
		return error;
	store->reserve = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	if (store->reserve < 0)
		return -errno;
	return -posix_fallocate(store->reserve, 0, RESERVE_BYTES);
}

static int begin_tables(struct store *store)
{
	int error = 0;

	for (int i = 0; !error && i < STORE_TABLES; i++)
		if (tables[i].header)
			error = table_begin(&store->tables[i],
					    store_create(store, tables[i].name),
					    tables[i].header);
	return error;
}

int store_open(struct store *store, const char *path, uint64_t expected_bytes)
{
	struct stat there;
	int error;

	*store = (struct store){ .reserve = -1 };
	error = name_folders(store, path);
	if (!error && lstat(store->final, &there) == 0)
		error = -EEXIST;
	if (!error)
		error = make_parents(store->final);
	if (!error && mkdir(store->hidden, 0777))
		error = errno == EEXIST ? -ENOTEMPTY : -errno;
	if (error)
		return error;
	error = check_space(store->hidden, expected_bytes + RESERVE_BYTES);
	if (!error)
		error = reserve_space(store);
	if (!error)
		error = begin_tables(store);
	if (error)
		store_discard(store);
	return error;
}

static void print_row(FILE *file, const struct store_place *place,
		      const struct row *row, double ticks_per_ns)
{
	fprintf(file,
		"%u,%s,%u,%" PRIu32 ",%s,%" PRIu64 ",%" PRIu64 ",%.6f,%" PRIu64
		",%" PRId32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%d,%" PRIu32
		",%" PRIu32 ",%" PRIu32 ",%" PRIu32 "\n",
		place->launch, place->arm, place->block, row->seq,
		registry_get(row->benchmark)->name, row->calls, row->ticks,
		(double)row->ticks / ticks_per_ns / (double)row->calls,
		row->cpu_ns, row->cpu, row->migrated, row->nivcsw, row->minflt,
		batch_is_dirty(row, registry_get(row->benchmark)->benchmark),
		row->before.jumps, row->after.jumps, row->before.chain,
		row->after.chain);
}

/* The tables that a launch's batches are in. */
static const enum store_table of_batches[] = { STORE_SAMPLES, STORE_COUNTERS,
					       STORE_THREADS };
#define OF_BATCHES (sizeof(of_batches) / sizeof(of_batches[0]))

/* A launch is in all files or in none: what a full disk cut off is cut back to
 * the launch before. */
static int keep_all(struct store *store)
{
	int error = 0;

	for (size_t i = 0; !error && i < OF_BATCHES; i++)
		if (store->tables[of_batches[i]].file)
			error = table_flush(&store->tables[of_batches[i]]);
	for (size_t i = 0; i < OF_BATCHES; i++) {
		struct table *table = &store->tables[of_batches[i]];

		if (error)
			table->error = error;
		else if (table->file)
			error = table_keep(table);
	}
	return error;
}

int store_launch(struct store *store, const struct store_place *place,
		 const struct row *rows, size_t count, double ticks_per_ns)
{
	struct table *samples = &store->tables[STORE_SAMPLES];
	int error;

	for (size_t i = 0; i < count; i++)
		print_row(samples->file, place, &rows[i], ticks_per_ns);
	error = store_counts(store, place, rows, count);
	return error ? error : keep_all(store);
}

/* A file that holds nothing whole, not even its header, is none. */
static int finish_table(struct store *store, enum store_table which)
{
	struct table *table = &store->tables[which];
	bool begun = table->file != NULL;
	int error = table_finish(table);

	if (begun && !table->whole)
		store_remove(store, tables[which].name);
	return error;
}

/* Every table is cut to what is whole, whatever becomes of the others. */
int store_finish_tables(struct store *store)
{
	char path[4200];
	int error = 0;

	for (int i = 0; i < STORE_TABLES; i++) {
		int finished = finish_table(store, i);

		error = error ? error : finished;
	}
	close(store->reserve);
	store->reserve = -1;
	if (!error)
		error = file_path(store, RESERVE_NAME, path, sizeof(path));
	if (!error && unlink(path))
		error = -errno;
	return error;
}

FILE *store_create(const struct store *store, const char *name)
{
	char path[4200];

	if (file_path(store, name, path, sizeof(path))) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(path, "wxe");
}

int store_written(FILE *file)
{
	bool failed = ferror(file) != 0;

	errno = 0;
	if (fclose(file) || failed)
		return errno ? -errno : -EIO;
	return 0;
}

void store_remove(const struct store *store, const char *name)
{
	char path[4200];

	if (!file_path(store, name, path, sizeof(path)))
		unlink(path);
}

/* RENAME_NOREPLACE: a folder that came there meanwhile is not overwritten.
 * Where the file system lacks it, a plain rename, which replaces at most an
 * empty folder. */
int store_commit(struct store *store)
{
	if (renameat2(AT_FDCWD, store->hidden, AT_FDCWD, store->final,
		      RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	return rename(store->hidden, store->final) ? -errno : 0;
}

void store_discard(struct store *store)
{
	static const char *const names[] = {
		RESERVE_NAME,  "summary.csv",	"run.json",
		"gbench.json", "benchstat.txt", "scaling.csv",
	};

	if (store->reserve >= 0)
		close(store->reserve);
	for (int i = 0; i < STORE_TABLES; i++) {
		table_finish(&store->tables[i]);
		store_remove(store, tables[i].name);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		store_remove(store, names[i]);
	rmdir(store->hidden);
}
