// SPDX-License-Identifier: MIT
/* The rights to memory that is there: taken away, and given back. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "memory.h"

#define MORE (PROT_READ | PROT_WRITE)

/* A turn is two calls, so that it ends with the rights it began with. */
BENCHMARK_TURNS(through_libc_pair, 2,
		(mprotect(pages, size, PROT_READ), mprotect(pages, size, MORE)),
		void *pages = context->buffer;
		size_t size = (size_t)context->argument);
BENCHMARK_TURNS(through_inline_pair, 2,
		(syscall3(SYS_mprotect, pages, size, PROT_READ),
		 syscall3(SYS_mprotect, pages, size, MORE)),
		long pages = (long)context->buffer;
		long size = context->argument);

static int map_at(struct context *context, size_t room, size_t begin)
{
	char *place = memory_room(room);

	if (!place)
		return -ENOMEM;
	context->buffer = place + begin;
	if (mmap(place, room, MORE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) != MAP_FAILED)
		return 0;
	memory_room_free(place, room);
	return -ENOMEM;
}

/* In a room of their own: no mapping is split or merged. */
static int map(const struct benchmark *benchmark, struct context *context)
{
	return map_at(context, (size_t)benchmark->argument, 0);
}

static void unmap(struct context *context)
{
	memory_room_free(context->buffer, (size_t)context->argument);
}

/* The middle third of a mapping. */
static int map_thrice(const struct benchmark *benchmark,
		      struct context *context)
{
	size_t size = (size_t)benchmark->argument;

	return map_at(context, 3 * size, size);
}

static void unmap_thrice(struct context *context)
{
	size_t size = (size_t)context->argument;

	memory_room_free((char *)context->buffer - size, 3 * size);
}

/* The pages are there, and this process's own whoever has forked. */
static void touch(struct context *context)
{
	memory_touch(context->buffer, (size_t)context->argument);
}

static void touch_thrice(struct context *context)
{
	size_t size = (size_t)context->argument;

	memory_touch((char *)context->buffer - size, 3 * size);
}

/* No fork is to copy them. */
static void drop(struct context *context)
{
	madvise(context->buffer, (size_t)context->argument, MADV_DONTNEED);
}

static void drop_thrice(struct context *context)
{
	size_t size = (size_t)context->argument;

	madvise((char *)context->buffer - size, 3 * size, MADV_DONTNEED);
}

/* What may not be written, the kernel does not write to either. */
static bool is_writable(const struct context *context)
{
	int ends[2];
	bool written;

	if (pipe(ends))
		return false;
	written = write(ends[1], "x", 1) == 1 &&
		  read(ends[0], context->buffer, 1) == 1;
	close(ends[0]);
	close(ends[1]);
	return written;
}

/* Fewer rights for these pages add mappings, or none. */
static const char *verify_mappings(struct context *context, int wanted)
{
	size_t size = (size_t)context->argument;
	int before = memory_mappings(), added;

	if (mprotect(context->buffer, size, PROT_READ) || is_writable(context))
		return "the rights are not taken away";
	added = memory_mappings() - before;
	if (syscall3(SYS_mprotect, (long)context->buffer, (long)size, MORE) ||
	    !is_writable(context))
		return "the rights are not given back";
	return before < 0 || added == wanted
		       ? NULL
		       : "not as many mappings as there should be";
}

static const char *verify(struct context *context)
{
	touch(context);
	return verify_mappings(context, 0);
}

static const char *verify_split(struct context *context)
{
	touch_thrice(context);
	return verify_mappings(context, 2);
}

// clang-format off
#define ROW(way, size)							\
	{ .path = #way, .variant = #size, .run = through_##way##_pair,	\
	  .setup = map, .verify = verify, .prepare = touch,		\
	  .leave = drop, .teardown = unmap, .argument = size,		\
	  .per_turn = 2, .entries = 1, .full = true,			\
	  .summary = #size " bytes that are there, to and from read-only" }

BENCHMARK_GROUP(mprotect, "the rights to memory changed",
	ROW(libc, 4096),
	ROW(inline, 4096),
	ROW(libc, 65536),
	{ .path = "libc", .variant = "65536_split",
	  .run = through_libc_pair, .setup = map_thrice,
	  .verify = verify_split, .prepare = touch_thrice,
	  .leave = drop_thrice, .teardown = unmap_thrice,
	  .argument = 65536, .per_turn = 2, .entries = 1, .full = true,
	  .summary = "65536 bytes amid a mapping: split off, and joined again" },
);
// clang-format on
