// SPDX-License-Identifier: MIT
/* The smallest reads: nothing, and one byte of zeros. */
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

BENCHMARK_LOOP(through_libc, read(file, &byte, size),
	       int file = context->descriptor;
	       size_t size = (size_t)context->argument; char byte);
BENCHMARK_LOOP(through_inline, syscall3(SYS_read, file, (long)&byte, size),
	       long file = context->descriptor;
	       long size = context->argument; char byte);

/* A byte that was read is 0; one that was not is as before. */
static const char *verify(struct context *context)
{
	size_t size = (size_t)context->argument;
	char bytes[2] = { 'x', 'x' };

	if (read(context->descriptor, &bytes[0], size) != (ssize_t)size ||
	    syscall3(SYS_read, context->descriptor, (long)&bytes[1],
		     (long)size) != (long)size)
		return "a read does not give what was asked for";
	for (size_t i = 0; i < sizeof(bytes); i++)
		if (bytes[i] != (size ? 0 : 'x'))
			return "a read does not leave what it should";
	return NULL;
}

// clang-format off
#define ROW(way, size)							\
	{ .path = #way, .variant = #size, .run = through_##way,		\
	  .setup = open_zero, .verify = verify, .teardown = close_zero,	\
	  .argument = size, .bytes = size, .entries = 1,		\
	  .summary = #size " bytes of /dev/zero" }

BENCHMARK_GROUP(read, "bytes from /dev/zero: none, and one",
	ROW(libc, 0),
	ROW(inline, 0),
	ROW(libc, 1),
	ROW(inline, 1),
);
// clang-format on
