// SPDX-License-Identifier: MIT
/* Where am I running: a register read in the vDSO, a crossing elsewhere. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

typedef long read_cpu(unsigned int *cpu, unsigned int *node, void *unused);

BENCHMARK_LOOP(through_vdso, vdso(&cpu, &node, NULL),
	       read_cpu *vdso = context->function;
	       unsigned int cpu, node);
BENCHMARK_LOOP(through_vsyscall, vsyscall(&cpu, &node, NULL),
	       read_cpu *vsyscall = context->function;
	       unsigned int cpu, node);
BENCHMARK_LOOP(through_libc, getcpu(&cpu, &node), unsigned int cpu, node);
BENCHMARK_LOOP(through_syscall, syscall(SYS_getcpu, &cpu, &node, NULL),
	       unsigned int cpu, node);
BENCHMARK_LOOP(through_inline, syscall3(SYS_getcpu, (long)&cpu, (long)&node, 0),
	       unsigned int cpu, node);

/* The worker is bound: every path names the same CPU and node. An unbound
 * caller may be moved in between, hence the three attempts. */
static const char *verify(struct context *context)
{
	read_cpu *vdso = context->function;
	unsigned int cpu[3], node[3];

	for (int attempt = 0; attempt < 3; attempt++) {
		syscall3(SYS_getcpu, (long)&cpu[0], (long)&node[0], 0);
		getcpu(&cpu[1], &node[1]);
		cpu[2] = cpu[1];
		node[2] = node[1];
		if (vdso)
			vdso(&cpu[2], &node[2], NULL);
		if (cpu[0] == cpu[1] && cpu[1] == cpu[2] &&
		    node[0] == node[1] && node[1] == node[2])
			return NULL;
	}
	return "the paths disagree about the CPU";
}

// clang-format off
#define ROW(way, needs, count, text)					\
	{ .path = #way, .run = through_##way, .supported = needs,	\
	  .symbol = ARCH_VDSO_GETCPU, .setup = resolve_vdso,	\
	  .verify = verify, .entries = count, .summary = text }

BENCHMARK_GROUP(getcpu, "the CPU and node that run the caller",
	ROW(vdso,    needs_vdso, 0, "by the vDSO's symbol"),
	ROW(libc,    NULL, 0, "by the C library"),
	ROW(syscall, NULL, 1, "by syscall()"),
	ROW(inline,  NULL, 1, "by " ARCH_ENTRY_NAME),
	{ .path = "vsyscall", .run = through_vsyscall, .full = true,
	  .supported = needs_vsyscall, .setup = take_address,
	  .argument = (long)ARCH_VSYSCALL_GETCPU,
	  .verify = verify, .entries = 1, .uncounted = VSYSCALL_UNCOUNTED,
	  .summary = "by the vsyscall page: a page fault" },
);
// clang-format on
