// SPDX-License-Identifier: MIT
/* Conditions ssbd, indirect and noaslr: states of the task, by prctl(2) and
 * personality(2). */
#include <errno.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>

#include "condition_kinds.h"

#define ASK 0xffffffff /* personality(2): change nothing */

/* ENXIO, EPERM: the mitigation is on or off for all tasks alike; ENODEV: this
 * kernel knows no such control for this CPU (spec_ctrl.rst). */
static int explain(const struct applying *applying, int error, const char *file)
{
	if (error == -ENXIO || error == -EPERM || error == -ENODEV)
		return condition_fail(applying, error,
				      "this kernel does not let a task control "
				      "it: see vulnerabilities/%s",
				      file);
	return condition_fail(applying, error,
			      "no speculation control by prctl here: %s",
			      strerror(-error));
}

/* The state is what counts: force-disabled already refuses to be disabled,
 * and a control that is not the task's own is none. */
static int disable(const struct applying *applying, unsigned long which,
		   const char *file)
{
	int error = prctl(PR_SET_SPECULATION_CTRL, which, PR_SPEC_DISABLE, 0, 0)
			    ? -errno
			    : 0;
	int state = prctl(PR_GET_SPECULATION_CTRL, which, 0, 0, 0);

	if (state >= 0 && (state & PR_SPEC_PRCTL) &&
	    (state & (PR_SPEC_DISABLE | PR_SPEC_FORCE_DISABLE)))
		return 0;
	if (error)
		return explain(applying, error, file);
	return condition_fail(applying, -EIO,
			      "taken by the kernel, but read back as %d",
			      state);
}

int condition_ssbd(const struct applying *applying)
{
	return disable(applying, PR_SPEC_STORE_BYPASS, "spec_store_bypass");
}

/* STIBP and IBPB: they act when tasks are switched, not at an entry. */
int condition_indirect(const struct applying *applying)
{
	return disable(applying, PR_SPEC_INDIRECT_BRANCH, "spectre_v2");
}

/* Addresses are drawn at exec, so the launcher's child has asked for this
 * before it became the worker; here it is read back. */
int condition_noaslr(const struct applying *applying)
{
	int flags = personality(ASK);

	if (flags >= 0 && (flags & ADDR_NO_RANDOMIZE))
		return 0;
	return condition_fail(applying, -EPERM,
			      "personality(2) was refused, or lost on the way "
			      "(a container's filter, a set-user-ID wrapper)");
}
