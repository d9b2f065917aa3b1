/* SPDX-License-Identifier: MIT */
/*
 * Conditions: what an arm's kernel entries have to put up with.
 *
 * A condition is put on a worker at its start and read back there, so that
 * what is recorded is what was in force. docs/arms.md describes each.
 */
#ifndef SYSCOST_CONDITION_H
#define SYSCOST_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topology.h"

/* In the order in which they are put on: threads inherit what stands before
 * them, and a tracer, which stops every later entry, comes last. Work is no
 * state of the process, but of the timed region (batch.c). */
enum condition {
	CONDITION_NOASLR,
	CONDITION_SSBD,
	CONDITION_INDIRECT,
	CONDITION_SECCOMP,
	CONDITION_SECCOMP_BITMAP,
	CONDITION_THREADS,
	CONDITION_DISPATCH,
	CONDITION_TRACEPOINT,
	CONDITION_TRACED,
	CONDITION_WORK,
	CONDITIONS
};

/* Those of one arm; zeroed: none, the plain state. */
struct conditions {
	uint32_t set; /* bits by enum condition */
	double value[CONDITIONS];
};

#define CONDITION_TEXT_BYTES  32 /* one of them: "seccomp:8" */
#define CONDITIONS_TEXT_BYTES 192
#define CONDITION_WHY_BYTES   160

static inline bool conditions_have(const struct conditions *conditions,
				   enum condition condition)
{
	return conditions->set >> condition & 1;
}

/* Does `text` begin with a condition's name, "plain" too, and end there or
 * go on with a colon? */
bool condition_is_named(const char *text);

/*
 * Reads "seccomp:8,dispatch" or "plain". 0, or -EINVAL and why in one line.
 * Numbers have points, whatever the locale.
 */
int conditions_parse(struct conditions *conditions, const char *text, char *why,
		     size_t size);

/* One of them as it is written on the command line; CONDITION_TEXT_BYTES. */
void condition_text(const struct conditions *conditions,
		    enum condition condition, char *text, size_t size);

/* All of them with commas; "" in the plain state. */
void conditions_text(const struct conditions *conditions, char *text,
		     size_t size);

/* For --help: a line each, what it is and what it takes. */
void conditions_help(char *text, size_t size);

/*
 * Puts them on the calling process, which is bound to `cpu`, and reads each
 * back. 0 or -errno, and then `why` names the condition and the reason.
 * Nothing is undone on failure: the process is one worker's.
 */
int conditions_apply(const struct conditions *conditions,
		     struct topology *topology, int cpu, char *why,
		     size_t size);

#endif
