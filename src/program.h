/* SPDX-License-Identifier: MIT */
/*
 * The architecture's smallest program (asm/NAME/exit.S) as a file in memory.
 *
 * Beside benchmark.h, and like vdso.h, bench/ may use this one.
 */
#ifndef SYSCOST_PROGRAM_H
#define SYSCOST_PROGRAM_H

#include "benchmark.h"

/* A descriptor of its file, or -errno. It ends with ARCH_PROGRAM_STATUS. */
int program_open(void);

/* Becomes the program, as execve does; returns -errno where it cannot. For a
 * child that shares memory: errno is left alone. */
long program_become(int descriptor);

/* `supported` for rows that start it: once, to see; and by its name below
 * /proc, since posix_spawn takes no descriptor. */
const char *needs_program(const struct benchmark *benchmark);
const char *needs_program_path(const struct benchmark *benchmark);

/* Its name below /proc. */
#define PROGRAM_PATH_BYTES 32
void program_path(int descriptor, char path[PROGRAM_PATH_BYTES]);

#endif
