// SPDX-License-Identifier: MIT
/* From one file in memory to another: through user space, or not. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "benchmark.h"

#define SIZE_MOST   65536
#define PAGE_BYTES  4096
#define PLACE_BYTES 64 /* where the buffer starts in a page: see write.c */

struct copy {
	void (*run)(struct context *context, uint64_t calls);
	char *buffer;
	size_t size;
	int from, to;
};

/* Each reads the same place and writes behind what it wrote before, since
 * sendfile cannot do otherwise; prepare goes back to the start. */
BENCHMARK_LOOP(through_libc_pair,
	       (pread(from, buffer, size, 0), write(to, buffer, size)),
	       struct copy *copy = context->buffer;
	       char *buffer = copy->buffer; size_t size = copy->size;
	       int from = copy->from; int to = copy->to);
BENCHMARK_LOOP(through_sendfile, (place = 0, sendfile(to, from, &place, size)),
	       struct copy *copy = context->buffer;
	       size_t size = copy->size; int from = copy->from;
	       int to = copy->to; off_t place);
BENCHMARK_LOOP(through_range,
	       (place = 0, copy_file_range(from, &place, to, NULL, size, 0)),
	       struct copy *copy = context->buffer;
	       size_t size = copy->size; int from = copy->from;
	       int to = copy->to; off64_t place);

/* One pair of files for all rows, so that the pages stay warm from row to row
 * and are there once. */
static int from_file = -1, to_file = -1, users;

static void let_files_go(void)
{
	if (users && --users)
		return;
	if (from_file >= 0)
		close(from_file);
	if (to_file >= 0)
		close(to_file);
	from_file = to_file = -1;
}

static int fill_file(int file)
{
	static char bytes[PAGE_BYTES];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 251);
	for (size_t done = 0; done < SIZE_MOST; done += sizeof(bytes))
		if (write(file, bytes, sizeof(bytes)) != sizeof(bytes))
			return -errno;
	return 0;
}

static int take_files(void)
{
	int error = 0;

	if (!users) {
		from_file = memfd_create("from", MFD_CLOEXEC);
		to_file = memfd_create("to", MFD_CLOEXEC);
		error = from_file < 0 || to_file < 0 ? -errno
						     : fill_file(from_file);
	}
	if (error)
		let_files_go();
	else
		users++;
	return error;
}

static int open_copy(const struct benchmark *benchmark, struct context *context)
{
	char *pages = aligned_alloc(PAGE_BYTES, SIZE_MOST + PAGE_BYTES);
	struct copy *copy = malloc(sizeof(*copy));
	int error = pages && copy ? take_files() : -ENOMEM;

	if (error) {
		free(pages);
		free(copy);
		return error;
	}
	*copy = (struct copy){ benchmark->run, pages + PLACE_BYTES,
			       benchmark->bytes, from_file, to_file };
	context->buffer = copy;
	return 0;
}

static void close_copy(struct context *context)
{
	struct copy *copy = context->buffer;

	free(copy->buffer - PLACE_BYTES);
	free(copy);
	let_files_go();
}

static void rewind_file(struct context *context)
{
	const struct copy *copy = context->buffer;

	lseek(copy->to, 0, SEEK_SET);
}

static const char *compare(const struct copy *copy, char *sent, char *come)
{
	memset(come, 0, copy->size);
	if (pread(copy->from, sent, copy->size, 0) != (ssize_t)copy->size ||
	    pread(copy->to, come, copy->size, 0) != (ssize_t)copy->size ||
	    memcmp(sent, come, copy->size) != 0)
		return "one file does not hold what the other does";
	if (lseek(copy->to, 0, SEEK_CUR) != (off_t)copy->size)
		return "another number of bytes was written";
	return NULL;
}

/* One call of the row's own, and then both files read. */
static const char *verify(struct context *context)
{
	static char sent[SIZE_MOST], come[SIZE_MOST];
	const struct copy *copy = context->buffer;

	memset(come, 0, copy->size);
	if (pwrite(copy->to, come, copy->size, 0) != (ssize_t)copy->size)
		return "the file cannot be overwritten";
	rewind_file(context);
	copy->run(context, 1);
	return compare(copy, sent, come);
}

/* A byte from file to file, each way: 0 or the errno. */
static int attempt(ssize_t (*way)(int from, int to))
{
	ssize_t moved;
	int error = take_files();

	if (error)
		return -error;
	moved = way(from_file, to_file);
	error = moved < 0 ? errno : moved == 1 ? 0 : EIO;
	let_files_go();
	return error;
}

static ssize_t send_byte(int from, int to)
{
	off_t place = 0;

	return sendfile(to, from, &place, 1);
}

static ssize_t copy_byte(int from, int to)
{
	off64_t place = 0;

	return copy_file_range(from, &place, to, NULL, 1, 0);
}

static const char *supported_sendfile(const struct benchmark *benchmark)
{
	(void)benchmark;
	return attempt(send_byte) ? "sendfile does not write to a file here"
				  : NULL;
}

static const char *supported_range(const struct benchmark *benchmark)
{
	int error = attempt(copy_byte);

	(void)benchmark;
	if (error == ENOSYS)
		return "no copy_file_range: a kernel before Linux 4.5, or a "
		       "filter";
	return error ? "copy_file_range does not copy from memory to memory "
		       "here"
		     : NULL;
}

// clang-format off
#define supported_libc_pair	NULL
#define ROW(name, way, size, count, full_, text)			\
	{ .path = name, .variant = #size, .run = through_##way,		\
	  .supported = supported_##way, .setup = open_copy,		\
	  .verify = verify, .prepare = rewind_file,			\
	  .teardown = close_copy, .rehearse = (size) >= PAGE_BYTES,	\
	  .bytes = size, .entries = count, .full = full_,		\
	  .summary = #size " bytes, " text }
#define ROWS(size, full_)						\
	ROW("read_write", libc_pair, size, 2, full_,				\
	    "read into a buffer and written from it"),			\
	ROW("sendfile", sendfile, size, 1, full_, "by sendfile"),	\
	ROW("copy_file_range", range, size, 1, full_, "by copy_file_range")

BENCHMARK_GROUP(copy, "bytes from one file in memory to another",
	ROWS(256, true),
	ROWS(4096, false),
	ROWS(65536, true),
);
// clang-format on
