/* SPDX-License-Identifier: MIT */
/* What may kill who does it is tried in a child. */
#ifndef SYSCOST_ATTEMPT_H
#define SYSCOST_ATTEMPT_H

/*
 * What `attempt` returns for `argument`, 0 to 255, in a child that dies with
 * its parent and leaves no core file. -ECHILD: a signal ended it. Another
 * -errno: there was no child.
 */
int attempt_in_child(int (*attempt)(const void *argument),
		     const void *argument);

#endif
