// SPDX-License-Identifier: MIT
/* The same bytes at a place in a file: by a call, and by a store. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "benchmark.h"

/* Rooms are whole pages; records begin a line off, as in write.c: copies
 * between equal offsets of pages are slow. */
#define PAGE_BYTES  4096
#define PLACE_BYTES 64

BENCHMARK_LOOP(place_pread_libc, pread(descriptor, buffer, size, 0),
	       int descriptor = context->descriptor;
	       void *buffer = context->buffer;
	       size_t size = (size_t)context->argument);
BENCHMARK_LOOP(place_pwrite_libc, pwrite(descriptor, buffer, size, 0),
	       int descriptor = context->descriptor;
	       void *buffer = context->buffer;
	       size_t size = (size_t)context->argument);
/* The mapping is in function's place: the context has one for an address. */
BENCHMARK_LOOP(mapping_memcpy, memcpy(mapping, buffer, size),
	       void *mapping = context->function;
	       void *buffer = context->buffer;
	       size_t size = (size_t)context->argument);

static size_t file_bytes(size_t size)
{
	return (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static void close_file(struct context *context)
{
	close(context->descriptor);
	free((char *)context->buffer - PLACE_BYTES);
}

/* The file's pages are there, and hold something else than the buffer. */
static int fill_file(struct context *context, size_t size)
{
	ssize_t written;

	memset(context->buffer, 'x', size);
	written = pwrite(context->descriptor, context->buffer, size, 0);
	memset(context->buffer, 'y', size);
	return written == (ssize_t)size ? 0 : -EIO;
}

/* A file in memory: see write.c. */
static int open_file(const struct benchmark *benchmark, struct context *context)
{
	size_t size = benchmark->bytes;
	char *pages = aligned_alloc(PAGE_BYTES, file_bytes(size) + PAGE_BYTES);

	if (!pages)
		return -ENOMEM;
	context->argument = (long)size;
	context->buffer = pages + PLACE_BYTES;
	context->descriptor = memfd_create("place", MFD_CLOEXEC);
	if (context->descriptor >= 0 && !fill_file(context, size))
		return 0;
	close_file(context);
	return -EIO;
}

/* Populated: no fault is left to the first store. */
static int map_file(const struct benchmark *benchmark, struct context *context)
{
	int error = open_file(benchmark, context);

	if (error)
		return error;
	context->function =
		mmap(NULL, file_bytes(benchmark->bytes), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_POPULATE, context->descriptor, 0);
	if (context->function != MAP_FAILED)
		return 0;
	error = -errno;
	close_file(context);
	return error;
}

static void unmap_file(struct context *context)
{
	munmap(context->function, file_bytes((size_t)context->argument));
	close_file(context);
}

/* Is the file, seen by another call, what the buffer is? */
static const char *compare(struct context *context)
{
	size_t size = (size_t)context->argument;
	char *back = malloc(size);
	bool same = back &&
		    pread(context->descriptor, back, size, 0) ==
			    (ssize_t)size &&
		    memcmp(back, context->buffer, size) == 0;

	free(back);
	return same ? NULL : "the file is not what the buffer is";
}

static const char *verify_pread(struct context *context)
{
	size_t size = (size_t)context->argument;
	char *buffer = context->buffer;

	memset(buffer, 'y', size);
	place_pread_libc(context, 1);
	return buffer[0] == 'x' ? compare(context)
				: "nothing came from the file";
}

static const char *verify_pwrite(struct context *context)
{
	place_pwrite_libc(context, 1);
	return compare(context);
}

static const char *verify_store(struct context *context)
{
	mapping_memcpy(context, 1);
	return compare(context);
}

// clang-format off
#define CALL_ROW(verb, size, full_)					\
	{ .path = "libc", .variant = #size, .run = place_##verb##_libc,	\
	  .setup = open_file, .verify = verify_##verb,			\
	  .teardown = close_file, .bytes = size, .entries = 1,		\
	  .full = full_, .summary = #size " bytes a call, at place 0" }
#define STORE_ROW(size, full_)						\
	{ .path = "store", .variant = #size, .run = mapping_memcpy,	\
	  .setup = map_file, .verify = verify_store,			\
	  .teardown = unmap_file, .bytes = size, .entries = 0,		\
	  .full = full_, .summary = #size " bytes, by memcpy" }
#define CALL_ROWS(verb)							\
	CALL_ROW(verb, 1, true),					\
	CALL_ROW(verb, 16, true),					\
	CALL_ROW(verb, 256, true),					\
	CALL_ROW(verb, 4096, false),					\
	CALL_ROW(verb, 65536, true)

BENCHMARK_GROUP(pread, "bytes from a file in memory, always the same place",
		CALL_ROWS(pread));
BENCHMARK_GROUP(pwrite, "bytes to a file in memory, always the same place",
		CALL_ROWS(pwrite));
BENCHMARK_GROUP(mapped, "the same bytes stored in a shared mapping of the file",
		STORE_ROW(1, true),
		STORE_ROW(16, true),
		STORE_ROW(256, true),
		STORE_ROW(4096, false),
		STORE_ROW(65536, true));
// clang-format on
