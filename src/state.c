// SPDX-License-Identifier: MIT
/* A worker's own state, as it reads it back once its conditions are on. */
#include "state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>

#include "facts.h"

#define ASK	  0xffffffff /* personality(2): change nothing */
#define RANDOMIZE "/proc/sys/kernel/randomize_va_space"

const char *const state_keys[STATE_TEXTS] = {
	"Seccomp",
	"Seccomp_filters",
	"NoNewPrivs",
	"Speculation_Store_Bypass",
	"SpeculationIndirectBranch",
};

/* A number of /proc/self/status; 0 where it is not told. */
static uint32_t number(const char *status, const char *key)
{
	char value[16];

	if (facts_value(status, key, value, sizeof(value)))
		return 0;
	return (uint32_t)strtoul(value, NULL, 10);
}

/* The machine's switch may have it off for everybody. */
static bool has_aslr(void)
{
	int flags = personality(ASK);
	char line[8];

	if (facts_line(RANDOMIZE, line, sizeof(line)) == 0 && line[0] == '0')
		return false;
	return flags < 0 || !(flags & ADDR_NO_RANDOMIZE);
}

void state_read(struct state *state)
{
	char status[8192];

	memset(state, 0, sizeof(*state));
	facts_file("/proc/self/status", status, sizeof(status));
	for (int i = 0; i < STATE_TEXTS; i++)
		if (facts_value(status, state_keys[i], state->text[i],
				sizeof(state->text[i])))
			state->text[i][0] = '\0';
	state->threads = number(status, "Threads");
	state->traced = number(status, "TracerPid") != 0;
	state->aslr = has_aslr();
}

bool state_equal(const struct state *a, const struct state *b)
{
	for (int i = 0; i < STATE_TEXTS; i++)
		if (strcmp(a->text[i], b->text[i]) != 0)
			return false;
	return a->threads == b->threads && a->traced == b->traced &&
	       a->aslr == b->aslr;
}
