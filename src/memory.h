/* SPDX-License-Identifier: MIT */
/*
 * The worker's own pages: after a fork, and for rows that map some.
 *
 * Beside benchmark.h, and like vdso.h, bench/ may use this one.
 */
#ifndef SYSCOST_MEMORY_H
#define SYSCOST_MEMORY_H

#include <stddef.h>

/*
 * Takes every writable private page back now: what forks calls this in leave,
 * or at the end of setup. A fork leaves each to be copied or taken back at the
 * next write to it, one fault each (mm/memory.c, do_wp_page): in another row's
 * timed batch, unless somebody writes first. Needs Linux 5.14; does nothing
 * before.
 */
void memory_take_back(void);

/* Writes to each page of these bytes. */
void memory_touch(void *begin, size_t bytes);

/*
 * Room for mappings of up to `bytes` bytes, empty, or NULL. Pages on both sides
 * that nobody may touch keep what is mapped there from becoming an extension of
 * its neighbour. It begins 64 KiB behind a multiple of 2 MiB: up to 2 MiB hold
 * no whole huge page, whatever transparent_hugepage says.
 */
void *memory_room(size_t bytes);

/* Gives the room back, with all that is mapped in it. */
void memory_room_free(void *room, size_t bytes);

/* The mappings that this process has (/proc/self/maps); -1: not told. */
int memory_mappings(void);

/* Minor faults of this thread so far. */
long memory_faults(void);

#endif
