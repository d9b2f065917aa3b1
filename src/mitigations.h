/* SPDX-License-Identifier: MIT */
/* Which mitigations this task's entries and exits really pass, by name. */
#ifndef SYSCOST_MITIGATIONS_H
#define SYSCOST_MITIGATIONS_H

#include <stddef.h>

#include "vulnerabilities.h"

#define MITIGATIONS_MOST 16

enum mitigation_state { MITIGATION_UNKNOWN, MITIGATION_OFF, MITIGATION_ON };

struct mitigation {
	const char *name;
	enum mitigation_state state;
	char evidence[512]; /* the file or flag that says so, and what */
};

/* What there is to judge by; NULL: could not be read. */
struct signs {
	const char *architecture; /* "x86_64", "aarch64" */
	const char *flags;	  /* the CPU's, of /proc/cpuinfo */
	const char *cmdline;
	const char *config;   /* the kernel's configuration */
	const char *task_ssb; /* Speculation_Store_Bypass of the task */
	const struct vulnerabilities *vulnerabilities;
};

/*
 * Fills `found` (MITIGATIONS_MOST places): those of the architecture, in the
 * order in which an entry meets them; how many, 0 for another architecture.
 *
 * "on" says that its code or its control bit is in force for this task's
 * calls, whether or not sysfs calls the CPU safe by it; what acts at a guest's
 * exit alone is "off" here. "off" is said on evidence only: a file that reads
 * so, or a kernel that lists the folder and has no such file (a mitigation and
 * its file arrive together, in backports too). All else is unknown.
 */
size_t mitigations_derive(const struct signs *signs, struct mitigation *found);

const char *mitigations_state_text(enum mitigation_state state);

#endif
