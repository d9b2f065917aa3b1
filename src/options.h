/* SPDX-License-Identifier: MIT */
/* The command line, read and checked. */
#ifndef SYSCOST_OPTIONS_H
#define SYSCOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "arms.h"
#include "clock.h"

struct options {
	const char *filter; /* a POSIX extended regular expression */
	const char *profile;
	const char *label;     /* NULL: none */
	const char *output;    /* NULL: a folder under results/ */
	unsigned int launches; /* an arm */
	unsigned int rounds;   /* a launch */
	int cpu;	       /* -1: hwloc chooses */
	unsigned int limit_s;  /* for a worker; 0: as its job asks for */
	uint64_t seed;
	enum clock_choice clock;
	bool list, environment, anonymous, strict, distribution;
	const char *emulated; /* what emulates the CPU; NULL: not said */
	const char *root;     /* of a recorded machine; NULL: this one */
	struct arm arms[ARMS_MOST];
	unsigned int arm_count;	    /* 0 until --threads has its arms */
	struct thread_list threads; /* --threads */
};

/* Reads argv; wrong usage prints one line and exits with 2, --help and
 * --version print and exit with 0 (glibc argp). */
void options_read(struct options *options, int argc, char **argv);

#endif
