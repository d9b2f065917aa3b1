// SPDX-License-Identifier: MIT
/* Condition dispatch: system calls may be sent to user space, and are not. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "arch.h"
#include "condition_kinds.h"

/* linux/prctl.h and asm-generic/siginfo.h; the C library's own may be older. */
#define SET_USER_DISPATCH 59
#define DISPATCH_ON	  1
#define DISPATCHED	  2 /* si_code: SYS_USER_DISPATCH */

enum { ALLOW = 0, BLOCK = 1 };

/* Read by the kernel at every entry; it outlives all that is measured. */
static volatile unsigned char selector = ALLOW;
static volatile sig_atomic_t caught;

/* First of all the way back is opened: even to return is a system call. */
static void catch_dispatched(int number, siginfo_t *info, void *context)
{
	selector = ALLOW;
	(void)number;
	(void)context;
	caught = info->si_code;
}

/* With the selector at BLOCK a call must come back as a signal. Between the
 * two stores nothing else may be called: it would enter the kernel. */
static bool is_in_force(void)
{
	struct sigaction action = { .sa_sigaction = catch_dispatched,
				    .sa_flags = SA_SIGINFO };
	struct sigaction before;

	if (sigaction(SIGSYS, &action, &before))
		return false;
	caught = 0;
	selector = BLOCK;
	syscall0(SYS_getppid);
	selector = ALLOW;
	sigaction(SIGSYS, &before, NULL);
	return caught == DISPATCHED;
}

int condition_dispatch(const struct applying *applying)
{
	int error = prctl(SET_USER_DISPATCH, DISPATCH_ON, 0, 0, &selector)
			    ? -errno
			    : 0;

	if (error == -EINVAL)
		return condition_fail(applying, error,
				      "this kernel has none for this "
				      "architecture (Linux 5.11; its generic "
				      "entry code)");
	if (error)
		return condition_fail(applying, error, "refused: %s",
				      strerror(-error));
	if (is_in_force())
		return 0;
	return condition_fail(applying, -EIO,
			      "taken by the kernel, but a blocked call was let "
			      "through");
}
