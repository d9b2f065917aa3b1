// SPDX-License-Identifier: MIT
/* Arms: named ways to run launches, from the command line. */
#include "arms.h"

#include <string.h>
#include <wordexp.h>

#include "usage.h"

/* The next place, under a name that nobody has yet. */
static struct arm *add(struct arm *arms, unsigned int *count,
		       const char *option, const char *name)
{
	if (*count == ARMS_MOST)
		usage_refuse("--%s: at most %d arms; measure the others in "
			     "another run",
			     option, ARMS_MOST);
	usage_check_name(option, name, ARM_NAME_BYTES);
	for (unsigned int i = 0; i < *count; i++)
		if (strcmp(arms[i].name, name) == 0)
			usage_refuse(
				"--%s=%s: named twice; each arm needs a name of "
				"its own",
				option, name);
	strcpy(arms[*count].name, name);
	return &arms[(*count)++];
}

static void parse(struct conditions *conditions, const char *name,
		  const char *text)
{
	char why[512];

	if (conditions_parse(conditions, text, why, sizeof(why)))
		usage_refuse("--arm=%s%s%s: %s", name, name[0] ? "=" : "", text,
			     why);
}

/* A condition alone names its arm: seccomp:8 is the arm seccomp-8. What looks
 * like conditions is never taken for a name. */
static void add_unnamed(struct arm *arms, unsigned int *count, char *text)
{
	struct conditions conditions = { .set = 0 };

	if (condition_is_named(text) || strpbrk(text, ":,"))
		parse(&conditions, "", text);
	if (strchr(text, ','))
		usage_refuse("--arm=%s: NAME=CONDITION,... is needed", text);
	for (char *at = text; (at = strchr(at, ':'));)
		*at = '-';
	add(arms, count, "arm", text)->conditions = conditions;
}

void arms_add(struct arm *arms, unsigned int *count, char *text)
{
	char *equals = strchr(text, '=');
	struct arm *arm;

	if (!equals) {
		add_unnamed(arms, count, text);
		return;
	}
	*equals = '\0';
	arm = add(arms, count, "arm", text);
	parse(&arm->conditions, text, equals + 1);
}

/* Words as a shell splits them, but no command is run and no pipe made. */
static char **split_words(const char *text)
{
	wordexp_t words;

	if (wordexp(text, &words, WRDE_NOCMD | WRDE_UNDEF) != 0 ||
	    words.we_wordc == 0)
		usage_refuse(
			"--wrap=...=%s: not a plain command; put pipes and "
			"the like into a script",
			text);
	return words.we_wordv;
}

void arms_add_wrapped(struct arm *arms, unsigned int *count, char *text)
{
	char *equals = strchr(text, '=');
	struct arm *arm;

	if (!equals)
		usage_refuse("--wrap=%s: NAME=COMMAND is needed", text);
	*equals = '\0';
	arm = add(arms, count, "wrap", text);
	arm->wrap_text = equals + 1;
	arm->wrap = split_words(arm->wrap_text);
}
