/* SPDX-License-Identifier: MIT */
/* What the mitigations' rules share; for mitigation*.c only. */
#ifndef SYSCOST_MITIGATION_RULES_H
#define SYSCOST_MITIGATION_RULES_H

#include <stdbool.h>

#include "mitigations.h"

/* A text by which a file says that something acts, or not; a longer one that
 * begins alike comes first. */
struct mitigation_meaning {
	const char *begins; /* NULL: the end */
	bool on;
};

struct mitigation_rule {
	const char *name;
	/* The file whose text decides, by the first meaning that it begins
	 * with; no meaning is off, as "Not affected" and "Vulnerable" are. */
	const char *file;
	const struct mitigation_meaning *meanings;
	/* What else decides, after that, or alone. */
	void (*derive)(const struct signs *signs,
		       struct mitigation *mitigation);
};

extern const struct mitigation_rule mitigation_rules_x86[];
extern const size_t mitigation_rules_x86_count;
extern const struct mitigation_rule mitigation_rules_arm64[];
extern const size_t mitigation_rules_arm64_count;

void mitigation_say(struct mitigation *mitigation, enum mitigation_state state,
		    const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What a file says. NULL where it says nothing: then that is the finding. */
const char *mitigation_text(const struct signs *signs, const char *file,
			    struct mitigation *mitigation);

/* Is it there, readable or not? */
bool mitigation_file_exists(const struct signs *signs, const char *file);

/* In either case: "safe RET" became "Safe RET" (6.6). */
bool mitigation_begins(const char *text, const char *with);

/* Is the store bypass shut for this task? */
void mitigation_ssb(const struct signs *signs, struct mitigation *mitigation);

#endif
