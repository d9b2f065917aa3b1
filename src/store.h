/* SPDX-License-Identifier: MIT */
/* The run folder: made hidden, filled, and named when whole. */
#ifndef SYSCOST_STORE_H
#define SYSCOST_STORE_H

#include <stdint.h>
#include <stdio.h>

#include "batch.h"
#include "share.h"
#include "table.h"

/* The files that grow while measuring. */
enum store_table {
	STORE_SAMPLES,
	STORE_LAUNCHES,
	STORE_COUNTERS,
	STORE_THREADS,
	STORE_TABLES
};

struct store {
	char final[4096];  /* the folder's name when the run is over */
	char hidden[4096]; /* its name until then */
	struct table tables[STORE_TABLES];
	int reserve; /* descriptor of the space kept for the end */
};

/* Where a row belongs besides what it says itself. */
struct store_place {
	const char *arm;
	unsigned int launch, block;
};

/*
 * Makes the hidden folder beside `path`, with its tables begun, and keeps some
 * space for the files of the end. 0 or -errno: -EEXIST where `path` is
 * there already, -ENOTEMPTY where the hidden folder of another run is,
 * -ENOSPC where `expected_bytes` would not fit.
 */
int store_open(struct store *store, const char *path, uint64_t expected_bytes);

/* Adds a launch's rows, what was counted of them, and their shares. 0 or
 * -errno, and then none of them is kept. */
int store_launch(struct store *store, const struct store_place *place,
		 const struct row *rows, size_t count, double ticks_per_ns);

/* Adds what was counted of a launch's rows to counters.csv, which is made when
 * there is something; store_launch calls it. 0 or -errno. */
int store_counts(struct store *store, const struct store_place *place,
		 const struct row *rows, size_t count);

/* Prints what each thread did in each batch of a launch to threads.csv, which
 * is made when there is something: the rows' `others` each, in their order.
 * The store_launch that must follow keeps it. 0 or -errno. */
int store_shares(struct store *store, const struct store_place *place,
		 const struct row *rows, size_t count,
		 const struct share *shares, unsigned int others);

/* Closes the tables and gives the reserve back; 0 or -errno. */
int store_finish_tables(struct store *store);

/* A new file in the folder, or NULL with errno; store_written closes it and
 * says whether all of it was written: 0 or -errno. */
FILE *store_create(const struct store *store, const char *name);
int store_written(FILE *file);

/* Takes a file out of the folder again. */
void store_remove(const struct store *store, const char *name);

/* Gives the folder its name; 0 or -errno. store_discard removes it. */
int store_commit(struct store *store);
void store_discard(struct store *store);

#endif
