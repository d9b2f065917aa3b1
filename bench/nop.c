// SPDX-License-Identifier: MIT
/* Operations that do nothing, handed over by io_uring: many to one crossing. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "arch.h"
#include "benchmark.h"
#include "partner.h"
#include "ring.h"

/* The kernel's thread looks for work this long before it sleeps: longer than
 * any batch takes. It ends with its ring, behind each batch. */
#define AWAKE_MS 60000

struct nops {
	struct ring ring; /* as large as what is handed over at a time */
	unsigned int many;
	uint32_t wrong; /* bits of results and numbers that were not as due */
	struct partner poller;
	int state; /* of the poller: 0, then 1 or -errno */
};

static void fill(struct ring *ring, unsigned int many)
{
	unsigned int tail = *ring->tail;

	for (unsigned int i = 0; i < many; i++, tail++)
		ring->submissions[tail & (ring->parameters.sq_entries - 1)] =
			(struct io_uring_sqe){ .opcode = IORING_OP_NOP,
					       .user_data = tail };
	__atomic_store_n(ring->tail, tail, __ATOMIC_RELEASE);
}

static void reap(struct nops *nops, unsigned int many)
{
	struct ring *ring = &nops->ring;
	unsigned int mask = ring->parameters.cq_entries - 1;
	unsigned int head = *ring->done_head;
	unsigned int ready =
		__atomic_load_n(ring->done_tail, __ATOMIC_ACQUIRE) - head;

	nops->wrong |= ready ^ many;
	for (; ready; ready--, head++) {
		const struct io_uring_cqe *done =
			&ring->completions[head & mask];

		nops->wrong |= (uint32_t)done->res |
			       ((uint32_t)done->user_data ^ head);
	}
	__atomic_store_n(ring->done_head, head, __ATOMIC_RELEASE);
}

static __attribute__((noinline)) void hand_over(struct nops *nops,
						unsigned int many)
{
	fill(&nops->ring, many);
	syscall6(SYS_io_uring_enter, nops->ring.descriptor, many, many,
		 IORING_ENTER_GETEVENTS, 0, 0);
	reap(nops, many);
}

static bool has_come(const struct ring *ring, unsigned int due)
{
	return __atomic_load_n(ring->done_tail, __ATOMIC_ACQUIRE) == due;
}

static bool is_asleep(const struct ring *ring)
{
	return __atomic_load_n(ring->flags, __ATOMIC_RELAXED) &
	       IORING_SQ_NEED_WAKEUP;
}

/* The kernel's thread sees the new tail by itself; should it be gone, it has
 * asked to be woken. */
static __attribute__((noinline)) void hand_to_poller(struct nops *nops,
						     unsigned int many)
{
	struct ring *ring = &nops->ring;
	unsigned int due = *ring->done_head + many;

	fill(ring, many);
	while (!has_come(ring, due) && !is_asleep(ring))
		;
	reap(nops, many);
}

BENCHMARK_TURNS(by_1_uring, 1, hand_over(nops, 1),
		struct nops *nops = context->buffer);
BENCHMARK_TURNS(by_8_uring, 8, hand_over(nops, 8),
		struct nops *nops = context->buffer);
BENCHMARK_TURNS(by_64_uring, 64, hand_over(nops, 64),
		struct nops *nops = context->buffer);
BENCHMARK_TURNS(by_512_uring, 512, hand_over(nops, 512),
		struct nops *nops = context->buffer);
BENCHMARK_TURNS(by_1_sqpoll, 1, hand_to_poller(nops, 1),
		struct nops *nops = context->buffer);
BENCHMARK_TURNS(by_8_sqpoll, 8, hand_to_poller(nops, 8),
		struct nops *nops = context->buffer);
BENCHMARK_TURNS(by_64_sqpoll, 64, hand_to_poller(nops, 64),
		struct nops *nops = context->buffer);
BENCHMARK_TURNS(by_512_sqpoll, 512, hand_to_poller(nops, 512),
		struct nops *nops = context->buffer);

static int make_nops(const struct benchmark *benchmark, struct context *context)
{
	struct nops *nops = calloc(1, sizeof(*nops));

	if (!nops)
		return -ENOMEM;
	nops->ring.descriptor = -1;
	nops->many = benchmark->per_turn;
	context->buffer = nops;
	return 0;
}

static void free_nops(struct context *context)
{
	struct nops *nops = context->buffer;

	ring_close(&nops->ring);
	free(nops);
}

static int make_and_open(const struct benchmark *benchmark,
			 struct context *context)
{
	int error = make_nops(benchmark, context);

	if (error)
		return error;
	error = ring_open(&((struct nops *)context->buffer)->ring,
			  benchmark->per_turn);
	if (error)
		free_nops(context);
	return error;
}

static int make_for_poller(const struct benchmark *benchmark,
			   struct context *context)
{
	int error = partner_one_caller();

	return error ? error : make_nops(benchmark, context);
}

/* The first operations: the kernel's thread begins by going to sleep, unless it
 * finds work (io_uring/sqpoll.c, io_sq_thread), and only who has the ring's
 * descriptor can wake it. */
static void wake_poller(struct nops *nops)
{
	struct ring *ring = &nops->ring;
	unsigned int due = *ring->done_head + nops->many;

	fill(ring, nops->many);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while (!has_come(ring, due))
		if (is_asleep(ring))
			syscall6(SYS_io_uring_enter, ring->descriptor, 0, 0,
				 IORING_ENTER_SQ_WAKEUP, 0, 0);
		else
			syscall0(SYS_sched_yield);
	reap(nops, nops->many);
}

/* The poller's thread belongs to a task beside the worker, which shares its
 * memory, and the queues in it, but no descriptors. */
static void keep_polling(void *argument)
{
	struct nops *nops = argument;
	int error;

	nops->ring.parameters = (struct io_uring_params){
		.flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF,
		.sq_thread_cpu = (unsigned int)partner_elsewhere(),
		.sq_thread_idle = AWAKE_MS,
	};
	error = ring_open(&nops->ring, nops->many);
	if (!error)
		wake_poller(nops);
	nops->ring.descriptor = -1; /* it is this task's */
	__atomic_store_n(&nops->state, error ? error : 1, __ATOMIC_RELEASE);
	for (;;)
		syscall5(SYS_ppoll, 0, 0, 0, 0, 0);
}

/* A launch in which operations got lost is lost. */
static void check(struct context *context)
{
	const struct nops *nops = context->buffer;

	if (nops->wrong)
		partner_give_up();
}

static void stop_poller(struct context *context)
{
	struct nops *nops = context->buffer;

	check(context);
	partner_end(&nops->poller);
	ring_close(&nops->ring);
}

/* On the worker's own CPU, where it waits: the thread has the other. */
static int start_poller(struct nops *nops)
{
	int state = 0, error;

	nops->state = 0;
	error = partner_start(&nops->poller, PARTNER_THREAD, partner_here(),
			      keep_polling, nops);
	while (!error && !state) {
		syscall0(SYS_sched_yield);
		state = __atomic_load_n(&nops->state, __ATOMIC_ACQUIRE);
	}
	return error ? error : state < 0 ? state : 0;
}

/* It could be had when the row was tried: a launch without it is lost. */
static void prepare_poller(struct context *context)
{
	struct nops *nops = context->buffer;

	if (!nops->poller.pid && start_poller(nops))
		partner_give_up();
}

/* All at once, and what came of it. */
static const char *try_turn(struct nops *nops,
			    void (*turn)(struct nops *nops, unsigned int many))
{
	unsigned int before = *nops->ring.done_head;
	bool done;

	turn(nops, nops->many);
	done = *nops->ring.done_head - before == nops->many && !nops->wrong;
	nops->wrong = 0;
	return done ? NULL : "the operations did not come back, in order, done";
}

static const char *verify(struct context *context)
{
	return try_turn(context->buffer, hand_over);
}

static const char *verify_polled(struct context *context)
{
	const char *problem;

	prepare_poller(context);
	problem = try_turn(context->buffer, hand_to_poller);
	stop_poller(context);
	return problem;
}

// clang-format off
#define URING_ROW(many_, full_)						\
	{ .path = "uring", .variant = #many_, .run = by_##many_##_uring,\
	  .supported = needs_ring, .setup = make_and_open,		\
	  .verify = verify, .leave = check, .teardown = free_nops,	\
	  .per_turn = many_, .entries = 1.0 / many_, .full = full_,	\
	  .summary = #many_ " a system call, per operation" }
#define POLLED_ROW(many_)						\
	{ .path = "sqpoll", .variant = #many_, .run = by_##many_##_sqpoll,\
	  .supported = needs_polled_ring, .setup = make_for_poller,	\
	  .alone = "its thread serves one caller",			\
	  .verify = verify_polled, .prepare = prepare_poller,		\
	  .leave = stop_poller, .teardown = free_nops,			\
	  .per_turn = many_, .entries = 0, .full = true,		\
	  .summary = #many_ " at a time to a thread of the kernel's" }

BENCHMARK_GROUP(nop, "nothing to do, handed over by io_uring",
	URING_ROW(1, false),
	URING_ROW(8, true),
	URING_ROW(64, false),
	URING_ROW(512, true),
	POLLED_ROW(1),
	POLLED_ROW(8),
	POLLED_ROW(64),
	POLLED_ROW(512),
);
// clang-format on
