/* SPDX-License-Identifier: MIT */
/* Arms: named ways to run launches, from the command line. */
#ifndef SYSCOST_ARMS_H
#define SYSCOST_ARMS_H

#include "condition.h"

#define ARMS_MOST      16
#define ARM_NAME_BYTES 32

struct arm {
	char name[ARM_NAME_BYTES];
	struct conditions conditions;
	char *wrap_text; /* as given; NULL: none */
	char **wrap;	 /* its words, NULL-terminated; NULL: none */
};

/*
 * Adds what --arm or --wrap says to `arms`, ARMS_MOST places of which `count`
 * are taken. Wrong usage ends the program.
 */
void arms_add(struct arm *arms, unsigned int *count, char *text);
void arms_add_wrapped(struct arm *arms, unsigned int *count, char *text);

/* What --threads was given, read and not yet made into arms. */
struct thread_list {
	unsigned int numbers[ARMS_MOST]; /* ascending, each once */
	unsigned int count;		 /* 0 and not `all`: not given */
	bool all;			 /* as many as there are CPUs, too */
};

/* Reads a list of numbers and `all`, with commas. Wrong usage ends the
 * program. */
void arms_read_threads(struct thread_list *list, const char *text);

/* Makes an arm of each number, as on `cpus` CPUs: threads-1 is a plain one,
 * threads-N has condition threads:N. 0 or -E2BIG: ARMS_MOST do not do. */
int arms_add_threads(struct arm *arms, unsigned int *count,
		     const struct thread_list *list, unsigned int cpus);

#endif
