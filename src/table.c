// SPDX-License-Identifier: MIT
/* A CSV file that grows by whole records: what a full disk cuts off is cut
 * back to the record before. */
#include "table.h"

#include <errno.h>
#include <unistd.h>

int table_begin(struct table *table, FILE *file, const char *header)
{
	*table = (struct table){ .file = file };
	if (!file)
		return -errno;
	fputs(header, file);
	return table_keep(table);
}

int table_flush(struct table *table)
{
	errno = 0;
	if (!table->error && (fflush(table->file) || ferror(table->file)))
		table->error = errno ? -errno : -EIO;
	return table->error;
}

int table_keep(struct table *table)
{
	if (!table_flush(table))
		table->whole = ftell(table->file);
	return table->error;
}

int table_finish(struct table *table)
{
	int descriptor, error = 0;

	if (!table->file)
		return 0;
	descriptor = dup(fileno(table->file));
	if (descriptor < 0)
		error = -errno;
	fclose(table->file); /* what it could not write is cut below */
	table->file = NULL;
	if (descriptor >= 0) {
		if (ftruncate(descriptor, table->whole))
			error = -errno;
		close(descriptor);
	}
	return error;
}
