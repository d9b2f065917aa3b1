// SPDX-License-Identifier: MIT
/* Installing a handler: of a signal that has it already. */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "handler.h"

#define NUMBER	     SIGUSR2
#define ACTION_BYTES 64 /* the kernel's own struct sigaction fits */
#define SET_BYTES    (_NSIG / 8)

static void handle(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
}

static const struct sigaction wrapped = { .sa_sigaction = handle,
					  .sa_flags = SA_SIGINFO };
/* The same as the kernel has it, with the C library's way back in it. */
static unsigned char entered[ACTION_BYTES];

BENCHMARK_LOOP(through_libc, sigaction(NUMBER, action, NULL),
	       const struct sigaction *action = &wrapped);
BENCHMARK_LOOP(through_inline,
	       syscall4(SYS_rt_sigaction, NUMBER, action, 0, SET_BYTES),
	       long action = (long)entered);

static void install(struct context *context)
{
	(void)context;
	handler_install(NUMBER, handle);
	syscall4(SYS_rt_sigaction, NUMBER, 0, (long)entered, SET_BYTES);
}

static void uninstall(struct context *context)
{
	(void)context;
	handler_remove();
}

static bool is_handled(void)
{
	struct sigaction now;

	return sigaction(NUMBER, NULL, &now) == 0 && now.sa_sigaction == handle;
}

/* Ignored, either way brings the handler back. */
static const char *verify(struct context *context)
{
	bool by_libc, by_entry;

	install(context);
	signal(NUMBER, SIG_IGN);
	sigaction(NUMBER, &wrapped, NULL);
	by_libc = is_handled();
	signal(NUMBER, SIG_IGN);
	syscall4(SYS_rt_sigaction, NUMBER, (long)entered, 0, SET_BYTES);
	by_entry = is_handled();
	uninstall(context);
	return by_libc && by_entry ? NULL : "no handler was installed";
}

// clang-format off
#define ROW(way, text)							\
	{ .path = #way, .run = through_##way, .verify = verify,		\
	  .prepare = install, .leave = uninstall, .entries = 1,		\
	  .full = true, .summary = text }

BENCHMARK_GROUP(sigaction, "a signal's handler installed",
	ROW(libc, "the C library's wrapper"),
	ROW(inline, "one " ARCH_ENTRY_NAME " in the loop"),
);
// clang-format on
