// SPDX-License-Identifier: MIT
/* After a fork the worker's pages can be taken back at once. */
#define _GNU_SOURCE
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

/* An emulator that takes any advice follows none (qemu-user). */
static bool kernel_can(void)
{
	return madvise(memory, PAGE_BYTES, 23) == 0 &&
	       madvise(memory, PAGE_BYTES, 12345) != 0;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_taken_back),
	};

	memory = mmap(NULL, (size_t)PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	madvise(memory, (size_t)PAGES * PAGE_BYTES, MADV_NOHUGEPAGE);
	return check_all(tests);
}
