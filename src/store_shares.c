// SPDX-License-Identifier: MIT
/* threads.csv: what each thread did in a batch, a line each. */
#include <errno.h>
#include <inttypes.h>

#include "registry.h"
#include "store.h"

static int begin(struct store *store)
{
	struct table *threads = &store->tables[STORE_THREADS];

	*threads = (struct table){
		.file = store_create(store, "threads.csv"),
	};
	if (!threads->file)
		return -errno;
	fputs("launch,arm,seq,benchmark,thread,cpu,calls,ticks\n",
	      threads->file);
	return 0;
}

static void print_share(FILE *file, const struct store_place *place,
			const struct row *row, const struct share *share)
{
	fprintf(file, "%u,%s,%" PRIu32 ",%s,%u,%u,%" PRIu64 ",%" PRIu64 "\n",
		place->launch, place->arm, row->seq,
		registry_get(row->benchmark)->name, share->thread, share->cpu,
		share->calls, share->ticks);
}

int store_shares(struct store *store, const struct store_place *place,
		 const struct row *rows, size_t count,
		 const struct share *shares, unsigned int others)
{
	const struct table *threads = &store->tables[STORE_THREADS];
	int error = others && !threads->file ? begin(store) : 0;

	for (size_t i = 0; !error && others && i < count; i++) {
		const struct share own = {
			.calls = rows[i].calls,
			.ticks = rows[i].ticks,
			.cpu = (uint16_t)rows[i].cpu,
		};

		print_share(threads->file, place, &rows[i], &own);
		for (unsigned int j = 0; j < others; j++)
			print_share(threads->file, place, &rows[i],
				    &shares[i * others + j]);
	}
	return error;
}
