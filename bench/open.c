// SPDX-License-Identifier: MIT
/* A file opened by its name and closed: a walk, an inode, a descriptor. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

#define NAME  "/dev/zero"
#define FLAGS (O_RDONLY | O_CLOEXEC)

BENCHMARK_LOOP(through_libc_pair, close(open(name, FLAGS)),
	       const char *name = NAME);
BENCHMARK_LOOP(through_inline_pair,
	       syscall1(SYS_close,
			syscall4(SYS_openat, AT_FDCWD, name, FLAGS, 0)),
	       long name = (long)NAME);

/* Both ways open the same device, and give the same number: it was closed. */
static const char *verify(struct context *context)
{
	int first = open(NAME, FLAGS), second;
	struct stat status;

	(void)context;
	if (first < 0 || fstat(first, &status) || !S_ISCHR(status.st_mode))
		return NAME " cannot be opened";
	close(first);
	second = (int)syscall4(SYS_openat, AT_FDCWD, (long)NAME, FLAGS, 0);
	if (second != first || syscall1(SYS_close, second))
		return "a file was not opened or not closed";
	return NULL;
}

// clang-format off
#define ROW(way, text)							\
	{ .path = #way, .run = through_##way##_pair, .verify = verify,	\
	  .entries = 2, .summary = text }

BENCHMARK_GROUP(open, "open and close, of " NAME,
	ROW(libc, "by the C library"),
	ROW(inline, "two " ARCH_ENTRY_NAME " in the loop"),
);
// clang-format on
