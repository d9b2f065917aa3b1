// SPDX-License-Identifier: MIT
/* What is asked of an open descriptor: of /dev/zero, whose calls do little. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

/* One group: the same rows around another call; both give the same answer. */
// clang-format off
#define DESCRIPTOR_GROUP(call, text, in_full, wrapped, entered, answer)	\
	BENCHMARK_LOOP(call##_libc, wrapped,				\
		       int file = context->descriptor);			\
	BENCHMARK_LOOP(call##_inline, entered,				\
		       long file = context->descriptor);		\
									\
	static const char *call##_verify(struct context *context)	\
	{								\
		int file = context->descriptor;				\
									\
		return (wrapped) == (answer) && (entered) == (answer)	\
			       ? NULL					\
			       : "the answer is not the file's";	\
	}								\
									\
	BENCHMARK_GROUP(call, text,					\
		{ .path = "libc",   .run = call##_libc,			\
		  .setup = open_zero, .verify = call##_verify,		\
		  .teardown = close_zero, .entries = 1,			\
		  .full = in_full,					\
		  .summary = "the C library's wrapper" },		\
		{ .path = "inline", .run = call##_inline,		\
		  .setup = open_zero, .verify = call##_verify,		\
		  .teardown = close_zero, .entries = 1,			\
		  .full = in_full,					\
		  .summary = "one " ARCH_ENTRY_NAME " in the loop" })
// clang-format on

DESCRIPTOR_GROUP(lseek, "a file's position: the beginning, once more", false,
		 lseek(file, 0, SEEK_SET),
		 syscall3(SYS_lseek, file, 0, SEEK_SET), 0);
DESCRIPTOR_GROUP(fcntl, "a descriptor's flags: read", true,
		 fcntl(file, F_GETFD), syscall2(SYS_fcntl, file, F_GETFD),
		 FD_CLOEXEC);
