// SPDX-License-Identifier: MIT
/* A regular file's position: of a file of one's own, and of one that all
 * threads share. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

/*
 * A file in memory, opened by its name in /proc: what memfd_create returns has
 * no lock for its position, which only open(2) gives a regular file
 * (FMODE_ATOMIC_POS in fs/open.c, do_dentry_open).
 */
static int open_regular(void)
{
	int file = memfd_create("position", MFD_CLOEXEC), opened, error;
	char name[32];

	if (file < 0)
		return -errno;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	opened = open(name, O_RDWR | O_CLOEXEC);
	error = -errno;
	close(file);
	return opened < 0 ? error : opened;
}

static int open_own(const struct benchmark *benchmark, struct context *context)
{
	(void)benchmark;
	context->descriptor = open_regular();
	return context->descriptor < 0 ? context->descriptor : 0;
}

static void close_own(struct context *context)
{
	close(context->descriptor);
}

/* Opened by the first that needs it, closed by the last. */
static int shared_file, shared_users;

static int open_shared(const struct benchmark *benchmark,
		       struct context *context)
{
	(void)benchmark;
	if (!shared_users)
		shared_file = open_regular();
	if (shared_file < 0)
		return shared_file;
	shared_users++;
	context->descriptor = shared_file;
	return 0;
}

static void close_shared(struct context *context)
{
	(void)context;
	if (--shared_users == 0)
		close(shared_file);
}

BENCHMARK_LOOP(position_inline, syscall3(SYS_lseek, file, 0, SEEK_SET),
	       long file = context->descriptor);

/* A position that was elsewhere is at the beginning, of a file with one. */
static const char *verify(struct context *context)
{
	struct stat status;
	int file = context->descriptor;

	if (fstat(file, &status) || !S_ISREG(status.st_mode))
		return "the descriptor is not of a regular file";
	if (lseek(file, 1, SEEK_SET) != 1)
		return "the position cannot be set";
	position_inline(context, 1);
	return lseek(file, 0, SEEK_CUR) ? "the position is not set" : NULL;
}

// clang-format off
BENCHMARK_GROUP(lseek_file, "a regular file's position, each thread its own file",
	{ .path = "inline", .run = position_inline, .setup = open_own,
	  .verify = verify, .teardown = close_own, .entries = 1,
	  .full = true, .scales = true,
	  .summary = "one " ARCH_ENTRY_NAME " in the loop" });
BENCHMARK_GROUP(lseek_shared, "the same of one open file that all threads share",
	{ .path = "inline", .run = position_inline, .setup = open_shared,
	  .verify = verify, .teardown = close_shared, .entries = 1,
	  .full = true, .scales = true,
	  .summary = "one " ARCH_ENTRY_NAME " in the loop" });
// clang-format on
