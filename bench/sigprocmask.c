// SPDX-License-Identifier: MIT
/* The signal mask: set to what it is, and a signal blocked and let in again. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

/* Of the kernel's set, which is shorter than the C library's. */
#define SET_BYTES (_NSIG / 8)

struct masks {
	sigset_t own; /* this thread's */
	sigset_t one; /* SIGUSR2 alone */
};

BENCHMARK_LOOP(same_libc, sigprocmask(SIG_SETMASK, set, NULL),
	       sigset_t *set = &((struct masks *)context->buffer)->own);
BENCHMARK_LOOP(same_inline,
	       syscall4(SYS_rt_sigprocmask, SIG_SETMASK, set, 0, SET_BYTES),
	       long set = (long)&((struct masks *)context->buffer)->own);
BENCHMARK_LOOP(change_libc_pair,
	       (sigprocmask(SIG_BLOCK, set, NULL),
		sigprocmask(SIG_UNBLOCK, set, NULL)),
	       sigset_t *set = &((struct masks *)context->buffer)->one);
BENCHMARK_LOOP(change_inline_pair,
	       (syscall4(SYS_rt_sigprocmask, SIG_BLOCK, set, 0, SET_BYTES),
		syscall4(SYS_rt_sigprocmask, SIG_UNBLOCK, set, 0, SET_BYTES)),
	       long set = (long)&((struct masks *)context->buffer)->one);

static int note_mask(const struct benchmark *benchmark, struct context *context)
{
	struct masks *masks = malloc(sizeof(*masks));

	(void)benchmark;
	if (!masks)
		return -ENOMEM;
	sigprocmask(SIG_SETMASK, NULL, &masks->own);
	sigemptyset(&masks->one);
	sigaddset(&masks->one, SIGUSR2);
	context->buffer = masks;
	return 0;
}

static void put_back(struct context *context)
{
	struct masks *masks = context->buffer;

	sigprocmask(SIG_SETMASK, &masks->own, NULL);
}

static void free_masks(struct context *context)
{
	free(context->buffer);
}

static bool is_blocked(int number)
{
	sigset_t now;

	sigprocmask(SIG_SETMASK, NULL, &now);
	return sigismember(&now, number) == 1;
}

/* What the C library blocks the bare call lets in again. */
static const char *verify(struct context *context)
{
	struct masks *masks = context->buffer;
	bool blocked, let_in;

	sigprocmask(SIG_BLOCK, &masks->one, NULL);
	blocked = is_blocked(SIGUSR2);
	syscall4(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&masks->one, 0,
		 SET_BYTES);
	let_in = !is_blocked(SIGUSR2);
	put_back(context);
	return blocked && let_in ? NULL : "the mask does not change";
}

// clang-format off
#define ROW(way, name, loop, count, text)				\
	{ .path = #way, .variant = name, .run = loop,			\
	  .setup = note_mask, .verify = verify, .leave = put_back,	\
	  .teardown = free_masks, .entries = count, .full = true,	\
	  .summary = text }

BENCHMARK_GROUP(sigprocmask, "the signal mask of this thread",
	ROW(libc, NULL, same_libc, 1, "the same mask again"),
	ROW(inline, NULL, same_inline, 1, "the same mask again"),
	ROW(libc, "change", change_libc_pair, 2,
	    "a signal blocked and let in again"),
	ROW(inline, "change", change_inline_pair, 2,
	    "a signal blocked and let in again"),
);
// clang-format on
