// SPDX-License-Identifier: MIT
/* A thread that ends at once and is joined: the kernel's part, and pthread's. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "channel.h"
#include "partner.h"

#define STACK_BYTES 16384
#define PER_TURN    64UL /* so that asking for them is under 1 % of it */
#define WORD_BYTES  8

/* What pthread_create asks for, but for the thread's own data (CLONE_SETTLS):
 * this one has no use for any (glibc, sysdeps/unix/sysv/linux/createthread.c).
 */
#define FLAGS                                                                  \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |    \
	 CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* Kept ready between threads. */
struct room {
	_Alignas(64) char stack[STACK_BYTES];
	atomic_int alive; /* the thread's number; the kernel clears it */
	uint64_t made;
	pid_t last;
};

/* Another process, which asks its own C library for threads: the first makes
 * stdio lock and other shortcuts end for good, in the whole process. */
struct maker {
	struct channel channel;
	struct partner partner;
	uint64_t made; /* as told by it */
};

static int end_at_once(void *made)
{
	++*(uint64_t *)made;
	return 0;
}

/* It ends with a wake-up at the number (mm_release in kernel/fork.c); by then
 * it no longer needs the stack. */
static __attribute__((noinline)) void by_clone(struct room *room)
{
	int thread = clone(end_at_once, room->stack + STACK_BYTES, FLAGS,
			   &room->made, &room->alive, NULL, &room->alive);

	if (thread < 0)
		partner_give_up();
	room->last = thread;
	do
		syscall6(SYS_futex, (long)&room->alive, FUTEX_WAIT, thread, 0,
			 0, 0);
	while (atomic_load(&room->alive));
}

static void *return_at_once(void *made)
{
	++*(uint64_t *)made;
	return NULL;
}

/* What cannot be made is not answered for: the asking never ends then. */
static void make_when_asked(void *argument)
{
	const struct channel_end *end =
		&((const struct maker *)argument)->channel.far;
	uint64_t made;

	while (read(end->in, &made, WORD_BYTES) == WORD_BYTES) {
		for (unsigned long i = 0; i < PER_TURN; i++) {
			pthread_t thread;

			if (pthread_create(&thread, NULL, return_at_once,
					   &made))
				pause();
			pthread_join(thread, NULL);
		}
		if (write(end->out, &made, WORD_BYTES) != WORD_BYTES)
			return;
	}
}

BENCHMARK_LOOP(clone_function, by_clone(room),
	       struct room *room = context->buffer);
BENCHMARK_TURNS(pthread_inline_pair, PER_TURN,
		(syscall3(SYS_write, out, word, WORD_BYTES),
		 syscall3(SYS_read, in, word, WORD_BYTES)),
		struct maker *maker = context->buffer;
		long in = maker->channel.near.in;
		long out = maker->channel.near.out;
		long word = (long)&maker->made);

static int open_room(const struct benchmark *benchmark, struct context *context)
{
	struct room *room = aligned_alloc(64, sizeof(*room));

	(void)benchmark;
	if (!room)
		return -ENOMEM;
	*room = (struct room){ .made = 0 };
	context->buffer = room;
	return 0;
}

static void close_room(struct context *context)
{
	free(context->buffer);
}

static int start_maker(struct maker *maker)
{
	int error = channel_open(&maker->channel, CHANNEL_PIPE);

	if (error)
		return error;
	error = partner_start(&maker->partner, PARTNER_PROCESS, partner_here(),
			      make_when_asked, maker);
	if (error)
		channel_close(&maker->channel);
	return error;
}

static int open_maker(const struct benchmark *benchmark,
		      struct context *context)
{
	int error = partner_one_caller();
	struct maker *maker = error ? NULL : calloc(1, sizeof(*maker));

	(void)benchmark;
	if (!error)
		error = maker ? start_maker(maker) : -ENOMEM;
	if (error)
		free(maker);
	else
		context->buffer = maker;
	return error;
}

static void close_maker(struct context *context)
{
	struct maker *maker = context->buffer;

	partner_end(&maker->partner);
	channel_close(&maker->channel);
	free(maker);
}

/* The last thread is joined while it still ends. */
static void rest_room(struct context *context)
{
	partner_rest_thread(((const struct room *)context->buffer)->last);
}

static void rest_maker(struct context *context)
{
	partner_rest(&((const struct maker *)context->buffer)->partner);
}

static const char *verify_room(struct context *context)
{
	struct room *room = context->buffer;
	uint64_t made = room->made;

	clone_function(context, 10);
	rest_room(context);
	return room->made == made + 10 ? NULL : "not every thread has run";
}

static const char *verify_maker(struct context *context)
{
	struct maker *maker = context->buffer;
	uint64_t made = maker->made;

	pthread_inline_pair(context, 2 * PER_TURN);
	rest_maker(context);
	return maker->made == made + 2 * PER_TURN ? NULL
						  : "not every thread has run";
}

// clang-format off
BENCHMARK_GROUP(thread, "a thread that ends at once, made and joined",
	{ .path = "clone",   .run = clone_function, .verify = verify_room,
	  .setup = open_room, .teardown = close_room, .leave = rest_room,
	  .entries = 2, .work = WORK_SWITCHES,
	  .summary = "clone on a stack kept ready, join by its futex" },
	{ .path = "pthread", .run = pthread_inline_pair,   .verify = verify_maker,
	  .setup = open_maker, .teardown = close_maker, .leave = rest_maker,
	  .alone = "the process that it asks answers one caller",
	  .per_turn = PER_TURN, .entries = 2.0 / PER_TURN,
	  .work = WORK_SWITCHES, .full = true,
	  .summary = "pthread_create and join, 64 asked of another process" },
);
// clang-format on
