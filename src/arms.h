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

#endif
