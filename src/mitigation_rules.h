/* SPDX-License-Identifier: MIT */
/* What the mitigations' rules share; for mitigation*.c only. */
#ifndef SYSCOST_MITIGATION_RULES_H
#define SYSCOST_MITIGATION_RULES_H

#include <stdbool.h>

#include "mitigations.h"

struct mitigation_rule {
	const char *name;
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
