// SPDX-License-Identifier: MIT
/*
 * What is derived from a machine's signs. An input is the CPU's flags, the
 * command line and the task's store bypass, a line each, a line "NAME TEXT" for
 * each file of the folder vulnerabilities, an empty line and the kernel's
 * configuration. "-" is what cannot be read.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "fuzz.h"
#include "mitigations.h"

/* Cuts the next line off; NULL for "-" and behind the end. */
static char *take_line(char **text)
{
	char *line = *text;
	char *end = line ? strchr(line, '\n') : NULL;

	if (end)
		*end = '\0';
	*text = end ? end + 1 : NULL;
	return line && strcmp(line, "-") != 0 ? line : NULL;
}

static void take_file(char *line, struct vulnerability *file)
{
	char *text = strchr(line, ' ');

	if (text)
		*text++ = '\0';
	snprintf(file->name, sizeof(file->name), "%.63s", line);
	file->error = !text || strcmp(text, "-") == 0 ? -EIO : 0;
	snprintf(file->text, sizeof(file->text), "%.511s",
		 file->error ? "" : text);
}

static void take_files(char **text, struct vulnerabilities *all)
{
	all->count = 0;
	while (all->count < VULNERABILITIES_MOST) {
		char *line = take_line(text);

		if (!line || !*line)
			return;
		take_file(line, &all->files[all->count++]);
	}
}

/* The state that a file has by itself, where one rule holds for all. */
static bool is_plain(const struct signs *signs, const char *file,
		     enum mitigation_state *state)
{
	const char *text = vulnerabilities_text(signs->vulnerabilities, file);

	*state = MITIGATION_OFF;
	if (text && strncmp(text, "Unknown", 7) == 0)
		*state = MITIGATION_UNKNOWN;
	return text && (strncmp(text, "Not affected", 12) == 0 ||
			strncmp(text, "Unknown", 7) == 0);
}

static void check_one(const struct signs *signs, const struct mitigation *one)
{
	static const char *const files[][2] = {
		{ "retbleed", "retbleed" },
		{ "srso", "spec_rstack_overflow" },
		{ "its", "indirect_target_selection" },
		{ "tsa", "tsa" },
		{ "vmscape", "vmscape" },
	};
	enum mitigation_state state;

	must(one->name && *one->name);
	must(*mitigations_state_text(one->state));
	must(strnlen(one->evidence, sizeof(one->evidence)) <
	     sizeof(one->evidence));
	must(*one->evidence);
	if (strcmp(one->name, "pti") == 0 && signs->flags)
		must((one->state == MITIGATION_ON) ==
		     facts_has_word(signs->flags, "pti"));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(one->name, files[i][0]) == 0 &&
		    is_plain(signs, files[i][1], &state))
			must(one->state == state);
}

static void check(const struct signs *signs, size_t least)
{
	static struct mitigation found[MITIGATIONS_MOST];
	static struct mitigation again[MITIGATIONS_MOST];
	size_t count = mitigations_derive(signs, found);

	must(count >= least && count <= MITIGATIONS_MOST);
	must(mitigations_derive(signs, again) == count);
	for (size_t i = 0; i < count; i++) {
		check_one(signs, &found[i]);
		must(found[i].state == again[i].state);
		must(strcmp(found[i].evidence, again[i].evidence) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vulnerabilities all;
	char *text = fuzz_text(data, size), *rest = text;
	struct signs signs = { .vulnerabilities = &all };

	signs.flags = take_line(&rest);
	signs.cmdline = take_line(&rest);
	signs.task_ssb = take_line(&rest);
	take_files(&rest, &all);
	signs.config = rest;
	signs.architecture = "x86_64";
	check(&signs, 1);
	signs.architecture = "aarch64";
	check(&signs, 1);
	signs.architecture = "riscv64";
	must(mitigations_derive(&signs, NULL) == 0);
	all.count = -ENOENT;
	signs.architecture = "x86_64";
	check(&signs, 1);
	free(text);
	return 0;
}
