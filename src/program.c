// SPDX-License-Identifier: MIT
/* The architecture's smallest program as a file in memory. */
#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10 /* linux/memfd.h, Linux 6.3 */
#endif

/* Since Linux 6.3 it has to be said that the file is to be run, and
 * vm.memfd_noexec=2 forbids it (kernel/pid_sysctl.h). */
static int make_file(void)
{
	int descriptor = memfd_create("exit", MFD_CLOEXEC | MFD_EXEC);

	if (descriptor < 0 && errno == EINVAL)
		descriptor = memfd_create("exit", MFD_CLOEXEC);
	return descriptor < 0 ? -errno : descriptor;
}

int program_open(void)
{
	ssize_t bytes = arch_program_end - arch_program;
	int descriptor;

	if (!ARCH_HAS_PROGRAM)
		return -ENOEXEC;
	descriptor = make_file();
	if (descriptor >= 0 &&
	    write(descriptor, arch_program, (size_t)bytes) != bytes) {
		close(descriptor);
		return -EIO;
	}
	return descriptor;
}

long program_become(int descriptor)
{
	char *const arguments[] = { (char *)"exit", NULL };

	return syscall5(SYS_execveat, descriptor, (long)"", (long)arguments,
			(long)(arguments + 1), AT_EMPTY_PATH);
}

void program_path(int descriptor, char path[PROGRAM_PATH_BYTES])
{
	snprintf(path, PROGRAM_PATH_BYTES, "/proc/self/fd/%d", descriptor);
}

static bool runs(int descriptor)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(program_become(descriptor) ? 127 : 0);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == ARCH_PROGRAM_STATUS;
}

const char *needs_program(const struct benchmark *benchmark)
{
	static int can = -1;
	int descriptor;

	(void)benchmark;
	if (!ARCH_HAS_PROGRAM)
		return "no program of machine code for this architecture";
	if (can < 0) {
		descriptor = program_open();
		can = descriptor >= 0 && runs(descriptor);
		if (descriptor >= 0)
			close(descriptor);
	}
	return can ? NULL
		   : "a program in memory cannot be run here (an emulator, or "
		     "vm.memfd_noexec)";
}

const char *needs_program_path(const struct benchmark *benchmark)
{
	const char *reason = needs_program(benchmark);

	if (!reason && access("/proc/self/fd", X_OK))
		reason = "there is no /proc to name the program by";
	return reason;
}
