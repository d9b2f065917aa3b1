// SPDX-License-Identifier: MIT
/* Counts how often a row really enters the kernel: by ptrace, not by time. */
#include "entries.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"

/* A close that no row makes, and that closes nothing: the counted stretch
 * lies between two of them. */
#define MARK (-7777L)

/* struct ptrace_syscall_info as linux/ptrace.h has it (Linux 5.3), up to what
 * is read here; glibc 2.36 declares it under another name. */
struct syscall_stop {
	uint8_t op;
	uint8_t pad[3];
	uint32_t arch;
	uint64_t instruction_pointer;
	uint64_t stack_pointer;
	uint64_t number;
	uint64_t arguments[6];
};
/* What the child exits with where it cannot be traced. */
enum { NO_PTRACE = 101, NOT_PERMITTED = 102 };

#define STOP_ENTRY	     1
#define REQUEST_SYSCALL_INFO 0x420e

uint64_t entries_calls(const struct benchmark *benchmark)
{
	double entries = benchmark->entries;
	bool seldom = entries > 0 && entries < 1.0 / 16;

	return batch_whole(benchmark,
			   seldom ? (uint64_t)lround(1 / entries) : 16);
}

static void run_traced(struct subject *subject, uint64_t calls)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(errno == ENOSYS ? NO_PTRACE : NOT_PERMITTED);
	raise(SIGSTOP);
	/* What only a first call does (symbol binding, an empty stream's
	 * first record) is not counted. */
	subject->benchmark->run(&subject->context,
				batch_whole(subject->benchmark, 1));
	syscall1(SYS_close, MARK);
	subject->benchmark->run(&subject->context, calls);
	syscall1(SYS_close, MARK);
	_exit(0);
}

/* Why there will be no more stops. */
static int explain_end(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PTRACE)
		return -ENOSYS;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_PERMITTED)
		return -EPERM;
	return -ECHILD;
}

/* Waits for the next stop; its signal, or -errno once the child is gone. Who
 * is gone is not reaped here, so that its number stays its own. */
static int next_stop(pid_t child)
{
	siginfo_t info;
	int status;

	while (waitid(P_PID, (id_t)child, &info,
		      WEXITED | WSTOPPED | WNOWAIT | __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	if (info.si_code == CLD_EXITED)
		return explain_end(W_EXITCODE(info.si_status, 0));
	if (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED)
		return -ECHILD;
	while (waitpid(child, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	return WSTOPSIG(status);
}

/* Lets the child run to its next system call; a signal on the way is handed
 * to it. 0 or -errno. */
static int to_next_call(pid_t child)
{
	int stop = 0;

	do {
		if (ptrace(PTRACE_SYSCALL, child, NULL, (long)stop))
			return -errno;
		stop = next_stop(child);
		if (stop < 0)
			return stop;
	} while (stop != (SIGTRAP | 0x80));
	return 0;
}

static int64_t count_between_marks(pid_t child)
{
	struct syscall_stop stop;
	int64_t count = 0;
	int marks = 0;

	while (marks < 2) {
		int error = to_next_call(child);

		if (error)
			return error;
		if (ptrace(REQUEST_SYSCALL_INFO, child, (void *)sizeof(stop),
			   &stop) < 0)
			return -errno;
		if (stop.op != STOP_ENTRY)
			continue;
		if (stop.number == SYS_close &&
		    stop.arguments[0] == (uint64_t)MARK)
			marks++;
		else if (marks == 1)
			count++;
	}
	return count;
}

static int64_t count_and_end(pid_t child)
{
	int64_t count = next_stop(child);

	if (count == SIGSTOP &&
	    ptrace(PTRACE_SETOPTIONS, child, NULL,
		   (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) == 0)
		count = count_between_marks(child);
	else if (count >= 0)
		count = -EPERM;
	kill(child, SIGKILL);
	while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
		;
	return count;
}

int64_t entries_count(struct subject *subject, uint64_t calls)
{
	const struct benchmark *benchmark = subject->benchmark;
	int64_t count;
	pid_t child;

	if (benchmark->prepare)
		benchmark->prepare(&subject->context);
	child = fork();
	if (child == 0)
		run_traced(subject, calls);
	count = child < 0 ? -errno : count_and_end(child);
	if (benchmark->leave)
		benchmark->leave(&subject->context);
	return count;
}
