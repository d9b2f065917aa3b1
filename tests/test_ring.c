// SPDX-License-Identifier: MIT
/* A ring of io_uring hands over, and closes without a trace. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "check.h"
#include "ring.h"

static int open_or_skip(struct ring *ring, unsigned int entries)
{
	int error;

	*ring = (struct ring){ .descriptor = -1 };
	error = ring_open(ring, entries);
	if (error == -ENOSYS || error == -EPERM)
		skip_because("io_uring cannot be had here");
	return error;
}

static void operations_come_back_in_order(void **state)
{
	struct ring ring;

	(void)state;
	assert_int_equal(open_or_skip(&ring, 4), 0);
	assert_int_equal(ring.parameters.sq_entries, 4);
	for (unsigned int i = 0; i < 4; i++)
		ring.submissions[i] =
			(struct io_uring_sqe){ .opcode = IORING_OP_NOP,
					       .user_data = 100 + i };
	__atomic_store_n(ring.tail, 4, __ATOMIC_RELEASE);
	assert_int_equal(syscall6(SYS_io_uring_enter, ring.descriptor, 4, 4,
				  IORING_ENTER_GETEVENTS, 0, 0),
			 4);
	assert_int_equal(*ring.done_tail - *ring.done_head, 4);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(ring.completions[i].user_data, 100 + i);
		assert_int_equal(ring.completions[i].res, 0);
	}
	ring_close(&ring);
}

static int count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	int lines = 0, letter;

	assert_non_null(file);
	while ((letter = fgetc(file)) != EOF)
		lines += letter == '\n';
	fclose(file);
	return lines;
}

static void a_closed_ring_leaves_nothing(void **state)
{
	struct ring ring;
	int before, free_before = dup(0);

	(void)state;
	close(free_before);
	before = count_lines("/proc/self/maps");
	assert_int_equal(open_or_skip(&ring, 512), 0);
	assert_true(count_lines("/proc/self/maps") > before);
	ring_close(&ring);
	assert_int_equal(ring.descriptor, -1);
	assert_int_equal(count_lines("/proc/self/maps"), before);
	assert_int_equal(dup(0), free_before);
	close(free_before);
	ring_close(&ring);
}

static void what_cannot_be_had_leaves_nothing(void **state)
{
	struct ring ring;
	int free_before = dup(0);

	(void)state;
	close(free_before);
	assert_int_equal(open_or_skip(&ring, 0), -EINVAL);
	assert_int_equal(ring.descriptor, -1);
	ring.parameters.flags = 1U << 31;
	assert_int_equal(ring_open(&ring, 1), -EINVAL);
	assert_int_equal(dup(0), free_before);
	close(free_before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_come_back_in_order),
		cmocka_unit_test(a_closed_ring_leaves_nothing),
		cmocka_unit_test(what_cannot_be_had_leaves_nothing),
	};

	return check_all(tests);
}
