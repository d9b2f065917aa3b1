// SPDX-License-Identifier: MIT
/* The command line, read with argp and checked. */
#include "options.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wordexp.h>

#include "text.h"
#include "version.h"

#define LAUNCHES_MOST 10000
#define ROUNDS_MOST   100000

enum key {
	KEY_LIST = 256,
	KEY_FILTER,
	KEY_PROFILE,
	KEY_LAUNCHES,
	KEY_ROUNDS,
	KEY_CPU,
	KEY_LABEL,
	KEY_OUTPUT,
	KEY_WRAP,
	KEY_SEED,
	KEY_CLOCK,
	KEY_ENVIRONMENT,
	KEY_ANONYMOUS,
	KEY_HELP,
	KEY_VERSION,
};

// clang-format off
static const struct argp_option table[] = {
	{ NULL, 0, NULL, 0, "What to measure:", 0 },
	{ "list", KEY_LIST, .doc = "Print the benchmarks, a line each" },
	{ "filter", KEY_FILTER, "REGEX",
	  .doc = "Only those whose name matches; -REGEX: only the others" },
	{ "benchmark_filter", KEY_FILTER, "REGEX", OPTION_ALIAS, NULL, 0 },
	{ NULL, 0, NULL, 0, "How much:", 0 },
	{ "profile", KEY_PROFILE, "NAME",
	  .doc = "quick (10 launches), default (20) or full (40)" },
	{ "launches", KEY_LAUNCHES, "N", .doc = "Fresh processes an arm" },
	{ "rounds", KEY_ROUNDS, "N",
	  .doc = "Batches of each benchmark a launch (50)" },
	{ NULL, 0, NULL, 0, "Where and how:", 0 },
	{ "cpu", KEY_CPU, "N", .doc = "Measure on this CPU" },
	{ "clock", KEY_CLOCK, "NAME",
	  .doc = "auto, counter or raw (CLOCK_MONOTONIC_RAW)" },
	{ "wrap", KEY_WRAP, "NAME=COMMAND",
	  .doc = "An arm whose launches run under COMMAND; repeatable, the "
		 "first is the reference" },
	{ "seed", KEY_SEED, "N", .doc = "Seed of what is drawn at random" },
	{ NULL, 0, NULL, 0, "The result:", 0 },
	{ "output", KEY_OUTPUT, "DIR",
	  .doc = "The run folder (results/TIME-HOST-KERNEL); must not exist" },
	{ "label", KEY_LABEL, "TEXT", .doc = "Added to the folder's name" },
	{ "anonymous", KEY_ANONYMOUS,
	  .doc = "Leave out host name, paths and what the kernel's command "
		 "line says beside the cost" },
	{ "environment", KEY_ENVIRONMENT,
	  .doc = "Print the machine's facts as JSON and exit" },
	{ NULL, 0, NULL, 0, "Help:", 0 },
	{ "help", KEY_HELP, .doc = "Print this" },
	{ "version", KEY_VERSION, .doc = "Print the version" },
	{ NULL, 0, NULL, 0, NULL, 0 },
};
// clang-format on

/* One line that says what and where; the program ends. */
static __attribute__((format(printf, 1, 2), noreturn)) void
refuse(const char *format, ...)
{
	va_list arguments;
	char line[1024];

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	text_make_printable(line);
	fprintf(stderr, "syscost: %s (see syscost --help)\n", line);
	exit(2);
}

/* A whole number in [low, high], or a usage error that names the option. */
static long number(const char *option, const char *text, long low, long high)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < low || value > high)
		refuse("--%s=%s: a whole number from %ld to %ld "
		       "is needed",
		       option, text, low, high);
	return value;
}

static void set_profile(struct options *options, const char *name)
{
	static const struct {
		const char *name;
		unsigned int launches;
	} profiles[] = { { "quick", 10 }, { "default", 20 }, { "full", 40 } };

	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		if (strcmp(profiles[i].name, name) != 0)
			continue;
		options->profile = profiles[i].name;
		if (!options->launches)
			options->launches = profiles[i].launches;
		return;
	}
	refuse("--profile=%s: quick, default or full is needed", name);
}

static void set_clock(struct options *options, const char *name)
{
	static const char *const names[] = {
		[CLOCK_AUTO] = "auto",
		[CLOCK_COUNTER] = "counter",
		[CLOCK_RAW] = "raw",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			options->clock = (enum clock_choice)i;
			return;
		}
	}
	refuse("--clock=%s: auto, counter or raw is needed", name);
}

/* Names go into CSV files and folder names: plain characters only. */
static void check_name(const char *option, const char *name, size_t most)
{
	if (!name[0] || strlen(name) >= most)
		refuse("--%s=%s: 1 to %zu characters are needed", option, name,
		       most - 1);
	for (const char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("._+-", *at))
			refuse("--%s=%s: only letters, digits and "
			       "._+- may stand in it",
			       option, name);
	if (name[0] == '.')
		refuse("--%s=%s: must not begin with a dot", option, name);
}

/* Words as a shell splits them, but no command is run and no pipe made. */
static char **split_words(const char *text)
{
	wordexp_t words;

	if (wordexp(text, &words, WRDE_NOCMD | WRDE_UNDEF) != 0 ||
	    words.we_wordc == 0)
		refuse("--wrap=...=%s: not a plain command", text);
	return words.we_wordv;
}

static void add_arm(struct options *options, char *text)
{
	struct arm *arm = &options->arms[options->arm_count];
	char *equals = strchr(text, '=');

	if (!equals)
		refuse("--wrap=%s: NAME=COMMAND is needed", text);
	if (options->arm_count == ARMS_MOST)
		refuse("--wrap: at most %d arms", ARMS_MOST);
	*equals = '\0';
	check_name("wrap", text, sizeof(arm->name));
	for (unsigned int i = 0; i < options->arm_count; i++)
		if (strcmp(options->arms[i].name, text) == 0)
			refuse("--wrap=%s: named twice", text);
	strcpy(arm->name, text);
	arm->wrap_text = equals + 1;
	arm->wrap = split_words(arm->wrap_text);
	options->arm_count++;
}

static void finish(struct options *options)
{
	if (!options->profile)
		set_profile(options, "default");
	if (!options->rounds)
		options->rounds = 50;
	if (!options->arm_count) {
		strcpy(options->arms[0].name, "plain");
		options->arm_count = 1;
	}
}

/* What was asked for is printed, or not. */
static __attribute__((noreturn)) void leave(void)
{
	if (fflush(stdout) || ferror(stdout))
		refuse("standard output cannot be written to");
	exit(0);
}

/* Is it a long option of ours, written out? */
static bool is_known(const char *word)
{
	size_t length = strcspn(word, "=");

	for (const struct argp_option *option = table;
	     option->name || option->doc; option++)
		if (option->name && strlen(option->name) + 2 == length &&
		    strncmp(word + 2, option->name, length - 2) == 0)
			return true;
	return false;
}

/* argp prints no help where it prints no errors of its own. */
static void print_help(const struct argp *argp)
{
	argp_help(argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK,
		  (char *)"syscost");
	leave();
}

/* The word that argp stumbled over: the last it took, or the next where it is
 * still within a cluster of short options, of which there are none. */
static const char *culprit(const struct argp_state *state)
{
	const char *last = state->argv[state->next - 1];
	const char *next = state->next < state->argc ? state->argv[state->next]
						     : NULL;

	if (next && next[0] == '-' && next[1] && next[1] != '-' &&
	    (state->next == 1 || last[0] != '-' || is_known(last)))
		return next;
	return last;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_LIST:
		options->list = true;
		break;
	case KEY_FILTER:
		options->filter = argument;
		break;
	case KEY_PROFILE:
		set_profile(options, argument);
		break;
	case KEY_LAUNCHES:
		options->launches = (unsigned int)number("launches", argument,
							 1, LAUNCHES_MOST);
		break;
	case KEY_ROUNDS:
		options->rounds = (unsigned int)number("rounds", argument, 1,
						       ROUNDS_MOST);
		break;
	case KEY_CPU:
		options->cpu = (int)number("cpu", argument, 0, 1 << 20);
		break;
	case KEY_CLOCK:
		set_clock(options, argument);
		break;
	case KEY_WRAP:
		add_arm(options, argument);
		break;
	case KEY_SEED:
		options->seed =
			(uint64_t)number("seed", argument, 0, INT64_MAX);
		break;
	case KEY_OUTPUT:
		options->output = argument;
		break;
	case KEY_LABEL:
		check_name("label", argument, 65);
		options->label = argument;
		break;
	case KEY_ENVIRONMENT:
		options->environment = true;
		break;
	case KEY_ANONYMOUS:
		options->anonymous = true;
		break;
	case KEY_HELP:
		print_help(state->root_argp);
		break;
	case KEY_VERSION:
		puts("syscost " SYSCOST_VERSION);
		leave();
	case ARGP_KEY_ARG:
		refuse("%s: no such argument", argument);
		break;
	case ARGP_KEY_END:
		finish(options);
		break;
	case ARGP_KEY_ERROR:
		refuse("%s: no such option, or its argument is missing",
		       culprit(state));
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void options_read(struct options *options, int argc, char **argv)
{
	static const struct argp argp = {
		.options = table,
		.parser = parse,
		.doc = "What it costs to cross into the Linux kernel, on "
		       "this machine, in this boot, and how sure that is."
		       "\vExit status: 0 done; 2 wrong usage or bad "
		       "input; 3 nothing could be measured; 130 "
		       "interrupted, what was measured is saved.",
	};

	*options = (struct options){
		.cpu = -1,
		.seed = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32,
	};
	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL,
		   options);
}
