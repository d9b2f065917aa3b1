// SPDX-License-Identifier: MIT
/* The governors of four CPUs, whose files a NUL separates: links into memory,
 * since a disk would be slow. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "governors.h"

#define CPUS 4

static char folder[] = "/tmp/syscost-fuzz-XXXXXX";
static int files[CPUS];

static void path_of(char *path, size_t size, int cpu, const char *end)
{
	snprintf(path, size, "%s/cpu%d%s", folder, cpu, end);
}

static void remove_tree(void)
{
	static const char *const ends[] = { "/cpufreq/scaling_governor",
					    "/cpufreq", "" };
	char path[128];

	for (int cpu = 0; cpu < CPUS; cpu++)
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
			path_of(path, sizeof(path), cpu, ends[i]);
			remove(path);
		}
	rmdir(folder);
}

static void make_tree(void)
{
	char path[128], target[64];

	must(mkdtemp(folder));
	atexit(remove_tree);
	for (int cpu = 0; cpu < CPUS; cpu++) {
		path_of(path, sizeof(path), cpu, "");
		must(mkdir(path, 0700) == 0);
		path_of(path, sizeof(path), cpu, "/cpufreq");
		must(mkdir(path, 0700) == 0);
		path_of(path, sizeof(path), cpu, "/cpufreq/scaling_governor");
		files[cpu] = memfd_create("governor", MFD_CLOEXEC);
		must(files[cpu] >= 0);
		snprintf(target, sizeof(target), "/proc/self/fd/%d",
			 files[cpu]);
		must(symlink(target, path) == 0);
	}
}

static void fill(const uint8_t *data, size_t size)
{
	for (int cpu = 0; cpu < CPUS; cpu++) {
		size_t length = size ? strnlen((const char *)data, size) : 0;

		must(ftruncate(files[cpu], 0) == 0);
		must(pwrite(files[cpu], data, length, 0) == (ssize_t)length);
		length += length < size;
		data += length;
		size -= length;
	}
}

static void check(size_t size)
{
	char *names = fuzz_buffer(size);
	int error = governors_read(folder, names, size);
	size_t length = strnlen(names, size);

	must(length < size);
	must(error <= 0);
	must(!error == (length > 0) || size == 1);
	must(!strchr(names, '\n'));
	free(names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!files[0])
		make_tree();
	fill(data, size);
	for (size_t i = 0; i < FUZZ_SIZES; i++)
		check(fuzz_sizes[i]);
	return 0;
}
