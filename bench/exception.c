// SPDX-License-Identifier: MIT
/* What the CPU refuses: an exception, a signal, its handler, and on behind. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "handler.h"

BENCHMARK_LOOP(through_store, trap_store(page), void *page = context->buffer);
BENCHMARK_LOOP(through_undefined, trap_undefined());
BENCHMARK_LOOP(through_breakpoint, trap_breakpoint());

static volatile sig_atomic_t caught;

static void skip(int number, siginfo_t *info, void *context)
{
	(void)info;
	caught++;
	trap_skip(number, context);
}

static const char *has_traps(const struct benchmark *benchmark)
{
	(void)benchmark;
	return ARCH_HAS_TRAPS ? NULL
			      : "no instruction that fails is known for this "
				"architecture";
}

static int protect_page(const struct benchmark *benchmark,
			struct context *context)
{
	(void)benchmark;
	context->buffer =
		mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return context->buffer == MAP_FAILED ? -errno : 0;
}

static void free_page(struct context *context)
{
	munmap(context->buffer, 1);
}

/* The row's argument is its signal. */
static void install(struct context *context)
{
	handler_install((int)context->argument, skip);
}

static void uninstall(struct context *context)
{
	(void)context;
	handler_remove();
}

static const char *verify(struct context *context,
			  void (*run)(struct context *, uint64_t))
{
	int before = caught;

	install(context);
	run(context, 3);
	uninstall(context);
	return caught == before + 3 ? NULL : "not every exception was caught";
}

// clang-format off
#define VERIFY(way)							\
	static const char *verify_##way(struct context *context)	\
	{								\
		return verify(context, through_##way);			\
	}								\
	struct context

VERIFY(store);
VERIFY(undefined);
VERIFY(breakpoint);

/* ptrace does not see the exception, only rt_sigreturn. */
#define ROW(way, number, in_full, text)					\
	{ .path = #way, .run = through_##way, .supported = has_traps,	\
	  .setup = protect_page, .verify = verify_##way,		\
	  .prepare = install, .leave = uninstall,			\
	  .teardown = free_page, .argument = number, .entries = 2,	\
	  .uncounted = "an exception is no system call",		\
	  .full = in_full, .summary = text }

BENCHMARK_GROUP(exception, "a refused instruction, caught by a handler",
	ROW(store, SIGSEGV, false, "a store to a protected page: SIGSEGV"),
	ROW(undefined, SIGILL, true, "an undefined instruction: SIGILL"),
	ROW(breakpoint, SIGTRAP, true, "a breakpoint: SIGTRAP"),
);
// clang-format on
