/* SPDX-License-Identifier: MIT */
/* The machine, the kernel and the task, as facts in JSON. */
#ifndef SYSCOST_ENVIRONMENT_H
#define SYSCOST_ENVIRONMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Everything that bears on the cost and can be read unprivileged. What cannot
 * be read is null, and "unreadable" says why. `anonymous` leaves out the host
 * name, paths, what is local in the kernel's release, and of its command line
 * all but the parameters known to bear on the cost. A new reference or NULL.
 */
json_t *environment_read(bool anonymous);

/* `text` as JSON, whatever bytes it holds: what is not UTF-8 or is a control
 * character becomes '?'. NULL gives null. */
json_t *environment_text(const char *text);

/* The release without what is local to a machine: digits and dots. */
void environment_release(bool anonymous, char *release, size_t size);

/* One line each for the screen's head; "" where nothing is known. */
void environment_machine_line(char *line, size_t size);
void environment_state_line(char *line, size_t size);

#endif
