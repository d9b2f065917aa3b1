// SPDX-License-Identifier: MIT
/* Which mitigations an entry really passes: what is common to all. */
#include "mitigations.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mitigation_rules.h"

void mitigation_say(struct mitigation *mitigation, enum mitigation_state state,
		    const char *format, ...)
{
	va_list arguments;

	mitigation->state = state;
	va_start(arguments, format);
	vsnprintf(mitigation->evidence, sizeof(mitigation->evidence), format,
		  arguments);
	va_end(arguments);
}

const char *mitigation_text(const struct signs *signs, const char *file,
			    struct mitigation *mitigation)
{
	const char *text = vulnerabilities_text(signs->vulnerabilities, file);
	const struct vulnerabilities *all = signs->vulnerabilities;

	if (text)
		return text;
	if (all->count < 0)
		mitigation_say(mitigation, MITIGATION_UNKNOWN,
			       "the folder vulnerabilities cannot be listed");
	else if (mitigation_file_exists(signs, file))
		mitigation_say(mitigation, MITIGATION_UNKNOWN,
			       "%s cannot be read", file);
	else
		mitigation_say(mitigation, MITIGATION_OFF,
			       "this kernel has no file %s", file);
	return NULL;
}

bool mitigation_file_exists(const struct signs *signs, const char *file)
{
	const struct vulnerabilities *all = signs->vulnerabilities;

	for (int i = 0; i < all->count; i++)
		if (strcmp(all->files[i].name, file) == 0)
			return true;
	return false;
}

bool mitigation_begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

/* Both architectures tell it of the task (fs/proc/array.c); sysfs tells only
 * what a task may ask for. */
void mitigation_ssb(const struct signs *signs, struct mitigation *mitigation)
{
	const char *task = signs->task_ssb;
	const char *file = vulnerabilities_text(signs->vulnerabilities,
						"spec_store_bypass");
	enum mitigation_state state = MITIGATION_UNKNOWN;

	if (!task) {
		if (mitigation_text(signs, "spec_store_bypass", mitigation))
			mitigation_say(
				mitigation, MITIGATION_UNKNOWN,
				"spec_store_bypass: %s; the task's state "
				"cannot be read",
				file);
		return;
	}
	if (strstr(task, "mitigated"))
		state = MITIGATION_ON;
	else if (strstr(task, "vulnerable"))
		state = MITIGATION_OFF;
	mitigation_say(mitigation, state, "the task: %s; spec_store_bypass: %s",
		       task, file ? file : "cannot be read");
}

static const struct architecture {
	const char *name;
	const struct mitigation_rule *rules;
	const size_t *count;
} architectures[] = {
	{ "x86_64", mitigation_rules_x86, &mitigation_rules_x86_count },
	{ "aarch64", mitigation_rules_arm64, &mitigation_rules_arm64_count },
};

static void judge(const struct mitigation_rule *rule, const struct signs *signs,
		  struct mitigation *mitigation)
{
	const struct mitigation_meaning *meaning = rule->meanings;
	const char *text = mitigation_text(signs, rule->file, mitigation);

	if (!text)
		return;
	while (meaning->begins && !mitigation_begins(text, meaning->begins))
		meaning++;
	mitigation_say(mitigation,
		       mitigation_begins(text, "Unknown") ? MITIGATION_UNKNOWN
		       : meaning->on			  ? MITIGATION_ON
							  : MITIGATION_OFF,
		       "%s: %s", rule->file, text);
}

static size_t derive(const struct architecture *architecture,
		     const struct signs *signs, struct mitigation *found)
{
	for (size_t i = 0; i < *architecture->count; i++) {
		const struct mitigation_rule *rule = &architecture->rules[i];

		found[i] = (struct mitigation){ .name = rule->name };
		if (rule->file)
			judge(rule, signs, &found[i]);
		if (rule->derive)
			rule->derive(signs, &found[i]);
	}
	return *architecture->count;
}

size_t mitigations_derive(const struct signs *signs, struct mitigation *found)
{
	for (size_t i = 0; i < 2; i++)
		if (strcmp(signs->architecture, architectures[i].name) == 0)
			return derive(&architectures[i], signs, found);
	return 0;
}

const char *mitigations_state_text(enum mitigation_state state)
{
	static const char *const texts[] = { "unknown", "off", "on" };

	return texts[state];
}
