// SPDX-License-Identifier: MIT
/* The rights to memory that is there: taken away, and given back. */
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

/* In a room of their own: no mapping is split or merged. */
static int map(const struct benchmark *benchmark, struct context *context)
{
	size_t size = (size_t)benchmark->argument;

	context->buffer = memory_room(size);
	if (!context->buffer)
		return -ENOMEM;
	if (mmap(context->buffer, size, MORE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
		return 0;
	memory_room_free(context->buffer, size);
	return -ENOMEM;
}

static void unmap(struct context *context)
{
	memory_room_free(context->buffer, (size_t)context->argument);
}

/* The pages are there, and this process's own whoever has forked. */
static void touch(struct context *context)
{
	memory_touch(context->buffer, (size_t)context->argument);
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

static const char *verify(struct context *context)
{
	size_t size = (size_t)context->argument;
	bool less, more;

	touch(context);
	less = mprotect(context->buffer, size, PROT_READ) == 0 &&
	       !is_writable(context);
	more = syscall3(SYS_mprotect, (long)context->buffer, (long)size,
			MORE) == 0 &&
	       is_writable(context);
	return less && more ? NULL : "the rights do not change";
}

// clang-format off
#define ROW(way, size)							\
	{ .path = #way, .variant = #size, .run = through_##way##_pair,	\
	  .setup = map, .verify = verify, .prepare = touch,		\
	  .teardown = unmap, .argument = size, .per_turn = 2,		\
	  .entries = 1, .full = true,					\
	  .summary = #size " bytes that are there, to and from read-only" }

BENCHMARK_GROUP(mprotect, "the rights to memory changed",
	ROW(libc, 4096),
	ROW(inline, 4096),
	ROW(libc, 65536),
);
// clang-format on
