// SPDX-License-Identifier: MIT
/* What an architecture or a kernel may lack: shared `supported` hooks. */
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "vdso.h"

const char *needs_stubs(const struct benchmark *benchmark)
{
	(void)benchmark;
	return ARCH_HAS_STUBS ? NULL
			      : "no out-of-line entries for this architecture";
}

/* Without 32-bit emulation the gate is absent and the CPU faults: SIGSEGV
 * (arch/x86/kernel/idt.c). The child leaves no core file. */
static bool int80_survives(void)
{
	struct rlimit none = { 0, 0 };
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setrlimit(RLIMIT_CORE, &none);
		_exit(int80_syscall0(ARCH_INT80_GETPID) == getpid() ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

const char *needs_int80(const struct benchmark *benchmark)
{
	static int survives = -1;

	(void)benchmark;
	if (!ARCH_HAS_INT80)
		return "int $0x80 is an entry of x86 only";
	if (survives < 0)
		survives = int80_survives();
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
