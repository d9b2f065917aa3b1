// SPDX-License-Identifier: MIT
/* Anonymous memory mapped and unmapped, with its pages touched and without. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "memory.h"

/* Some 32-bit architectures have mmap2 alone. */
#ifndef SYS_mmap
#define SYS_mmap ARCH_INVALID_NUMBER
#endif

#define RIGHTS (PROT_READ | PROT_WRITE)
#define FLAGS  (MAP_PRIVATE | MAP_ANONYMOUS)

BENCHMARK_LOOP(untouched_libc_pair,
	       munmap(mmap(room, size, RIGHTS, FLAGS, -1, 0), size),
	       void *room = context->buffer;
	       size_t size = (size_t)context->argument);
BENCHMARK_LOOP(untouched_inline_pair,
	       syscall2(SYS_munmap,
			syscall6(SYS_mmap, room, size, RIGHTS, FLAGS, -1, 0),
			size),
	       long room = (long)context->buffer;
	       long size = context->argument);
BENCHMARK_LOOP(touched_libc_touch,
	       (memory_touch(mmap(room, size, RIGHTS, FLAGS, -1, 0), size),
		munmap(room, size)),
	       void *room = context->buffer;
	       size_t size = (size_t)context->argument);

/* Nobody else may come between prepare and leave, so that the kernel takes the
 * place it is given, and every mapping is a new one: no search, no merge. */
static void make_room(struct context *context)
{
	if (!context->buffer)
		context->buffer = memory_room((size_t)context->argument);
}

static void leave_room(struct context *context)
{
	if (context->buffer)
		memory_room_free(context->buffer, (size_t)context->argument);
	context->buffer = NULL;
}

static void leave_room_below(struct context *context)
{
	if (context->buffer)
		memory_room_free(context->buffer,
				 2 * (size_t)context->argument);
	context->buffer = NULL;
}

/* As where the kernel chooses the place: below something of the same kind. */
static void make_room_below(struct context *context)
{
	size_t size = (size_t)context->argument;

	if (context->buffer)
		return;
	context->buffer = memory_room(2 * size);
	if (context->buffer &&
	    mmap((char *)context->buffer + size, size, RIGHTS,
		 FLAGS | MAP_FIXED, -1, 0) == MAP_FAILED)
		leave_room_below(context);
}

/* A page that is not mapped has no residency (mincore(2), ENOMEM). */
static bool is_mapped(const struct context *context)
{
	unsigned char resident;

	return mincore(context->buffer, 1, &resident) == 0;
}

/* One mmap adds a mapping, or none where it only extends another. */
static bool maps_and_unmaps(const struct context *context, int wanted)
{
	size_t size = (size_t)context->argument;
	int before = memory_mappings(), added;

	if (is_mapped(context) ||
	    mmap(context->buffer, size, RIGHTS, FLAGS, -1, 0) !=
		    context->buffer ||
	    !is_mapped(context))
		return false;
	added = memory_mappings() - before;
	return munmap(context->buffer, size) == 0 && !is_mapped(context) &&
	       (before < 0 || added == wanted);
}

static const char *verify(struct context *context, int added)
{
	long faults;

	if (!context->buffer || !maps_and_unmaps(context, added))
		return "the memory is not mapped as it was to be";
	faults = memory_faults();
	untouched_libc_pair(context, 10);
	untouched_inline_pair(context, 10);
	faults = memory_faults() - faults;
	if (is_mapped(context))
		return "the memory is not unmapped";
	return faults < 10 ? NULL : "its pages are there at once";
}

static const char *verify_untouched(struct context *context)
{
	const char *problem;

	make_room(context);
	problem = verify(context, 1);
	leave_room(context);
	return problem;
}

static const char *verify_joined(struct context *context)
{
	const char *problem;

	make_room_below(context);
	problem = verify(context, 0);
	leave_room_below(context);
	return problem;
}

static const char *verify_touched(struct context *context)
{
	long pages = context->argument / sysconf(_SC_PAGESIZE), faults;

	make_room(context);
	faults = memory_faults();
	if (context->buffer)
		touched_libc_touch(context, 2);
	faults = memory_faults() - faults;
	leave_room(context);
	return faults >= 2 * pages
		       ? NULL
		       : "fewer faults than pages: larger ones "
			 "are on (transparent_hugepage/hugepages-*)";
}

// clang-format off
#define ROW(way, size)							\
	{ .path = #way, .variant = #size,				\
	  .run = untouched_##way##_pair, .verify = verify_untouched,	\
	  .prepare = make_room, .leave = leave_room, .argument = size,	\
	  .entries = 2, .full = true,					\
	  .summary = #size " bytes, none of them touched" }

BENCHMARK_GROUP(mmap, "mmap and munmap of anonymous memory",
	ROW(libc, 4096),
	ROW(inline, 4096),
	ROW(libc, 65536),
	ROW(libc, 2097152),
	{ .path = "libc", .variant = "65536_joined",
	  .run = untouched_libc_pair, .verify = verify_joined,
	  .prepare = make_room_below, .leave = leave_room_below,
	  .argument = 65536, .entries = 2, .full = true,
	  .summary = "65536 bytes that extend the mapping above, as most do" },
);

#define TOUCHED_ROW(size)						\
	{ .path = "libc", .variant = #size,				\
	  .run = touched_libc_touch, .verify = verify_touched,		\
	  .prepare = make_room, .leave = leave_room, .argument = size,	\
	  .entries = 2 + (size) / 4096.0,					\
	  .uncounted = "a page fault is no system call",		\
	  .work = WORK_FAULTS, .full = true,				\
	  .summary = #size " bytes, each of its pages written to" }

BENCHMARK_GROUP(mmap_touched, "mmap, a write to each page, munmap",
	TOUCHED_ROW(4096),
	TOUCHED_ROW(65536),
	TOUCHED_ROW(2097152),
);
// clang-format on
