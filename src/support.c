// SPDX-License-Identifier: MIT
/* Hooks that groups share: what an architecture or a kernel may lack, a file. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "arch.h"
#include "attempt.h"
#include "benchmark.h"
#include "vdso.h"

const char *needs_stubs(const struct benchmark *benchmark)
{
	(void)benchmark;
	return ARCH_HAS_STUBS ? NULL
			      : "no out-of-line entries for this architecture";
}

/* Without 32-bit emulation the gate is absent and the CPU faults: SIGSEGV
 * (arch/x86/kernel/idt.c). */
static int try_int80(const void *unused)
{
	(void)unused;
	return int80_syscall0(ARCH_INT80_GETPID) != getpid();
}

const char *needs_int80(const struct benchmark *benchmark)
{
	static int survives = -1;

	(void)benchmark;
	if (!ARCH_HAS_INT80)
		return "int $0x80 is an entry of x86 only";
	if (survives < 0)
		survives = attempt_in_child(try_int80, NULL) == 0;
	return survives ? NULL
			: "this kernel has no int $0x80 (no 32-bit "
			  "emulation: CONFIG_IA32_EMULATION)";
}

const char *needs_vdso(const struct benchmark *benchmark)
{
	return vdso_symbol(benchmark->symbol, ARCH_VDSO_VERSION)
		       ? NULL
		       : "no such function in the vDSO, or no vDSO";
}

int resolve_vdso(const struct benchmark *benchmark, struct context *context)
{
	context->function = vdso_symbol(benchmark->symbol, ARCH_VDSO_VERSION);
	return 0;
}

int open_zero(const struct benchmark *benchmark, struct context *context)
{
	(void)benchmark;
	context->descriptor = open("/dev/zero", O_RDWR | O_CLOEXEC);
	return context->descriptor < 0 ? -errno : 0;
}

void close_zero(struct context *context)
{
	close(context->descriptor);
}
