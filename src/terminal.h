/* SPDX-License-Identifier: MIT */
/* What a terminal can do: a line written anew in its place, and colours. */
#ifndef SYSCOST_TERMINAL_H
#define SYSCOST_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* Styles only repeat what marks and places say, and differ by weight before
 * they differ by colour: nobody has to tell two colours apart. */
enum style { STYLE_HEADLINE, STYLE_DOUBT, STYLE_SERIOUS };

/* Can a line be written anew in its place? */
bool terminal_rewrites(FILE *out);

/* Is there to be colour: on a terminal that is not dumb, or anywhere with
 * CLICOLOR_FORCE; never with NO_COLOR. */
bool terminal_has_colour(FILE *out);

/* Nothing where there is no colour. */
void terminal_begin(FILE *out, enum style style);
void terminal_end(FILE *out);

#endif
