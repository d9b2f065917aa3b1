// SPDX-License-Identifier: MIT
/* The same return from the kernel by SYSRET and by IRET: rt_sigreturn(2). */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "arch.h"
#include "attempt.h"
#include "benchmark.h"

/* Below the frame, for the frames of signals that come meanwhile (11 KiB where
 * the CPU has AMX; AT_MINSIGSTKSZ, getauxval(3)) and for their handlers. */
#define ROOM_BYTES (64UL * 1024)

BENCHMARK_LOOP(through_sysret, stub_sigreturn(frame),
	       struct sigreturn_frame *frame = context->buffer);
BENCHMARK_LOOP(through_iret, stub_sigreturn(frame),
	       struct sigreturn_frame *frame = context->buffer);

/* The row's argument: by IRET? */
static int make_frame(const struct benchmark *benchmark,
		      struct context *context)
{
	char *room = malloc(ROOM_BYTES + sizeof(struct sigreturn_frame));

	(void)benchmark;
	if (!room)
		return -ENOMEM;
	context->buffer = room + ROOM_BYTES;
	return 0;
}

/* The mask and the alternate stack as they are now: the frame restores them. */
static void prepare(struct context *context)
{
	sigreturn_prepare(context->buffer, (int)context->argument);
}

static void free_frame(struct context *context)
{
	free((char *)context->buffer - ROOM_BYTES);
}

/* SYSRET leaves in rcx where it went. What of the two another value proves is
 * IRET; that SYSRET was taken where it may be is in the kernel's code alone. */
static const char *verify(struct context *context)
{
	bool marked;

	prepare(context);
	marked = stub_sigreturn(context->buffer) == SIGRETURN_MARK;
	if (context->argument && !marked)
		return "rcx did not come back: this was no IRET";
	if (!context->argument && marked)
		return "rcx is not where SYSRET would have gone";
	return NULL;
}

static int attempt(const void *benchmark)
{
	struct context context = { .argument = 1 };

	return make_frame(benchmark, &context) || verify(&context);
}

/* With a shadow stack, frames of one's own are answered by SIGSEGV
 * (Documentation/arch/x86/shstk.rst). */
static const char *supported(const struct benchmark *benchmark)
{
	static int survives = -1;
	const char *lacking = needs_iret(benchmark);

	if (lacking)
		return lacking;
	if (survives < 0)
		survives = attempt_in_child(attempt, benchmark) == 0;
	return survives ? NULL
			: "rt_sigreturn does not take a frame of our own "
			  "(a shadow stack?)";
}

// clang-format off
#define ROW(way, by_iret, text)						\
	{ .path = #way, .run = through_##way, .argument = by_iret,	\
	  .supported = supported, .setup = make_frame,			\
	  .verify = verify, .prepare = prepare, .teardown = free_frame,	\
	  .entries = 1, .summary = text }

BENCHMARK_GROUP(sigreturn, "a signal's return without the signal: a frame read",
	ROW(sysret, 0, "to a frame that SYSRET can return to"),
	ROW(iret,   1, "to a frame that only IRET can return to"),
);
// clang-format on
