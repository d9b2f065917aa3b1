// SPDX-License-Identifier: MIT
/* What is asked by a name of two parts, /dev/zero: what costs is the walk. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

#define NAME "/dev/zero"

/* The newest architectures were given statx alone. */
#ifndef SYS_newfstatat
#define SYS_newfstatat ARCH_INVALID_NUMBER
#endif

static const char *has_stat(const struct benchmark *benchmark)
{
	struct stat status;

	(void)benchmark;
	return syscall4(SYS_newfstatat, AT_FDCWD, (long)NAME, (long)&status,
			0) == -ENOSYS
		       ? "this architecture has no such call"
		       : NULL;
}

static bool stat_agrees(void)
{
	struct stat wrapped = { 0 }, entered = { 0 };
	long result;

	if (stat(NAME, &wrapped) || !S_ISCHR(wrapped.st_mode))
		return false;
	result = syscall4(SYS_newfstatat, AT_FDCWD, (long)NAME, (long)&entered,
			  0);
	return result == -ENOSYS ||
	       (result == 0 && entered.st_ino == wrapped.st_ino &&
		entered.st_rdev == wrapped.st_rdev);
}

static bool access_agrees(void)
{
	return access(NAME, R_OK) == 0 &&
	       syscall3(SYS_faccessat, AT_FDCWD, (long)NAME, R_OK) == 0;
}

// clang-format off
#define PATH_GROUP(call, text, in_full, wrapped, entered, needs)	\
	BENCHMARK_LOOP(call##_libc, wrapped,				\
		       struct stat status __attribute__((unused));	\
		       const char *name = NAME);			\
	BENCHMARK_LOOP(call##_inline, entered,				\
		       struct stat status __attribute__((unused));	\
		       long name = (long)NAME);				\
									\
	static const char *call##_verify(struct context *context)	\
	{								\
		(void)context;						\
		return call##_agrees() ? NULL				\
				       : NAME " is not the zero device"; \
	}								\
									\
	BENCHMARK_GROUP(call, text,					\
		{ .path = "libc",   .run = call##_libc,			\
		  .verify = call##_verify, .entries = 1,		\
		  .full = in_full,					\
		  .summary = "the C library's wrapper" },		\
		{ .path = "inline", .run = call##_inline,		\
		  .supported = needs,					\
		  .verify = call##_verify, .entries = 1,		\
		  .full = in_full,					\
		  .summary = "one " ARCH_ENTRY_NAME " in the loop" })
// clang-format on

PATH_GROUP(stat, "a file's status by its name", false, stat(name, &status),
	   syscall4(SYS_newfstatat, AT_FDCWD, name, (long)&status, 0),
	   has_stat);
PATH_GROUP(access, "may this file be read?", true, access(name, R_OK),
	   syscall3(SYS_faccessat, AT_FDCWD, name, R_OK), NULL);
