// SPDX-License-Identifier: MIT
/* A signal to oneself: sent, caught by a handler, and returned from. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "handler.h"

#define NUMBER SIGUSR1

/* Who one is, in a page that is empty again in a forked copy: the copy, whose
 * entries are counted, asks anew, once, and does not shoot at its parent. */
struct self {
	pid_t process, thread;
};

static __attribute__((noinline)) const struct self *
self(struct context *context)
{
	struct self *own = context->buffer;

	if (!own->process)
		*own = (struct self){ getpid(), gettid() };
	return own;
}

BENCHMARK_LOOP(kill_libc, kill(process, NUMBER),
	       pid_t process = self(context)->process);
BENCHMARK_LOOP(kill_inline, syscall2(SYS_kill, process, NUMBER),
	       long process = self(context)->process);
BENCHMARK_LOOP(tgkill_libc, tgkill(process, thread, NUMBER),
	       pid_t process = self(context)->process;
	       pid_t thread = self(context)->thread);
BENCHMARK_LOOP(tgkill_inline, syscall3(SYS_tgkill, process, thread, NUMBER),
	       long process = self(context)->process;
	       long thread = self(context)->thread);

static volatile sig_atomic_t caught;

static void count(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	caught++;
}

static int make_self(const struct benchmark *benchmark, struct context *context)
{
	void *page = mmap(NULL, sizeof(struct self), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)benchmark;
	if (page == MAP_FAILED)
		return -errno;
	madvise(page, sizeof(struct self), MADV_WIPEONFORK);
	context->buffer = page;
	return 0;
}

static void free_self(struct context *context)
{
	munmap(context->buffer, sizeof(struct self));
}

static void catch (struct context *context)
{
	(void)context;
	handler_install(NUMBER, count);
}

static void ignore(struct context *context)
{
	(void)context;
	handler_install(NUMBER, NULL);
}

static void leave(struct context *context)
{
	(void)context;
	handler_remove();
}

/* Each way's signal is caught before the call returns. */
static bool are_caught(struct context *context)
{
	int before = caught;

	return kill(self(context)->process, NUMBER) == 0 &&
	       caught == before + 1 &&
	       syscall2(SYS_kill, self(context)->process, NUMBER) == 0 &&
	       caught == before + 2 &&
	       tgkill(self(context)->process, self(context)->thread, NUMBER) ==
		       0 &&
	       caught == before + 3 &&
	       syscall3(SYS_tgkill, self(context)->process,
			self(context)->thread, NUMBER) == 0 &&
	       caught == before + 4;
}

static const char *verify(struct context *context)
{
	bool as_said;

	catch (context);
	as_said = are_caught(context);
	leave(context);
	return as_said ? NULL : "a signal was not caught at once";
}

static const char *verify_ignored(struct context *context)
{
	int before = caught;
	long sent;

	ignore(context);
	sent = syscall2(SYS_kill, self(context)->process, NUMBER);
	leave(context);
	return sent == 0 && caught == before ? NULL
					     : "a signal was not ignored";
}

// clang-format off
#define ROW(loop, way, in_full, text)					\
	{ .path = #way, .run = loop, .setup = make_self,		\
	  .verify = verify, .prepare = catch, .leave = leave,		\
	  .teardown = free_self, .entries = 2, .full = in_full,		\
	  .summary = text }

BENCHMARK_GROUP(kill, "a signal to one's process, sent and caught",
	ROW(kill_libc, libc, true, "the C library's wrapper"),
	ROW(kill_inline, inline, false, "one " ARCH_ENTRY_NAME " in the loop"),
	{ .path = "inline", .variant = "ignored", .run = kill_inline,
	  .setup = make_self, .verify = verify_ignored, .prepare = ignore,
	  .leave = leave, .teardown = free_self, .entries = 1, .full = true,
	  .summary = "sent to nobody: the signal is ignored" },
);
BENCHMARK_GROUP(tgkill, "a signal to one's thread, sent and caught",
	ROW(tgkill_libc, libc, true, "the C library's wrapper"),
	ROW(tgkill_inline, inline, true, "one " ARCH_ENTRY_NAME " in the loop"),
);
// clang-format on
