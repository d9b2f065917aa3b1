/* SPDX-License-Identifier: MIT */
/*
 * The worker's own pages, after a fork.
 *
 * Beside benchmark.h, and like vdso.h, bench/ may use this one. A fork leaves
 * every writable page to be copied or taken back at the next write to it, one
 * fault each (mm/memory.c, do_wp_page): in another row's timed batch, unless
 * somebody writes first.
 */
#ifndef SYSCOST_MEMORY_H
#define SYSCOST_MEMORY_H

/* Takes every writable private page back now: what forks calls this in leave,
 * or at the end of setup. Needs Linux 5.14; does nothing before. */
void memory_take_back(void);

#endif
