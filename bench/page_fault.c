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
#define AREA_BYTES (16L << 20)
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

static void *reserve_at(void *place, int flags)
{
	return mmap(place, AREA_BYTES, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
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
	context->buffer = reserve_at(NULL, 0);
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

/* Back to where nothing was touched; false: nothing is mapped yet. */
static bool is_untouched_again(struct context *context)
{
	if (context->argument == UNMAPPED)
		return false;
	madvise(context->buffer, (size_t)context->argument, MADV_DONTNEED);
	context->argument = 0;
	return true;
}

/* The area in pieces, from the file's beginning each. It stays unmapped where
 * that fails, which verify tells; a row that it let through has its memory. */
static void map(struct context *context, long piece, int flags, int descriptor)
{
	long offset = 0;

	while (offset < AREA_BYTES &&
	       mmap((char *)context->buffer + offset, (size_t)piece,
		    PROT_READ | PROT_WRITE, flags | MAP_FIXED, descriptor,
		    0) != MAP_FAILED)
		offset += piece;
	if (offset < AREA_BYTES)
		return;
	madvise(context->buffer, AREA_BYTES, MADV_NOHUGEPAGE);
	context->argument = 0;
}

static void prepare_anonymous(struct context *context)
{
	if (!is_untouched_again(context))
		map(context, AREA_BYTES,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

static void prepare_shared(struct context *context)
{
	if (!is_untouched_again(context))
		map(context, FILE_BYTES, MAP_SHARED, file);
}

static void prepare_private(struct context *context)
{
	if (!is_untouched_again(context))
		map(context, FILE_BYTES, MAP_PRIVATE | MAP_NORESERVE, file);
}

static void leave(struct context *context)
{
	reserve_at(context->buffer, MAP_FIXED);
	context->argument = UNMAPPED;
}

/* `least` faults for 64 pages, or one each; the stack may add a few. */
static const char *verify(struct context *context,
			  void (*prepare)(struct context *),
			  void (*run)(struct context *, uint64_t), long least)
{
	bool mapped;
	long faults;

	prepare(context);
	mapped = context->argument != UNMAPPED;
	faults = memory_faults();
	if (mapped)
		run(context, 64);
	faults = memory_faults() - faults;
	leave(context);
	if (!mapped)
		return "the memory cannot be mapped";
	return faults >= least && faults <= 64 + 8
		       ? NULL
		       : "not as many faults as pages that were touched";
}

// clang-format off
#define VERIFY(name, way, kind, least)					\
	static const char *verify_##name(struct context *context)	\
	{								\
		return verify(context, prepare_##kind, through_##way,	\
			      least);					\
	}								\
	struct context

VERIFY(anonymous, write, anonymous, 64);
VERIFY(zero, read, anonymous, 64);
VERIFY(shared, write, shared, 64);
VERIFY(around, read, shared, 1);
VERIFY(copy, write, private, 64);

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
