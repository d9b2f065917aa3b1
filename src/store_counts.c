// SPDX-License-Identifier: MIT
/* counters.csv: what the PMU counted of a batch, a line each. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

#include "registry.h"
#include "store.h"

/* Only where something was counted is there a file. Its header is whole with
 * the first launch. */
static int begin(struct store *store)
{
	struct table *counters = &store->tables[STORE_COUNTERS];

	*counters = (struct table){
		.file = store_create(store, "counters.csv"),
	};
	if (!counters->file)
		return -errno;
	fputs("launch,arm,seq,benchmark,calls", counters->file);
	for (unsigned int i = 0; i < COUNTERS; i++)
		fprintf(counters->file, ",%s", counter_names[i]);
	fputc('\n', counters->file);
	return 0;
}

/* A cell is empty where that was not counted. */
static void print_counts(FILE *file, const struct store_place *place,
			 const struct row *row)
{
	fprintf(file, "%u,%s,%" PRIu32 ",%s,%" PRIu64, place->launch,
		place->arm, row->seq, registry_get(row->benchmark)->name,
		row->calls);
	for (unsigned int i = 0; i < COUNTERS; i++) {
		fputc(',', file);
		if (row->counts.counted >> i & 1)
			fprintf(file, "%" PRId64, row->counts.of[i]);
	}
	fputc('\n', file);
}

int store_counts(struct store *store, const struct store_place *place,
		 const struct row *rows, size_t count)
{
	const struct table *counters = &store->tables[STORE_COUNTERS];
	int error = 0;

	for (size_t i = 0; !error && i < count; i++) {
		if (!rows[i].counts.counted)
			continue;
		if (!counters->file)
			error = begin(store);
		if (!error)
			print_counts(counters->file, place, &rows[i]);
	}
	return error;
}
