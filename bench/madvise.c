// SPDX-License-Identifier: MIT
/* Pages given back and touched again: what an allocator does under pressure. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "memory.h"

BENCHMARK_LOOP(through_libc_touch,
	       (madvise(pages, size, MADV_DONTNEED), memory_touch(pages, size)),
	       void *pages = context->buffer;
	       size_t size = (size_t)context->argument);

static int map(const struct benchmark *benchmark, struct context *context)
{
	size_t size = (size_t)benchmark->argument;

	context->buffer = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (context->buffer == MAP_FAILED)
		return -errno;
	madvise(context->buffer, size, MADV_NOHUGEPAGE);
	return 0;
}

static void unmap(struct context *context)
{
	munmap(context->buffer, (size_t)context->argument);
}

static void touch(struct context *context)
{
	memory_touch(context->buffer, (size_t)context->argument);
}

/* No fork is to copy them. */
static void drop(struct context *context)
{
	madvise(context->buffer, (size_t)context->argument, MADV_DONTNEED);
}

/* What was written is gone, and each page comes by a fault. */
static const char *verify(struct context *context)
{
	size_t size = (size_t)context->argument;
	long page = sysconf(_SC_PAGESIZE), faults;
	volatile char *bytes = context->buffer;

	touch(context);
	if (bytes[size - 1 - (size - 1) % (size_t)page] != 1 ||
	    madvise(context->buffer, size, MADV_DONTNEED) || bytes[0] != 0)
		return "the pages are not given back";
	faults = memory_faults();
	through_libc_touch(context, 2);
	faults = memory_faults() - faults;
	return faults >= 2 * ((long)size / page) ? NULL
						 : "not every page is a fault";
}

// clang-format off
#define ROW(size)							\
	{ .path = "libc", .variant = #size, .run = through_libc_touch,	\
	  .setup = map, .verify = verify, .prepare = touch,		\
	  .leave = drop, .teardown = unmap, .argument = size,		\
	  .entries = 1 + (size) / 4096.0,					\
	  .uncounted = "a page fault is no system call",		\
	  .work = WORK_FAULTS, .full = true,				\
	  .summary = #size " bytes: MADV_DONTNEED, a write to each page" }

BENCHMARK_GROUP(madvise, "pages given back and touched again",
	ROW(4096),
	ROW(65536),
);
// clang-format on
