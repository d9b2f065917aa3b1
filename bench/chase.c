// SPDX-License-Identifier: MIT
/* Loads, and a system call every so many of them: what the call leaves. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "cycle.h"

#define PAGE_BYTES   4096
#define WALKED_LOADS 32768 /* one pass through 2 MiB */

/* One cycle for all rows of a size, made with the first of them. */
struct set {
	size_t bytes;
	struct cycle cycle;
	unsigned int users;
};

/* Of a row. It begins a page and its buffer a line further: copies between
 * equal offsets of pages are slow (see write.c). */
struct chase {
	void **cell; /* where it is in the cycle */
	uint64_t loads;
	struct set *set;
	void (*run)(struct context *context, uint64_t calls);
	bool warm;
	char buffer[PAGE_BYTES] __attribute__((aligned(64)));
};

/* The place is kept in each turn, since nothing behind the loop could; the
 * loop itself goes on from a register. */
#define CHASE                                                                  \
	struct chase *chase = context->buffer;                                 \
	void **cell = chase->cell;                                             \
	uint64_t loads = chase->loads
#define LOADS (chase->cell = cell = stub_load_chain(cell, loads))

BENCHMARK_LOOP(alone_chase, LOADS, CHASE);
BENCHMARK_LOOP(invalid_inline_chase, (LOADS, syscall0(ARCH_INVALID_NUMBER)),
	       CHASE);
BENCHMARK_LOOP(getppid_inline_chase, (LOADS, syscall0(SYS_getppid)), CHASE);
BENCHMARK_LOOP(pread_libc_chase, (LOADS, pread(file, buffer, PAGE_BYTES, 0)),
	       CHASE;
	       int file = context->descriptor; char *buffer = chase->buffer);

static int take(struct set *set)
{
	int error = set->users ? 0 : cycle_make(&set->cycle, set->bytes);

	if (!error)
		set->users++;
	return error;
}

static void let_go(struct set *set)
{
	if (--set->users == 0)
		cycle_free(&set->cycle);
}

static char byte_at(size_t place)
{
	return (char)(place % 251);
}

/* A file in memory (see write.c) of one page. */
static int make_file(char *bytes)
{
	int file = memfd_create("chase", MFD_CLOEXEC);

	for (size_t i = 0; i < PAGE_BYTES; i++)
		bytes[i] = byte_at(i);
	if (file >= 0 && pwrite(file, bytes, PAGE_BYTES, 0) != PAGE_BYTES) {
		close(file);
		return -EIO;
	}
	return file < 0 ? -errno : file;
}

/* Closes and frees what there is. */
static void close_file(struct context *context)
{
	if (context->descriptor >= 0)
		close(context->descriptor);
	free(context->buffer);
}

static int open_file(const struct benchmark *benchmark, struct context *context)
{
	struct chase *chase = aligned_alloc(PAGE_BYTES, 2UL * PAGE_BYTES);

	if (!chase)
		return -ENOMEM;
	memset(chase, 0, sizeof(*chase));
	context->buffer = chase;
	if (benchmark->run == pread_libc_chase)
		context->descriptor = make_file(chase->buffer);
	return context->descriptor < -1 ? context->descriptor : 0;
}

static int open_chase(const struct benchmark *benchmark,
		      struct context *context, struct set *set)
{
	int error = open_file(benchmark, context);
	struct chase *chase = context->buffer;

	if (!error)
		error = take(set);
	if (error) {
		close_file(context);
		return error;
	}
	chase->cell = set->cycle.drawn;
	chase->loads = (uint64_t)benchmark->argument;
	chase->set = set;
	chase->run = benchmark->run;
	return 0;
}

static void close_chase(struct context *context)
{
	struct chase *chase = context->buffer;

	let_go(chase->set);
	close_file(context);
}

/*
 * Before a batch, as other rows were here meanwhile. The lines in the order of
 * memory, which takes a tenth of the time and is the same for all rows of a
 * size; then the row's own turns through all of them, where that takes no more
 * than half a millisecond. The place in the drawn order goes on from batch to
 * batch: from its beginning each would find the few lines of the one before,
 * which a nearer cache holds.
 */
static void warm(struct context *context)
{
	struct chase *chase = context->buffer;
	const struct cycle *cycle = &chase->set->cycle;

	if (chase->warm)
		return;
	chase->warm = true;
	cycle_sweep(cycle);
	if (cycle->lines <= WALKED_LOADS)
		chase->run(context, WALKED_LOADS / chase->loads);
}

static void cool(struct context *context)
{
	((struct chase *)context->buffer)->warm = false;
}

/* All lines are on the way, and three turns lead where they should. */
static const char *verify_alone(struct context *context)
{
	struct chase *chase = context->buffer;
	size_t lines = chase->set->cycle.lines;
	void **end = cycle_follow(chase->cell, 3 * chase->loads);

	if (cycle_length(chase->cell, lines) != lines)
		return "the cycle does not have as many steps as lines";
	chase->run(context, 3);
	return chase->cell == end ? NULL : "the loads lead somewhere else";
}

static const char *verify_invalid(struct context *context)
{
	return syscall0(ARCH_INVALID_NUMBER) == -ENOSYS
		       ? verify_alone(context)
		       : "the unused number is not answered by ENOSYS";
}

static const char *verify_getppid(struct context *context)
{
	return syscall0(SYS_getppid) == getppid()
		       ? verify_alone(context)
		       : "the two ways in disagree about the result";
}

static const char *verify_pread(struct context *context)
{
	struct chase *chase = context->buffer;
	const char *problem;

	memset(chase->buffer, 'x', PAGE_BYTES);
	problem = verify_alone(context);
	for (size_t i = 0; !problem && i < PAGE_BYTES; i++)
		if (chase->buffer[i] != byte_at(i))
			problem = "the page that was read is another";
	return problem;
}

// clang-format off
#define SET(size)							\
	static struct set set_##size = { .bytes = size };		\
	static int open_##size(const struct benchmark *benchmark,	\
			       struct context *context)			\
	{								\
		return open_chase(benchmark, context, &set_##size);	\
	}								\
	struct set

SET(64);
SET(16384);
SET(262144);
SET(2097152);
SET(16777216);

/* Batches of the larger sets are all of the same length: their turns are so
 * unlike that the median of long batches is above that of short ones. */
#define many_64		1
#define many_16384	1
#define many_262144	1
#define many_2097152	32
#define many_16777216	16
#define ROW(name, way, size, shape, count, enters, text)		\
	{ .path = #name, .variant = shape, .run = name##way##_chase,	\
	  .setup = open_##size, .verify = verify_##name,		\
	  .prepare = warm, .leave = cool, .teardown = close_chase,	\
	  .argument = count, .entries = enters,				\
	  .per_turn = many_##size, .rehearse = true, .full = true,	\
	  .summary = text }
#define ROWS(size, shape, loads, text)					\
	ROW(alone, , size, shape, loads, 0, text),			\
	ROW(invalid, _inline, size, shape, loads, 1,			\
	    text ", then an unused number"),				\
	ROW(getppid, _inline, size, shape, loads, 1,			\
	    text ", then getppid"),					\
	ROW(pread, _libc, size, shape, loads, 1,			\
	    text ", then 4 KiB read from a file in memory")

BENCHMARK_GROUP(chase, "dependent loads, and a call every so many",
	ROWS(64, "64", 256, "256 loads of one line"),
	ROWS(16384, "16384", 256, "256 loads of 16 KiB"),
	ROWS(262144, "262144", 256, "256 loads of 256 KiB"),
	ROWS(2097152, "2097152", 256, "256 loads of 2 MiB"),
	ROWS(16777216, "16777216", 256, "256 loads of 16 MiB"),
	ROWS(262144, "262144_2048", 2048, "2,048 loads of 256 KiB"),
);
// clang-format on
