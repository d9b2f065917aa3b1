// SPDX-License-Identifier: MIT
/* Many small pieces in one call, and in a call each. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "benchmark.h"

#define PIECE_BYTES 16
#define PIECES_MOST 512

/* Pieces that do not touch one another, or they might be taken for one. */
struct pieces {
	struct iovec each[PIECES_MOST];
	char bytes[PIECES_MOST][2 * PIECE_BYTES];
};

#define PIECES                                                                 \
	int descriptor = context->descriptor;                                  \
	const struct iovec *pieces = context->buffer
#define PIECE                                                                  \
	int descriptor = context->descriptor;                                  \
	void *piece = ((struct pieces *)context->buffer)->bytes

BENCHMARK_LOOP(one_write_libc, write(descriptor, piece, PIECE_BYTES), PIECE);
BENCHMARK_TURNS(write_1_libc, 1, writev(descriptor, pieces, 1), PIECES);
BENCHMARK_TURNS(write_8_libc, 8, writev(descriptor, pieces, 8), PIECES);
BENCHMARK_TURNS(write_64_libc, 64, writev(descriptor, pieces, 64), PIECES);
BENCHMARK_TURNS(write_512_libc, 512, writev(descriptor, pieces, 512), PIECES);
BENCHMARK_LOOP(one_read_libc, read(descriptor, piece, PIECE_BYTES), PIECE);
BENCHMARK_TURNS(read_1_libc, 1, readv(descriptor, pieces, 1), PIECES);
BENCHMARK_TURNS(read_8_libc, 8, readv(descriptor, pieces, 8), PIECES);
BENCHMARK_TURNS(read_64_libc, 64, readv(descriptor, pieces, 64), PIECES);
BENCHMARK_TURNS(read_512_libc, 512, readv(descriptor, pieces, 512), PIECES);

static int make_pieces(const struct benchmark *benchmark,
		       struct context *context, int descriptor)
{
	struct pieces *pieces;

	if (descriptor < 0)
		return -errno;
	pieces = aligned_alloc(64, sizeof(*pieces));
	if (!pieces) {
		close(descriptor);
		return -ENOMEM;
	}
	memset(pieces->bytes, 'x', sizeof(pieces->bytes));
	for (int i = 0; i < PIECES_MOST; i++)
		pieces->each[i] =
			(struct iovec){ pieces->bytes[i], PIECE_BYTES };
	context->buffer = pieces;
	context->descriptor = descriptor;
	context->argument = benchmark->per_turn;
	return 0;
}

/* A file in memory to write to, as group write_file has one. */
static int open_file(const struct benchmark *benchmark, struct context *context)
{
	return make_pieces(benchmark, context,
			   memfd_create("writev", MFD_CLOEXEC));
}

/* To read from without an end. */
static int open_source(const struct benchmark *benchmark,
		       struct context *context)
{
	return make_pieces(benchmark, context,
			   open("/dev/zero", O_RDONLY | O_CLOEXEC));
}

static void close_either(struct context *context)
{
	close(context->descriptor);
	free(context->buffer);
}

static void rewind_file(struct context *context)
{
	lseek(context->descriptor, 0, SEEK_SET);
}

/* One by one, from the file that one call has written. */
static const char *verify_write(struct context *context)
{
	struct pieces *pieces = context->buffer;
	long many = context->argument ? context->argument : 1;
	char back[PIECE_BYTES];
	int descriptor = context->descriptor;

	for (long i = 0; i < many; i++)
		memset(pieces->bytes[i], (int)(i % 251), PIECE_BYTES);
	rewind_file(context);
	if (writev(descriptor, pieces->each, (int)many) != many * PIECE_BYTES)
		return "the pieces are not written whole";
	for (long i = 0; i < many; i++)
		if (pread(descriptor, back, sizeof(back), i * PIECE_BYTES) !=
			    PIECE_BYTES ||
		    memcmp(back, pieces->bytes[i], sizeof(back)) != 0)
			return "the file does not hold the pieces in order";
	return NULL;
}

/* All pieces are read, and nothing beside them. */
static const char *verify_read(struct context *context)
{
	static const char zeros[PIECE_BYTES];
	struct pieces *pieces = context->buffer;
	long many = context->argument ? context->argument : 1;

	if (readv(context->descriptor, pieces->each, (int)many) !=
	    many * PIECE_BYTES)
		return "the pieces are not read whole";
	for (long i = 0; i < many; i++)
		if (memcmp(pieces->bytes[i], zeros, PIECE_BYTES) != 0 ||
		    pieces->bytes[i][PIECE_BYTES] != 'x')
			return "the pieces do not hold what was read";
	return NULL;
}

// clang-format off
#define prepare_write	rewind_file
#define prepare_read	NULL
#define open_write	open_file
#define open_read	open_source
#define ROW(verb)							\
	.setup = open_##verb, .verify = verify_##verb,			\
	.prepare = prepare_##verb, .teardown = close_either,		\
	.bytes = PIECE_BYTES
#define ALONE_ROW(verb)							\
	{ ROW(verb), .path = #verb, .run = one_##verb##_libc,		\
	  .entries = 1, .summary = "a " #verb " a piece" }
#define GATHERED_ROW(verb, many, full_)					\
	{ ROW(verb), .path = "libc", .variant = #many,			\
	  .run = verb##_##many##_libc, .per_turn = many,		\
	  .entries = 1.0 / many, .full = full_,				\
	  .summary = #many " pieces a call, per piece" }
#define ROWS(verb)							\
	ALONE_ROW(verb),						\
	GATHERED_ROW(verb, 1, true),					\
	GATHERED_ROW(verb, 8, true),					\
	GATHERED_ROW(verb, 64, false),					\
	GATHERED_ROW(verb, 512, true)

BENCHMARK_GROUP(writev, "pieces of 16 bytes to a file in memory", ROWS(write));
BENCHMARK_GROUP(readv, "pieces of 16 bytes from /dev/zero", ROWS(read));
// clang-format on
