// SPDX-License-Identifier: MIT
/* The command line, read with argp and checked. */
#include "options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "emulation.h"
#include "help.h"
#include "usage.h"
#include "version.h"

#define LAUNCHES_MOST 10000
#define ROUNDS_MOST   100000
#define LIMIT_MOST_S  1000000

enum key {
	KEY_LIST = 256,
	KEY_FILTER,
	KEY_PROFILE,
	KEY_LAUNCHES,
	KEY_ROUNDS,
	KEY_CPU,
	KEY_LABEL,
	KEY_OUTPUT,
	KEY_ARM,
	KEY_WRAP,
	KEY_THREADS,
	KEY_SEED,
	KEY_LIMIT,
	KEY_CLOCK,
	KEY_EMULATED,
	KEY_DISTRIBUTION,
	KEY_ENVIRONMENT,
	KEY_ROOT,
	KEY_STRICT,
	KEY_ANONYMOUS,
	KEY_HELP,
	KEY_VERSION,
};

// clang-format off
static const struct argp_option table[] = {
	{ NULL, 0, NULL, 0, "What to measure:", 0 },
	{ "filter", KEY_FILTER, "REGEX",
	  .doc = "Only those whose name matches; -REGEX: only the others" },
	{ "benchmark_filter", KEY_FILTER, "REGEX", OPTION_ALIAS, NULL, 0 },
	{ "distribution", KEY_DISTRIBUTION,
	  .doc = "Stamp single calls too, in launches of their own behind the "
		 "others: percentiles and histograms" },
	{ NULL, 0, NULL, 0, "How long:", 0 },
	{ "profile", KEY_PROFILE, "NAME",
	  .doc = "quick (10 launches), default (20) or full (40, and every "
		 "row)" },
	{ "launches", KEY_LAUNCHES, "N", .doc = "Fresh processes an arm" },
	{ "rounds", KEY_ROUNDS, "N",
	  .doc = "Batches of each benchmark a launch (50)" },
	{ "limit", KEY_LIMIT, "SECONDS",
	  .doc = "A launch that takes longer is lost (a minute and 100 times "
		 "what it plans)" },
	{ NULL, 0, NULL, 0, "Under what:", 0 },
	{ "arm", KEY_ARM, "NAME[=CONDITION,...]",
	  .doc = "An arm whose launches run under these conditions (below); "
		 "repeatable, the first is the reference" },
	{ "wrap", KEY_WRAP, "NAME=COMMAND",
	  .doc = "An arm whose launches run under COMMAND; likewise" },
	{ "cpu", KEY_CPU, "N", .doc = "Measure on this CPU" },
	{ "clock", KEY_CLOCK, "NAME",
	  .doc = "auto, counter or raw (CLOCK_MONOTONIC_RAW)" },
	{ "threads", KEY_THREADS, "LIST",
	  .doc = "How calls scale: on each number of threads in LIST (1,2,all), "
		 "bound one per core first, then to SMT siblings; a few null "
		 "calls, or what --filter names" },
	{ "emulated", KEY_EMULATED, "BY",
	  .doc = "The CPU is emulated by this (tcg, qemu-user, ...), where "
		 "nothing tells of it: figures are labelled" },
	{ "seed", KEY_SEED, "N", .doc = "Seed of what is drawn at random" },
	{ "strict", KEY_STRICT,
	  .doc = "Measure nothing where there is a serious doubt before it" },
	{ NULL, 0, NULL, 0, "What comes out:", 0 },
	{ "output", KEY_OUTPUT, "DIR",
	  .doc = "The run folder (results/TIME-HOST-KERNEL); must not exist" },
	{ "label", KEY_LABEL, "TEXT", .doc = "Added to the folder's name" },
	{ "anonymous", KEY_ANONYMOUS,
	  .doc = "Leave out host name, paths and what the kernel's command "
		 "line says beside the cost" },
	{ NULL, 0, NULL, 0, "Only to be told, without measuring:", 0 },
	{ "list", KEY_LIST, .doc = "Print the benchmarks, a line each" },
	{ "environment", KEY_ENVIRONMENT,
	  .doc = "Print the machine's facts and doubts as JSON" },
	{ "root", KEY_ROOT, "DIR",
	  .doc = "With --environment: of the machine whose /proc and /sys "
		 "were recorded in DIR" },
	{ "help", KEY_HELP, .doc = "Print this" },
	{ "version", KEY_VERSION, .doc = "Print the version" },
	{ NULL, 0, NULL, 0, NULL, 0 },
};
// clang-format on

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
	usage_refuse("--profile=%s: quick, default or full is needed", name);
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
	usage_refuse("--clock=%s: auto, counter or raw is needed", name);
}

static bool has_threads(const struct options *options)
{
	return options->threads.count || options->threads.all;
}

static void finish(struct options *options)
{
	if (!options->profile)
		set_profile(options, "default");
	if (!options->rounds)
		options->rounds = 50;
	if (options->root && !options->environment)
		usage_refuse("--root=%s: goes with --environment only",
			     options->root);
	if (has_threads(options) && options->arm_count)
		usage_refuse("--threads: makes the arms itself, and goes with "
			     "no --arm or --wrap; threads under other "
			     "conditions are --arm=NAME=threads:N,...");
	if (!options->arm_count && !has_threads(options)) {
		strcpy(options->arms[0].name, "plain");
		options->arm_count = 1;
	}
}

/* What was asked for is printed, or not. */
static __attribute__((noreturn)) void leave(void)
{
	if (fflush(stdout) || ferror(stdout))
		usage_refuse(
			"standard output cannot be written to: is it full or "
			"closed?");
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
		options->launches = (unsigned int)usage_number(
			"launches", argument, 1, LAUNCHES_MOST);
		break;
	case KEY_ROUNDS:
		options->rounds = (unsigned int)usage_number("rounds", argument,
							     1, ROUNDS_MOST);
		break;
	case KEY_CPU:
		options->cpu = (int)usage_number("cpu", argument, 0, 1 << 20);
		break;
	case KEY_CLOCK:
		set_clock(options, argument);
		break;
	case KEY_EMULATED:
		usage_check_word("emulated", argument, EMULATION_BY_MOST);
		options->emulated = argument;
		break;
	case KEY_ARM:
		arms_add(options->arms, &options->arm_count, argument);
		break;
	case KEY_WRAP:
		arms_add_wrapped(options->arms, &options->arm_count, argument);
		break;
	case KEY_THREADS:
		arms_read_threads(&options->threads, argument);
		break;
	case KEY_SEED:
		options->seed =
			(uint64_t)usage_number("seed", argument, 0, INT64_MAX);
		break;
	case KEY_LIMIT:
		options->limit_s = (unsigned int)usage_number("limit", argument,
							      1, LIMIT_MOST_S);
		break;
	case KEY_OUTPUT:
		options->output = argument;
		break;
	case KEY_LABEL:
		usage_check_name("label", argument, 65);
		options->label = argument;
		break;
	case KEY_DISTRIBUTION:
		options->distribution = true;
		break;
	case KEY_ENVIRONMENT:
		options->environment = true;
		break;
	case KEY_ROOT:
		options->root = argument;
		break;
	case KEY_STRICT:
		options->strict = true;
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
		usage_refuse("%s: no such argument", argument);
		break;
	case ARGP_KEY_END:
		finish(options);
		break;
	case ARGP_KEY_ERROR:
		usage_refuse("%s: no such option, or its argument is missing",
			     culprit(state));
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void options_read(struct options *options, int argc, char **argv)
{
	static char doc[HELP_BYTES];
	const struct argp argp = {
		.options = table,
		.parser = parse,
		.doc = doc,
	};

	help_write(doc, sizeof(doc));
	*options = (struct options){
		.cpu = -1,
		.seed = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32,
	};
	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL,
		   options);
}
