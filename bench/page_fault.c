// SPDX-License-Identifier: MIT
/* Minor page faults: the first touch of a page of mapped memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "memory.h"

/* More pages than any batch touches, though few of them at a time are there:
 * a file's few are mapped again and again. A power of two. */
#define AREA_BYTES (128L << 20)
#define FILE_BYTES (2L << 20)
#define UNMAPPED   (-1)

static long page_bytes;

/* Each call goes on from where the last one stopped, also from one run to the
 * next: the context's argument is the offset. */
static inline char *next_page(struct context *context, long page)
{
	char *here = (char *)context->buffer + context->argument;

	context->argument = (context->argument + page) & (AREA_BYTES - 1);
	return here;
}

BENCHMARK_LOOP(through_write, *(volatile char *)next_page(context, page) = 1,
	       long page = page_bytes);
BENCHMARK_LOOP(through_read, *(volatile char *)next_page(context, page),
	       long page = page_bytes);

/* One file for all rows; see bench/write.c on memfd. */
static int file = -1, users;

static int make_file(void)
{
	int error = 0;
	void *pages;

	file = memfd_create("page_fault", MFD_CLOEXEC);
	if (file < 0)
		return -errno;
	if (ftruncate(file, FILE_BYTES))
		error = -errno;
	pages = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file,
		     0);
	if (pages == MAP_FAILED)
		error = -errno;
	if (!error)
		memory_touch(pages, FILE_BYTES);
	if (pages != MAP_FAILED)
		munmap(pages, FILE_BYTES);
	if (error)
		close(file);
	return error;
}

/* Only the address space is taken here: what a fork would copy, and a tree of
 * many mappings, comes with prepare. */
static int reserve(const struct benchmark *benchmark, struct context *context)
{
	int error = users ? 0 : make_file();

	(void)benchmark;
	if (error)
		return error;
	page_bytes = sysconf(_SC_PAGESIZE);
	context->argument = UNMAPPED;
	context->buffer = mmap(NULL, AREA_BYTES, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			       0);
	if (context->buffer == MAP_FAILED)
		error = -errno;
	if (!error)
		users++;
	else if (!users)
		close(file);
	return error;
}

static void release(struct context *context)
{
	munmap(context->buffer, AREA_BYTES);
	if (--users == 0)
		close(file);
}

static void map(char *at, long bytes, int flags, int descriptor)
{
	mmap(at, (size_t)bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED,
	     descriptor, 0);
}

/* What was touched is no longer there, or nothing is mapped yet. */
static bool is_mapped_anew(struct context *context)
{
	bool mapped = context->argument != UNMAPPED;

	if (mapped)
		madvise(context->buffer, (size_t)context->argument,
			MADV_DONTNEED);
	context->argument = 0;
	return mapped;
}

static void prepare_anonymous(struct context *context)
{
	if (is_mapped_anew(context))
		return;
	map(context->buffer, AREA_BYTES,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	madvise(context->buffer, AREA_BYTES, MADV_NOHUGEPAGE);
}

static void map_file(struct context *context, int flags)
{
	if (is_mapped_anew(context))
		return;
	for (long offset = 0; offset < AREA_BYTES; offset += FILE_BYTES)
		map((char *)context->buffer + offset, FILE_BYTES, flags, file);
	madvise(context->buffer, AREA_BYTES, MADV_NOHUGEPAGE);
}

static void prepare_shared(struct context *context)
{
	map_file(context, MAP_SHARED);
}

static void prepare_private(struct context *context)
{
	map_file(context, MAP_PRIVATE);
}

static void leave(struct context *context)
{
	mmap(context->buffer, AREA_BYTES, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	context->argument = UNMAPPED;
}

/* Faults of 64 pages; the stack and the like may add a few. */
static long count_faults(struct context *context,
			 void (*prepare)(struct context *),
			 void (*run)(struct context *, uint64_t))
{
	long before;

	prepare(context);
	before = memory_faults();
	run(context, 64);
	before = memory_faults() - before;
	leave(context);
	return before;
}

// clang-format off
#define VERIFY(name, way, kind, least, what)				\
	static const char *verify_##name(struct context *context)	\
	{								\
		long faults = count_faults(context, prepare_##kind,	\
					   through_##way);		\
									\
		return faults >= (least) && faults <= 64 + 8 ? NULL : what; \
	}								\
	struct context

VERIFY(anonymous, write, anonymous, 64, "not every page is a fault");
VERIFY(zero, read, anonymous, 64, "not every page is a fault");
VERIFY(shared, write, shared, 64, "not every page is a fault");
VERIFY(around, read, shared, 1, "no fault, or more than one a page");
VERIFY(copy, write, private, 64, "not every page is a fault");

#define ROW(way, name, proof, kind, rate, in_full, text)		\
	{ .path = #way, .variant = name, .run = through_##way,		\
	  .setup = reserve, .verify = verify_##proof,			\
	  .prepare = prepare_##kind, .leave = leave,			\
	  .teardown = release, .entries = rate,				\
	  .uncounted = "a page fault is no system call",		\
	  .work = WORK_FAULTS, .rehearse = true, .full = in_full,	\
	  .summary = text }

BENCHMARK_GROUP(page_fault, "the first touch of a page, for each page",
	ROW(write, "anonymous", anonymous, anonymous, 1, false,
	    "a page of zeros is made"),
	ROW(read, "anonymous", zero, anonymous, 1, true,
	    "the one page of zeros that all share is mapped"),
	ROW(write, "shared", shared, shared, 1, true,
	    "a page that a file in memory has is mapped"),
	ROW(read, "shared", around, shared, 1.0 / 16, true,
	    "the same, and with it its neighbours (fault-around)"),
	ROW(write, "private", copy, private, 1, true,
	    "a page of a file is copied"),
);
// clang-format on
