/* SPDX-License-Identifier: MIT */
/* Condition work: dependent adds that stand for a dearer kernel entry. */
#ifndef SYSCOST_WORK_H
#define SYSCOST_WORK_H

#include <stdbool.h>
#include <stdint.h>

/* How many adds make a nanosecond: the quickest of many turns. */
double work_measure(bool counter, double ticks_per_ns);

/* Hundreds of adds a call for `ns` at each of `entries` kernel entries. */
double work_a_call(double ns, double entries, double adds_per_ns);

/* The same for a batch, in whole hundreds, and what that is in ns a call. */
uint64_t work_in_batch(double hundreds_a_call, uint64_t calls);
double work_added_ns(uint64_t hundreds, uint64_t calls, double adds_per_ns);

#endif
