// SPDX-License-Identifier: MIT
/* What --help says beside the options: what it is, conditions, examples. */
#include "help.h"

#include <stdio.h>
#include <string.h>

#include "condition.h"

static const char before[] =
	"What it costs to cross into the Linux kernel, on this machine, in "
	"this boot, and how sure that is."
	"\vConditions of an arm, each verified in every launch "
	"(docs/arms.md):\n";

static const char behind[] =
	"--arm=CONDITION alone names the arm too; --arm=NAME alone is a plain "
	"one.\n"
	"\n"
	"Examples:\n"
	"  syscost --profile=quick\n"
	"      The usual rows in a few seconds: a first look.\n"
	"  syscost --filter='^(getppid|invalid)/' --label=before\n"
	"      Two groups of rows, and a word for the folder's name.\n"
	"  syscost --arm=plain --arm=seccomp:8 --filter='^getppid/'\n"
	"      What eight seccomp filters add, the arms alternating.\n"
	"  syscost --list --filter=vdso\n"
	"      The rows of that name, with a line about each.\n"
	"  syscost --environment\n"
	"      Which mitigations are on here, and what there is to doubt.\n"
	"  syscost --anonymous --output=results/to-show\n"
	"      A run to be shown to others, in a folder of that name.\n"
	"\n"
	"Exit status:\n"
	"  0    done\n"
	"  2    wrong usage or bad input: one line says what, where and what to "
	"do\n"
	"  3    nothing could be measured, or nothing was (--strict)\n"
	"  130  interrupted; what was measured is saved\n";

void help_write(char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "%s", before);

	conditions_help(text + length, size - length);
	length = strlen(text);
	snprintf(text + length, size - length, "%s", behind);
}
