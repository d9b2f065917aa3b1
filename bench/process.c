// SPDX-License-Identifier: MIT
/* A child that ends at once and is waited for: fork, and what spares it. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "memory.h"
#include "partner.h"
#include "program.h"

#define LARGE_BYTES (64UL << 20)
#define STATUS	    73 /* what every child ends with, and the program too */

/* A row's argument: how, and whether its parent is large. */
enum { FORK, CLONE, VFORK, EXEC, SPAWN, WAY = 7, LARGE = 8 };

/*
 * What the child ended with. No child asks for a signal at this process's
 * death: all it does is to end, and that call would be in the figure. A child
 * that could not be made must not be waited for: -1 is any, a partner too.
 */
static __attribute__((noinline)) int wait_for(pid_t child)
{
	int status = 0;

	if (child < 0)
		partner_give_up();
	waitpid(child, &status, 0);
	return status;
}

static __attribute__((noinline)) int by_fork(const struct context *context)
{
	pid_t child = fork();

	(void)context;
	if (child == 0)
		_exit(STATUS);
	return wait_for(child);
}

/* What fork asks the kernel for, without what the C library does around it. */
static __attribute__((noinline)) int by_clone(const struct context *context)
{
	pid_t child = (pid_t)syscall5(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	(void)context;
	if (child == 0)
		syscall1(SYS_exit_group, STATUS);
	return wait_for(child);
}

static __attribute__((noinline)) int by_vfork(const struct context *context)
{
	pid_t child = vfork(); /* NOLINT(*vfork): it is what is measured */

	(void)context;
	if (child == 0)
		_exit(STATUS);
	return wait_for(child);
}

static __attribute__((noinline)) int by_exec(const struct context *context)
{
	pid_t child = vfork(); /* NOLINT(*vfork): it is what is measured */

	if (child == 0) {
		program_become(context->descriptor); /* NOLINT(*Vfork) */
		_exit(127);
	}
	return wait_for(child);
}

static __attribute__((noinline)) int by_spawn(const struct context *context)
{
	char *arguments[] = { (char *)"exit", NULL };
	pid_t child;

	if (posix_spawn(&child, context->buffer, NULL, NULL, arguments,
			arguments + 1))
		partner_give_up();
	return wait_for(child);
}

BENCHMARK_LOOP(fork_function, by_fork(context));
BENCHMARK_LOOP(clone_function, by_clone(context));
BENCHMARK_LOOP(vfork_function, by_vfork(context));
BENCHMARK_LOOP(exec_function, by_exec(context));
BENCHMARK_LOOP(spawn_function, by_spawn(context));

/* Of all rows with a large parent. Only read once it was touched, so that
 * memory_take_back leaves it alone; and while no such row runs, no fork copies
 * it. */
static char *large;
static unsigned int large_users;

static int make_large(void)
{
	int error = 0;

	large = mmap(NULL, LARGE_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (large == MAP_FAILED)
		return -errno;
	/* Fails where the kernel knows no huge pages, and then has none. */
	madvise(large, LARGE_BYTES, MADV_NOHUGEPAGE);
	memset(large, 1, LARGE_BYTES);
	if (mprotect(large, LARGE_BYTES, PROT_READ) ||
	    madvise(large, LARGE_BYTES, MADV_DONTFORK))
		error = -errno;
	if (error)
		munmap(large, LARGE_BYTES);
	return error;
}

static int open_parent(const struct benchmark *benchmark,
		       struct context *context)
{
	int error;

	(void)context;
	if (!(benchmark->argument & LARGE))
		return 0;
	error = partner_one_caller();
	if (!error && !large_users)
		error = make_large();
	large_users += !error;
	return error;
}

static void close_parent(struct context *context)
{
	if (context->argument & LARGE && --large_users == 0)
		munmap(large, LARGE_BYTES);
}

/* A descriptor for exec, a name for posix_spawn. */
static int open_program(const struct benchmark *benchmark,
			struct context *context)
{
	char *path = malloc(PROGRAM_PATH_BYTES);
	int program = path ? program_open() : -ENOMEM;
	int error = program < 0 ? program : open_parent(benchmark, context);

	if (error) {
		if (program >= 0)
			close(program);
		free(path);
		return error;
	}
	program_path(program, path);
	context->descriptor = program;
	context->buffer = path;
	return 0;
}

static void close_program(struct context *context)
{
	close_parent(context);
	close(context->descriptor);
	free(context->buffer);
}

static void show_parent(struct context *context)
{
	if (context->argument & LARGE &&
	    madvise(large, LARGE_BYTES, MADV_DOFORK))
		partner_give_up();
}

/* vfork shares the memory, and leaves no page to be taken back. */
static void hide_parent(struct context *context)
{
	long way = context->argument & WAY;

	if (context->argument & LARGE &&
	    madvise(large, LARGE_BYTES, MADV_DONTFORK))
		partner_give_up();
	if (way == FORK || way == CLONE)
		memory_take_back();
}

/* Has a child of now what makes its parent large? */
static bool child_is_large(void)
{
	unsigned char there;
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(large_users && mincore(large, 1, &there) == 0);
	status = wait_for(child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static const char *verify(struct context *context)
{
	static int (*const ways[])(const struct context *context) = {
		[FORK] = by_fork, [CLONE] = by_clone, [VFORK] = by_vfork,
		[EXEC] = by_exec, [SPAWN] = by_spawn,
	};
	const char *problem = NULL;
	int status;

	show_parent(context);
	status = ways[context->argument & WAY](context);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != STATUS)
		problem = "no child ended as it was to";
	else if (child_is_large() != !!(context->argument & LARGE))
		problem = "the parent is not as large as it was to be (an "
			  "emulator that copies what MADV_DONTFORK keeps?)";
	hide_parent(context);
	memory_take_back(); /* from the child that was asked */
	return problem;
}

/* In newer ones it blocks signals meanwhile; posix_spawn makes a stack. */
#define OWN_AFFAIR "the C library enters for its own affairs too"

// clang-format off
#define ROW(way, id, size, bits, kind, needs, why, text)		\
	{ .path = #way, .variant = size, .run = way##_function,		\
	  .supported = needs, .setup = open_##kind, .verify = verify,	\
	  .prepare = show_parent, .leave = hide_parent,			\
	  .teardown = close_##kind, .argument = (id) | (bits),		\
	  .alone = (bits) ? "its parent is made large for one caller" : NULL, \
	  .entries = 2, .uncounted = why,				\
	  .work = WORK_SWITCHES | WORK_FAULTS, .full = true,		\
	  .summary = text }
#define ROWS(way, id, kind, needs, why, text)			\
	ROW(way, id, "small", 0, kind, needs, why,		\
	    text "; the parent is this program, some 2 MiB of its own"),		\
	ROW(way, id, "large", LARGE, kind, needs, why,		\
	    text "; 64 MiB in touched 4 KiB pages more")

BENCHMARK_GROUP(process, "a child that ends at once, made and waited for",
	ROWS(fork, FORK, parent, NULL, OWN_AFFAIR,
	     "fork, _exit, wait"),
	ROWS(clone, CLONE, parent, NULL, NULL,
	     "the same by a bare clone"),
	ROWS(vfork, VFORK, parent, NULL, NULL,
	     "vfork, _exit, wait: no memory is copied"),
	ROWS(exec, EXEC, program, needs_program, NULL,
	     "vfork, execveat of a program of 3 instructions, wait"),
	ROWS(spawn, SPAWN, program, needs_program_path, OWN_AFFAIR,
	     "posix_spawn of the same program, wait"),
);
// clang-format on
