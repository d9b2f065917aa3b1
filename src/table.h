/* SPDX-License-Identifier: MIT */
/* A CSV file that grows by whole records: what a full disk cuts off is cut
 * back to the record before. */
#ifndef SYSCOST_TABLE_H
#define SYSCOST_TABLE_H

#include <stdio.h>

struct table {
	FILE *file; /* to print records to; NULL: not open */
	long whole; /* bytes that are the header and whole records */
	int error;  /* -errno; from then on nothing is kept */
};

/* Takes over `file`, new and empty (NULL: errno says why), and writes the
 * header with its newline. 0 or -errno. */
int table_begin(struct table *table, FILE *file, const char *header);

/* Writes out what was printed to table->file since the last call: one record
 * of as many lines as it has. 0 or -errno, and then none of it is kept, nor
 * what comes later. */
int table_keep(struct table *table);

/* Writes it out and does not keep it yet: so that a record in two tables is
 * in both or in neither. 0 or -errno, for good as above. */
int table_flush(struct table *table);

/* Cuts off what was not kept and closes; 0 or -errno. Harmless where the table
 * is not open. */
int table_finish(struct table *table);

#endif
