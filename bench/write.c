// SPDX-License-Identifier: MIT
/* The same bytes unbuffered and buffered, to nowhere and to a file in memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

/* What stdio gives a file by default: st_blksize, 4,096 nearly everywhere. */
#define STREAM_BYTES 4096
#define PAGE_BYTES   4096
/* Where records and streams' buffers start in a page: alike, or paths would
 * differ by their place; and not where a file's page starts, since copies
 * between equal offsets are slow (4 KiB aliasing, Intel's Optimization
 * Reference Manual): 4 KiB would cost 450 ns instead of 390. */
#define PLACE_BYTES 64

BENCHMARK_LOOP(through_libc, write(descriptor, buffer, size),
	       int descriptor = context->descriptor;
	       void *buffer = context->buffer;
	       size_t size = (size_t)context->argument);
BENCHMARK_LOOP(through_syscall, syscall(SYS_write, descriptor, buffer, size),
	       long descriptor = context->descriptor;
	       void *buffer = context->buffer; long size = context->argument);
BENCHMARK_LOOP(through_inline,
	       syscall3(SYS_write, descriptor, (long)buffer, size),
	       long descriptor = context->descriptor;
	       void *buffer = context->buffer; long size = context->argument);
BENCHMARK_LOOP(through_stdio, fwrite(buffer, 1, size, stream),
	       FILE *stream = context->stream;
	       void *buffer = context->buffer;
	       size_t size = (size_t)context->argument);
BENCHMARK_LOOP(through_putc, putc_unlocked('\n', stream),
	       FILE *stream = context->stream);

/* From a record to the stream's buffer behind it: whole pages. */
static size_t record_room(const struct benchmark *benchmark)
{
	return (benchmark->bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static void *make_buffer(const struct benchmark *benchmark)
{
	char *pages = aligned_alloc(
		PAGE_BYTES, record_room(benchmark) + STREAM_BYTES + PAGE_BYTES);

	return pages ? pages + PLACE_BYTES : NULL;
}

static void free_buffer(void *buffer)
{
	free((char *)buffer - PLACE_BYTES);
}

/* Each record ends in a newline, so that line buffering has its line. */
static int open_target(const struct benchmark *benchmark,
		       struct context *context, int descriptor)
{
	if (descriptor < 0)
		return -errno;
	context->buffer = make_buffer(benchmark);
	if (!context->buffer) {
		close(descriptor);
		return -ENOMEM;
	}
	memset(context->buffer, 'x', benchmark->bytes);
	((char *)context->buffer)[benchmark->bytes - 1] = '\n';
	context->descriptor = descriptor;
	context->argument = (long)benchmark->bytes;
	return 0;
}

static int open_null(const struct benchmark *benchmark, struct context *context)
{
	return open_target(benchmark, context,
			   open("/dev/null", O_WRONLY | O_CLOEXEC));
}

/* One file for all rows, so that its pages stay warm from row to row. A memfd
 * is a file on the kernel's own tmpfs mount (mm/shmem.c): no path, no mount
 * needed, gone with its last descriptor. */
static int shared_file = -1, shared_users;

static int open_file(const struct benchmark *benchmark, struct context *context)
{
	int error;

	if (!shared_users)
		shared_file = memfd_create("write", MFD_CLOEXEC);
	if (shared_file < 0)
		return -errno;
	error = open_target(benchmark, context,
			    fcntl(shared_file, F_DUPFD_CLOEXEC, 3));
	if (!error)
		shared_users++;
	else if (!shared_users)
		close(shared_file);
	return error;
}

static void close_null(struct context *context)
{
	if (context->stream)
		fclose(context->stream);
	else
		close(context->descriptor);
	free_buffer(context->buffer);
}

static void close_file(struct context *context)
{
	close_null(context);
	if (--shared_users == 0)
		close(shared_file);
}

/* The row's argument is the stream's mode: _IOFBF, _IOLBF or _IONBF. */
static int open_stream(const struct benchmark *benchmark,
		       struct context *context)
{
	char *own = (char *)context->buffer + record_room(benchmark);

	context->stream = fdopen(context->descriptor, "w");
	if (!context->stream)
		return -errno;
	setvbuf(context->stream, own, (int)benchmark->argument, STREAM_BYTES);
	return 0;
}

static int open_null_stream(const struct benchmark *benchmark,
			    struct context *context)
{
	int error = open_null(benchmark, context);

	if (error)
		return error;
	error = open_stream(benchmark, context);
	if (error)
		close_null(context);
	return error;
}

static int open_file_stream(const struct benchmark *benchmark,
			    struct context *context)
{
	int error = open_file(benchmark, context);

	if (error)
		return error;
	error = open_stream(benchmark, context);
	if (error)
		close_file(context);
	return error;
}

/* A batch overwrites what the one before wrote: the file's pages are there. */
static void rewind_file(struct context *context)
{
	lseek(context->descriptor, 0, SEEK_SET);
}

static const char *verify_null(struct context *context)
{
	if (write(context->descriptor, context->buffer,
		  (size_t)context->argument) != context->argument)
		return "a write to /dev/null is not taken whole";
	if (context->stream && (putc_unlocked('\n', context->stream) == EOF ||
				fflush(context->stream)))
		return "a stream on /dev/null is not taken whole";
	return NULL;
}

/* Reads back what the row's own way wrote, through another descriptor. */
static const char *verify_file(struct context *context)
{
	size_t size = (size_t)context->argument;
	char *back = calloc(1, size);
	const char *problem = NULL;

	if (!back)
		return "no memory to read back";
	rewind_file(context);
	if (context->stream)
		size = fwrite(context->buffer, 1, size, context->stream);
	else
		size = (size_t)write(context->descriptor, context->buffer,
				     size);
	if (context->stream)
		fflush(context->stream);
	if (size != (size_t)context->argument ||
	    pread(context->descriptor, back, size, 0) != (ssize_t)size ||
	    memcmp(back, context->buffer, size) != 0)
		problem = "the file does not hold what was written";
	free(back);
	return problem;
}

/* A full stream is flushed once in STREAM_BYTES. Of a larger record glibc
 * gathers as much as fits, and hands on that and the rest: two entries. */
#define LARGE(size) ((size) > STREAM_BYTES ? 2 : 1)
#define FULL(size)                                                             \
	((size) < STREAM_BYTES ? (double)(size) / STREAM_BYTES : LARGE(size))

// clang-format off
#define PATH_ROWS(way, target, size)					\
	{ .path = #way, .variant = #size, .run = through_##way,		\
	  .setup = open_##target, .verify = verify_##target,		\
	  .prepare = prepare_##target, .teardown = close_##target,	\
	  .rehearse = REHEARSE_##target(size),				\
	  .bytes = size, .entries = 1,					\
	  .summary = #size " bytes a call, unbuffered" }
#define STREAM_ROW(name, way, target, mode, size, rate, text)		\
	{ .path = name, .variant = #size, .run = through_##way,		\
	  .setup = open_##target##_stream, .verify = verify_##target,	\
	  .prepare = prepare_##target, .teardown = close_##target,	\
	  .rehearse = REHEARSE_##target(size),				\
	  .argument = mode, .bytes = size, .entries = rate,		\
	  .summary = #size " bytes a call, " text }
#define SIZE_ROWS(target, size)						\
	PATH_ROWS(libc, target, size),					\
	PATH_ROWS(syscall, target, size),				\
	PATH_ROWS(inline, target, size),				\
	STREAM_ROW("stdio", stdio, target, _IOFBF, size, FULL(size),	\
		   "fwrite, fully buffered"),				\
	STREAM_ROW("stdio_line", stdio, target, _IOLBF, size,		\
		   LARGE(size), "fwrite of a line, line-buffered"),	\
	STREAM_ROW("stdio_unbuffered", stdio, target, _IONBF, size, 1,	\
		   "fwrite, unbuffered")
#define TARGET_ROWS(target)						\
	SIZE_ROWS(target, 1),						\
	STREAM_ROW("putc", putc, target, _IOFBF, 1, FULL(1),		\
		   "putc_unlocked, fully buffered"),			\
	SIZE_ROWS(target, 16),						\
	SIZE_ROWS(target, 256),						\
	SIZE_ROWS(target, 4096),					\
	SIZE_ROWS(target, 65536)

#define prepare_null		NULL
#define prepare_file		rewind_file
/* Batches that walk through many pages find them warm, as their first tenth
 * alone would not make them. */
#define REHEARSE_null(size)	false
#define REHEARSE_file(size)	((size) >= 4096)

BENCHMARK_GROUP(write, "bytes to /dev/null: one call each, or gathered first",
		TARGET_ROWS(null));
BENCHMARK_GROUP(write_file, "the same bytes to a file on tmpfs",
		TARGET_ROWS(file));
// clang-format on
