// SPDX-License-Identifier: MIT
/* Hooks that groups share: what an architecture or a kernel may lack, a file. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "arch.h"
#include "attempt.h"
#include "benchmark.h"
#include "facts.h"
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

typedef long read_time(long *seconds);

/* A page that is not mapped: SIGSEGV. */
static int try_vsyscall(const void *unused)
{
	(void)unused;
	return ((read_time *)ARCH_VSYSCALL_TIME)(NULL) <= 0;
}

const char *needs_vsyscall(const struct benchmark *benchmark)
{
	static int survives = -1;

	(void)benchmark;
	if (!ARCH_HAS_VSYSCALL)
		return "the vsyscall page is x86-64's only";
	if (survives < 0)
		survives = attempt_in_child(try_vsyscall, NULL) == 0;
	return survives ? NULL
			: "no vsyscall page in this process (vsyscall=none, or "
			  "CONFIG_LEGACY_VSYSCALL_NONE)";
}

/* FRED has one return for all, ERETU (arch/x86/entry/entry_64_fred.S); a Xen PV
 * guest asks its hypervisor to return (arch/x86/entry/common.c). */
const char *needs_iret(const struct benchmark *benchmark)
{
	char flags[4096];

	(void)benchmark;
	if (!ARCH_HAS_IRET)
		return "only x86-64 returns by one of two instructions";
	if (facts_cpuinfo("flags", flags, sizeof(flags)))
		return NULL;
	if (facts_has_word(flags, "fred"))
		return "this kernel returns by ERETU alone (FRED)";
	if (facts_has_word(flags, "xenpv"))
		return "a Xen PV guest returns by its hypervisor alone";
	return NULL;
}

int take_address(const struct benchmark *benchmark, struct context *context)
{
	context->function = (void *)benchmark->argument;
	return 0;
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
