/* SPDX-License-Identifier: MIT */
/* The machine, the kernel and the task, as facts in JSON. */
#ifndef SYSCOST_ENVIRONMENT_H
#define SYSCOST_ENVIRONMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "emulation.h"

/*
 * Everything that bears on the cost of a crossing on `cpu`, read without
 * rights; docs/formats.md lists it. A fact stands there as the file's own
 * text. What cannot be read is null, and "unreadable" names it and says why.
 * `anonymous` leaves out the host name, paths, what is local in the kernel's
 * release, and of its command line all but the parameters known to bear on the
 * cost. `emulation`: what is known of the CPU. A new reference or NULL.
 */
json_t *environment_read(bool anonymous, int cpu,
			 const struct emulation *emulation);

/* One of its texts, by "section.key"; NULL where it is null or no text. */
const char *environment_get(const json_t *environment, const char *path);

/* The number that a fact is or that its text begins with; NAN: neither. */
double environment_number(const json_t *environment, const char *path);

/* Is it true? Null and absent are not. */
bool environment_is(const json_t *environment, const char *path);

/* How many members a list of facts has, and is one of them like this? */
size_t environment_count(const json_t *environment, const char *path);
bool environment_any(const json_t *environment, const char *path,
		     const char *key, const char *text);

/* The name of the errno for which it is null; NULL where it was read. */
const char *environment_why(const json_t *environment, const char *path);

/* `text` as JSON, whatever bytes it holds: each byte that is not UTF-8, is a
 * control character or turns or hides text becomes '?'. NULL gives null. */
json_t *environment_text(const char *text);

/* The release without what is local to a machine: digits and dots. */
void environment_release(bool anonymous, char *release, size_t size);

/* One line each for the screen's head; "" where nothing is known. */
void environment_machine_line(const json_t *environment, char *line,
			      size_t size);
void environment_state_line(const json_t *environment, char *line, size_t size);

#endif
