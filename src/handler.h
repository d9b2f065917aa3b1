/* SPDX-License-Identifier: MIT */
/*
 * A signal's handler for the time of a batch.
 *
 * Beside benchmark.h, and like vdso.h, bench/ may use this one. Handlers are
 * the whole process's, and the worker, its launcher and a debugger have some of
 * their own: a row installs its in prepare and puts the old one back in leave.
 */
#ifndef SYSCOST_HANDLER_H
#define SYSCOST_HANDLER_H

#include <signal.h>

/* As the kernel calls it; NULL: the signal is to be ignored. */
typedef void handler_function(int number, siginfo_t *info, void *context);

/*
 * Has `number` handled, and let through to this thread. What was there is
 * noted, to the bit, by the first of several threads. Once more does nothing:
 * prepare comes twice before a leave.
 */
void handler_install(int number, handler_function *handler);

/* Undoes this thread's handler_install. With the last thread the old handler
 * is back, and none of these signals is left pending. */
void handler_remove(void);

#endif
