// SPDX-License-Identifier: MIT
/* Random bytes: from a generator in the vDSO, and from the kernel's. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

#define BYTES 16
/* From 2.41 on the C library goes by the vDSO where there is one (glibc,
 * NEWS). */
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 41)
#define LIBC_ENTRIES 0
#endif
#endif
#ifndef LIBC_ENTRIES
#define LIBC_ENTRIES 1
#endif

/* Every thread has a state of its own, in memory of a kind that the vDSO asks
 * for (linux/random.h, struct vgetrandom_opaque_params; Linux 6.11). */
struct wanted {
	uint32_t bytes, protection, flags, reserved[13];
};
typedef ssize_t fill(void *buffer, size_t size, unsigned int flags, void *state,
		     size_t state_size);

BENCHMARK_LOOP(through_vdso, vdso(bytes, BYTES, 0, state, size),
	       fill *vdso = context->function;
	       void *state = context->buffer;
	       size_t size = (size_t)context->argument; char bytes[BYTES]);
BENCHMARK_LOOP(through_libc, getrandom(bytes, BYTES, 0), char bytes[BYTES]);
BENCHMARK_LOOP(through_syscall, syscall(SYS_getrandom, bytes, BYTES, 0),
	       char bytes[BYTES]);
BENCHMARK_LOOP(through_inline, syscall3(SYS_getrandom, (long)bytes, BYTES, 0),
	       char bytes[BYTES]);

static int make_state(const struct benchmark *benchmark,
		      struct context *context)
{
	fill *vdso;
	struct wanted wanted;

	resolve_vdso(benchmark, context);
	vdso = context->function;
	if (!vdso || vdso(NULL, 0, 0, &wanted, ~0UL))
		return -ENOSYS;
	context->buffer = mmap(NULL, wanted.bytes, (int)wanted.protection,
			       (int)wanted.flags, -1, 0);
	context->argument = wanted.bytes;
	return context->buffer == MAP_FAILED ? -errno : 0;
}

static void free_state(struct context *context)
{
	munmap(context->buffer, (size_t)context->argument);
}

static bool differ(const char bytes[][BYTES], int count)
{
	for (int i = 0; i < count; i++)
		for (int j = 0; j < i; j++)
			if (memcmp(bytes[i], bytes[j], BYTES) == 0)
				return false;
	return true;
}

/* Twice by each way, all are filled and none alike: by chance once in 2^128. */
static const char *verify(struct context *context)
{
	fill *vdso = context->function;
	char bytes[7][BYTES] = { { 0 } };

	for (int i = 1; i < 7; i += 3)
		if ((vdso ? vdso(bytes[i], BYTES, 0, context->buffer,
				 (size_t)context->argument)
			  : getrandom(bytes[i], BYTES, 0)) != BYTES ||
		    getrandom(bytes[i + 1], BYTES, 0) != BYTES ||
		    syscall3(SYS_getrandom, (long)bytes[i + 2], BYTES, 0) !=
			    BYTES)
			return "not as many bytes as were asked for";
	return differ(bytes, 7) ? NULL : "the bytes are not random";
}

// clang-format off
#define ROW(way, count, text)						\
	{ .path = #way, .run = through_##way, .verify = verify,		\
	  .entries = count, .full = true, .summary = text }

BENCHMARK_GROUP(getrandom, "16 random bytes",
	{ .path = "vdso", .run = through_vdso, .supported = needs_vdso,
	  .symbol = ARCH_VDSO_GETRANDOM, .setup = make_state,
	  .verify = verify, .teardown = free_state, .full = true,
	  .summary = "by the vDSO's symbol, with a state of its own" },
	ROW(libc,    LIBC_ENTRIES, "by the C library"),
	ROW(syscall, 1, "by syscall()"),
	ROW(inline,  1, "by " ARCH_ENTRY_NAME),
);
// clang-format on
