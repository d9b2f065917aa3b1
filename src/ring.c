// SPDX-License-Identifier: MIT
/* A ring of io_uring(7): its two queues, in memory shared with the kernel. */
#include "ring.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "attempt.h"
#include "partner.h"

#define UNTRIED 1000 /* no errno, and none negated */

/* The kernel takes submissions by their numbers in this array. */
static void number_submissions(struct ring *ring)
{
	const struct io_sqring_offsets *places = &ring->parameters.sq_off;
	unsigned int *numbers = (unsigned int *)(ring->queues + places->array);

	for (unsigned int i = 0; i < ring->parameters.sq_entries; i++)
		numbers[i] = i;
}

static void find_queues(struct ring *ring)
{
	const struct io_uring_params *given = &ring->parameters;

	ring->tail = (unsigned int *)(ring->queues + given->sq_off.tail);
	ring->flags = (unsigned int *)(ring->queues + given->sq_off.flags);
	ring->done_head = (unsigned int *)(ring->queues + given->cq_off.head);
	ring->done_tail = (unsigned int *)(ring->queues + given->cq_off.tail);
	ring->completions =
		(struct io_uring_cqe *)(ring->queues + given->cq_off.cqes);
	number_submissions(ring);
}

static void *map(const struct ring *ring, size_t bytes, long place)
{
	void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_POPULATE, ring->descriptor, place);

	return mapped == MAP_FAILED ? NULL : mapped;
}

static int map_queues(struct ring *ring)
{
	const struct io_uring_params *given = &ring->parameters;
	size_t numbered =
		given->sq_off.array + given->sq_entries * sizeof(unsigned int);
	size_t done = given->cq_off.cqes +
		      given->cq_entries * sizeof(struct io_uring_cqe);

	if (!(given->features & IORING_FEAT_SINGLE_MMAP))
		return -ENOSYS; /* before Linux 5.4 */
	ring->queues_bytes = numbered > done ? numbered : done;
	ring->submissions_bytes =
		given->sq_entries * sizeof(struct io_uring_sqe);
	ring->queues = map(ring, ring->queues_bytes, IORING_OFF_SQ_RING);
	ring->submissions = map(ring, ring->submissions_bytes, IORING_OFF_SQES);
	if (!ring->queues || !ring->submissions)
		return -ENOMEM;
	find_queues(ring);
	return 0;
}

int ring_open(struct ring *ring, unsigned int entries)
{
	int error;

	ring->queues = NULL;
	ring->submissions = NULL;
	ring->descriptor = (int)syscall2(SYS_io_uring_setup, entries,
					 (long)&ring->parameters);
	error = ring->descriptor < 0 ? ring->descriptor : map_queues(ring);
	if (error)
		ring_close(ring);
	return error;
}

void ring_close(struct ring *ring)
{
	if (ring->queues)
		munmap(ring->queues, ring->queues_bytes);
	if (ring->submissions)
		munmap(ring->submissions, ring->submissions_bytes);
	if (ring->descriptor >= 0)
		syscall1(SYS_close, ring->descriptor);
	ring->queues = NULL;
	ring->submissions = NULL;
	ring->descriptor = -1;
}

/* The errno, in a child that a filter may kill. */
static int attempt_ring(const void *flags)
{
	struct ring ring = {
		.parameters.flags = *(const uint32_t *)flags,
	};

	return -ring_open(&ring, 1);
}

static const char *lacking(int error)
{
	if (error == 0)
		return NULL;
	if (error == -ECHILD)
		return "a filter kills who asks for io_uring";
	if (error == ENOSYS)
		return "no io_uring: before Linux 5.4, without "
		       "CONFIG_IO_URING, or a filter hides it";
	if (error == EPERM)
		return "io_uring is not permitted (kernel.io_uring_disabled, "
		       "or a filter)";
	return "a ring of io_uring cannot be had";
}

const char *needs_ring(const struct benchmark *benchmark)
{
	static const uint32_t plain = 0;
	static int error = UNTRIED;

	(void)benchmark;
	if (error == UNTRIED)
		error = attempt_in_child(attempt_ring, &plain);
	return lacking(error);
}

const char *needs_polled_ring(const struct benchmark *benchmark)
{
	static const uint32_t polled = IORING_SETUP_SQPOLL;
	static int error = UNTRIED;
	const char *missing = needs_ring(benchmark);

	if (!missing)
		missing = needs_other_cpu(benchmark);
	if (!missing)
		missing = needs_partner_thread(benchmark);
	if (missing)
		return missing;
	if (error == UNTRIED)
		error = attempt_in_child(attempt_ring, &polled);
	return error == EPERM ? "SQPOLL is not permitted (before Linux 5.13)"
			      : lacking(error);
}
