/* SPDX-License-Identifier: MIT */
/* Whether the CPU is a program: then its figures have signs, and no size. */
#ifndef SYSCOST_EMULATION_H
#define SYSCOST_EMULATION_H

#include <stdbool.h>

/* What every figure of an emulated CPU is labelled with. */
#define EMULATION_MEANING "signs and constancy only"
#define EMULATION_LABEL	  "emulated: " EMULATION_MEANING

#define EMULATION_BY_MOST 32

struct emulation {
	char by[EMULATION_BY_MOST + 1]; /* "tcg", ...; "": nothing tells */
	char how[96];			/* what tells it */
	bool tcg; /* it is QEMU's, whatever it was called */
};

/* Does anything tell of an emulator? */
static inline bool emulation_is_known(const struct emulation *emulation)
{
	return emulation->by[0] != '\0';
}

/*
 * By what the CPU shows and by `said`, the word given with --emulated (NULL:
 * none), which names it. Of a recorded machine only its files are asked.
 */
void emulation_find(struct emulation *emulation, const char *said);

/* The same where CPUID has this signature; "": none. */
void emulation_judge(struct emulation *emulation, const char *signature,
		     const char *said);

#endif
