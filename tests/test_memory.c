// SPDX-License-Identifier: MIT
/* Pages are taken back after a fork, touched, and mapped apart from others. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "memory.h"

#define PAGES	   256
#define PAGE_BYTES 4096

static char *memory;

static long faults_of_writing(void)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < PAGES; i++)
		((volatile char *)memory)[i * PAGE_BYTES]++;
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt - before.ru_minflt;
}

static void fork_once(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* An emulator may take the advice and not follow it. */
static bool kernel_can(void)
{
	size_t bytes = (size_t)PAGES * PAGE_BYTES;

	return madvise(memory, bytes, MADV_DONTNEED) == 0 &&
	       madvise(memory, bytes, 23) == 0 &&
	       faults_of_writing() < PAGES / 16;
}

static void pages_are_taken_back(void **state)
{
	(void)state;
	if (!kernel_can())
		skip_because("no MADV_POPULATE_WRITE before Linux 5.14");
	faults_of_writing();
	fork_once();
	if (faults_of_writing() < PAGES / 2)
		skip_because("this system counts no faults of a fork");
	fork_once();
	memory_take_back();
	assert_true(faults_of_writing() < PAGES / 16);
}

static void each_page_is_touched_and_no_other(void **state)
{
	long page = sysconf(_SC_PAGESIZE), faults;
	long bytes = PAGES * PAGE_BYTES / 2;

	(void)state;
	madvise(memory, (size_t)PAGES * PAGE_BYTES, MADV_DONTNEED);
	faults = memory_faults();
	memory_touch(memory, (size_t)bytes);
	faults = memory_faults() - faults;
	assert_true(faults >= bytes / page);
	for (long at = 0; at < 2 * bytes; at += page)
		assert_int_equal(memory[at], at < bytes);
	faults = memory_faults();
	memory_touch(memory, (size_t)bytes);
	assert_true(memory_faults() - faults < bytes / page / 16);
}

/* The kernel takes a place that it is given, if it is free. */
static bool is_free(char *place)
{
	char *given =
		mmap(place, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(given, 1);
	return given == place;
}

static void check_room(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *room = memory_room(bytes);

	assert_non_null(room);
	assert_int_equal((uintptr_t)room % (2UL << 20), 64UL << 10);
	assert_true(is_free(room));
	assert_true(is_free(room + (bytes - 1) / page * page));
	assert_false(is_free(room - page));
	assert_false(is_free(room + (bytes + page - 1) / page * page));
	assert_ptr_equal(mmap(room, bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			 room);
	memory_touch(room, bytes);
	memory_room_free(room, bytes);
	assert_true(is_free(room));
	assert_true(is_free(room - page));
	assert_true(is_free(room + (bytes + page - 1) / page * page));
}

static void a_room_is_empty_between_two_walls(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		check_room(1);
		check_room(4096);
		check_room(65536);
		check_room(100000);
		check_room(2097152);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_taken_back),
		cmocka_unit_test(each_page_is_touched_and_no_other),
		cmocka_unit_test(a_room_is_empty_between_two_walls),
	};

	memory = mmap(NULL, (size_t)PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	madvise(memory, (size_t)PAGES * PAGE_BYTES, MADV_NOHUGEPAGE);
	return check_all(tests);
}
