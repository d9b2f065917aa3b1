// SPDX-License-Identifier: MIT
/* A file's status by its descriptor, and by the descriptor with no name. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

/* Some architectures were given statx alone. */
#ifndef SYS_fstat
#define SYS_fstat ARCH_INVALID_NUMBER
#endif
#ifndef SYS_newfstatat
#define SYS_newfstatat ARCH_INVALID_NUMBER
#endif

#define ENTER(file, status) syscall2(SYS_fstat, file, (long)(status))
#define ENTER_AT(file, status)                                                 \
	syscall4(SYS_newfstatat, file, (long)"", (long)(status), AT_EMPTY_PATH)

BENCHMARK_LOOP(through_libc, fstat(file, &status),
	       int file = context->descriptor;
	       struct stat status);
BENCHMARK_LOOP(through_inline, ENTER(file, &status),
	       long file = context->descriptor;
	       struct stat status);
BENCHMARK_LOOP(empty_path_inline, ENTER_AT(file, &status),
	       long file = context->descriptor;
	       struct stat status);

static const char *has_calls(const struct benchmark *benchmark)
{
	struct stat status;

	(void)benchmark;
	return ENTER(-1, &status) == -ENOSYS || ENTER_AT(-1, &status) == -ENOSYS
		       ? "this architecture has statx alone"
		       : NULL;
}

static bool same_file(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino &&
	       one->st_rdev == other->st_rdev;
}

static const char *verify_libc(struct context *context)
{
	struct stat wrapped, named;

	if (stat("/dev/zero", &named) || fstat(context->descriptor, &wrapped) ||
	    !same_file(&wrapped, &named))
		return "it is another file's status";
	return NULL;
}

static const char *verify(struct context *context)
{
	struct stat wrapped, entered[2];

	memset(entered, 0, sizeof(entered));
	if (fstat(context->descriptor, &wrapped) ||
	    ENTER(context->descriptor, &entered[0]) ||
	    ENTER_AT(context->descriptor, &entered[1]) ||
	    !same_file(&wrapped, &entered[0]) ||
	    !same_file(&wrapped, &entered[1]))
		return "it is another file's status";
	return verify_libc(context);
}

// clang-format off
#define ROW(way, name, loop, needs, proof, text)			\
	{ .path = #way, .variant = name, .run = loop,			\
	  .supported = needs, .setup = open_zero, .verify = proof,	\
	  .teardown = close_zero, .entries = 1, .full = true,		\
	  .summary = text }

BENCHMARK_GROUP(fstat, "a file's status by its descriptor",
	ROW(libc, NULL, through_libc, NULL, verify_libc,
	    "the C library's wrapper"),
	ROW(inline, NULL, through_inline, has_calls, verify,
	    "one " ARCH_ENTRY_NAME " in the loop"),
	ROW(inline, "empty_path", empty_path_inline, has_calls, verify,
	    "by newfstatat and no name, as glibc 2.36 does"),
);
// clang-format on
