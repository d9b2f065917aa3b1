// SPDX-License-Identifier: MIT
/* What a terminal can do: a line written anew in its place, and colours. */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && value[0];
}

bool terminal_rewrites(FILE *out)
{
	const char *kind = getenv("TERM");

	return isatty(fileno(out)) && kind && kind[0] &&
	       strcmp(kind, "dumb") != 0;
}

/* NO_COLOR counts where it is not empty (https://no-color.org), and
 * CLICOLOR_FORCE where it is not 0 either (http://bixense.com/clicolors). */
bool terminal_has_colour(FILE *out)
{
	const char *forced = getenv("CLICOLOR_FORCE");

	if (is_set("NO_COLOR"))
		return false;
	return (forced && forced[0] && strcmp(forced, "0") != 0) ||
	       terminal_rewrites(out);
}

void terminal_begin(FILE *out, enum style style)
{
	static const char *const begin[] = {
		[STYLE_HEADLINE] = "\033[1m",
		[STYLE_DOUBT] = "\033[35m",
		[STYLE_SERIOUS] = "\033[1;35m",
	};

	if (terminal_has_colour(out))
		fputs(begin[style], out);
}

void terminal_end(FILE *out)
{
	if (terminal_has_colour(out))
		fputs("\033[0m", out);
}
