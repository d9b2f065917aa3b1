// SPDX-License-Identifier: MIT
/* Conditions: their names and numbers, read and written; one table. */
#define _GNU_SOURCE
#include "condition.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "condition_kinds.h"

#define PLAIN "plain"

// clang-format off
static const struct {
	const char *name;
	const char *unit;	/* what stands behind the colon; NULL: nothing */
	double low, high;
	bool whole;		/* no fraction */
	int (*apply)(const struct applying *applying); /* NULL: no state */
	const char *help;
} table[CONDITIONS] = {
	[CONDITION_NOASLR] = {
		"noaslr", NULL, 0, 0, false, condition_noaslr,
		"no randomised addresses" },
	[CONDITION_SSBD] = {
		"ssbd", NULL, 0, 0, false, condition_ssbd,
		"speculative store bypass off, by prctl" },
	[CONDITION_INDIRECT] = {
		"indirect", NULL, 0, 0, false, condition_indirect,
		"the same of indirect branches: a negative control" },
	[CONDITION_SECCOMP] = {
		"seccomp", "N", 1, 64, true, condition_seccomp,
		"N stacked filters, each run at every entry" },
	[CONDITION_SECCOMP_BITMAP] = {
		"seccomp-bitmap", NULL, 0, 0, false, condition_seccomp_bitmap,
		"a filter that the kernel's bitmap answers for" },
	[CONDITION_THREADS] = {
		"threads", "N", 2, 1024, true, condition_threads,
		"N - 1 more, each on a CPU of its own, in the same row" },
	[CONDITION_DISPATCH] = {
		"dispatch", NULL, 0, 0, false, condition_dispatch,
		"system call user dispatch, its selector at ALLOW" },
	[CONDITION_TRACEPOINT] = {
		"tracepoint", NULL, 0, 0, false, condition_tracepoint,
		"the sys_enter tracepoint, counted by perf events" },
	[CONDITION_TRACED] = {
		"traced", NULL, 0, 0, false, condition_traced,
		"a tracer stops every entry and exit (PTRACE_SYSCALL)" },
	[CONDITION_WORK] = {
		"work", "NS", 0.001, 1e6, false, NULL,
		"as if each entry cost NS ns more: a positive control" },
};
// clang-format on

/* The length of a condition's name at the start of `text`. */
static size_t name_length(const char *text)
{
	return strcspn(text, ":,");
}

static bool is_name(const char *text, const char *name)
{
	size_t length = name_length(text);

	return strlen(name) == length && strncmp(text, name, length) == 0;
}

static int find(const char *text)
{
	for (int i = 0; i < CONDITIONS; i++)
		if (is_name(text, table[i].name))
			return i;
	return -ENOENT;
}

bool condition_is_named(const char *text)
{
	return is_name(text, PLAIN) || find(text) >= 0;
}

static void list_names(char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, PLAIN);

	for (int i = 0; i < CONDITIONS && length < size; i++)
		length += (size_t)snprintf(text + length, size - length,
					   ", %s%s%s", table[i].name,
					   table[i].unit ? ":" : "",
					   table[i].unit ? table[i].unit : "");
}

/* A plain decimal number, with a point in every locale; NAN for all else. */
static double read_number(const char *text, size_t length)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", NULL);
	char copy[CONDITION_TEXT_BYTES] = "", *end = copy;
	double value = NAN;

	if (length && length < sizeof(copy) &&
	    strspn(text, "0123456789.eE+-") >= length && text[0] >= '0' &&
	    text[0] <= '9' && c) {
		memcpy(copy, text, length);
		copy[length] = '\0';
		value = strtod_l(copy, &end, c);
	}
	if (c)
		freelocale(c);
	return *end ? NAN : value;
}

/* The number behind the colon, or none where none belongs. */
static int parse_value(struct conditions *conditions, int i, const char *text,
		       char *why, size_t size)
{
	size_t name = strlen(table[i].name);
	double value = text[name] == ':'
			       ? read_number(text + name + 1,
					     strcspn(text + name + 1, ","))
			       : NAN;

	if (!table[i].unit && text[name] == ':') {
		snprintf(why, size, "%s takes no number", table[i].name);
		return -EINVAL;
	}
	if (!table[i].unit)
		return 0;
	if (!(value >= table[i].low && value <= table[i].high) ||
	    (table[i].whole && value != floor(value))) {
		snprintf(why, size,
			 "%s:%s needs a %snumber from %.10g to %.10g",
			 table[i].name, table[i].unit,
			 table[i].whole ? "whole " : "", table[i].low,
			 table[i].high);
		return -EINVAL;
	}
	conditions->value[i] = value;
	return 0;
}

static int parse_one(struct conditions *conditions, const char *text, char *why,
		     size_t size)
{
	int i = find(text), error;

	if (is_name(text, PLAIN)) {
		snprintf(why, size, PLAIN " stands alone");
		return -EINVAL;
	}
	if (i < 0) {
		int length = snprintf(why, size,
				      "\"%.*s\" is no condition; there are ",
				      (int)name_length(text), text);

		if (length > 0 && (size_t)length < size)
			list_names(why + length, size - (size_t)length);
		return -EINVAL;
	}
	error = parse_value(conditions, i, text, why, size);
	if (!error && conditions_have(conditions, (enum condition)i)) {
		snprintf(why, size, "%s stands there twice", table[i].name);
		error = -EINVAL;
	}
	conditions->set |= 1U << i;
	return error;
}

int conditions_parse(struct conditions *conditions, const char *text, char *why,
		     size_t size)
{
	int error = 0;

	*conditions = (struct conditions){ .set = 0 };
	if (strcmp(text, PLAIN) == 0)
		return 0;
	for (const char *at = text; !error && at; at = strchr(at, ',')) {
		at += *at == ',' && at != text;
		error = parse_one(conditions, at, why, size);
	}
	return error;
}

void condition_text(const struct conditions *conditions,
		    enum condition condition, char *text, size_t size)
{
	if (table[condition].unit)
		snprintf(text, size, "%s:%.10g", table[condition].name,
			 conditions->value[condition]);
	else
		snprintf(text, size, "%s", table[condition].name);
}

void conditions_text(const struct conditions *conditions, char *text,
		     size_t size)
{
	char one[CONDITION_TEXT_BYTES];
	size_t length = 0;

	text[0] = '\0';
	for (int i = 0; i < CONDITIONS && length < size; i++) {
		if (!conditions_have(conditions, (enum condition)i))
			continue;
		condition_text(conditions, (enum condition)i, one, sizeof(one));
		length += (size_t)snprintf(text + length, size - length, "%s%s",
					   length ? "," : "", one);
	}
}

void conditions_help(char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "  %-14s  %s\n", PLAIN,
					 "nothing: the ordinary state");
	char name[CONDITION_TEXT_BYTES];

	for (int i = 0; i < CONDITIONS && length < size; i++) {
		snprintf(name, sizeof(name), "%s%s%s", table[i].name,
			 table[i].unit ? ":" : "",
			 table[i].unit ? table[i].unit : "");
		length += (size_t)snprintf(text + length, size - length,
					   "  %-14s  %s\n", name,
					   table[i].help);
	}
}

int condition_fail(const struct applying *applying, int error,
		   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(applying->why, applying->size, format, arguments);
	va_end(arguments);
	return error;
}

int conditions_apply(const struct conditions *conditions,
		     struct topology *topology, int cpu, char *why, size_t size)
{
	for (int i = 0; i < CONDITIONS; i++) {
		struct applying applying = {
			.value = conditions->value[i],
			.topology = topology,
			.cpu = cpu,
		};
		size_t length = strlen(table[i].name) + 2;
		int error;

		if (!conditions_have(conditions, (enum condition)i) ||
		    !table[i].apply)
			continue;
		snprintf(why, size, "%s: ", table[i].name);
		applying.why = why + length;
		applying.size = size - length;
		error = table[i].apply(&applying);
		if (error)
			return error;
	}
	why[0] = '\0';
	return 0;
}
