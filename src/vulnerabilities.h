/* SPDX-License-Identifier: MIT */
/* What sysfs says of the CPU's flaws: every file, by listing the folder. */
#ifndef SYSCOST_VULNERABILITIES_H
#define SYSCOST_VULNERABILITIES_H

#define VULNERABILITIES_MOST 64

struct vulnerability {
	char name[64];
	char text[512]; /* the file's line; never cut: it could turn false */
	int error;	/* why there is no text: -errno */
};

struct vulnerabilities {
	int count; /* -errno: the folder could not be listed */
	struct vulnerability files[VULNERABILITIES_MOST];
};

/* Kernels add new files, so none is asked for by name
 * (Documentation/ABI/testing/sysfs-devices-system-cpu). */
void vulnerabilities_read(struct vulnerabilities *vulnerabilities);

/* The text of one file; NULL where it is not there or cannot be read. */
const char *vulnerabilities_text(const struct vulnerabilities *vulnerabilities,
				 const char *name);

#endif
