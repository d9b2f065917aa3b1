// SPDX-License-Identifier: MIT
/* The line that tells how far it is, on a terminal's stderr only. */
#include "progress.h"

#include <math.h>
#include <stdio.h>

#include "clock.h"
#include "distribution.h"
#include "terminal.h"

#define CALM_NS 250000000 /* it changes four times a second at the most */

static bool is_there;
static uint64_t changed_ns;

static bool may_change(void)
{
	uint64_t now_ns = clock_raw_ns();

	if (!terminal_rewrites(stderr) ||
	    (is_there && now_ns - changed_ns < CALM_NS))
		return false;
	is_there = true;
	changed_ns = now_ns;
	return true;
}

/* What is left takes as long as what is done did, launch by launch. */
static void tell(const char *of, unsigned int next, unsigned int count,
		 uint64_t spent_ns)
{
	double left_s = (double)spent_ns / next * (count - next) / 1e9;

	fprintf(stderr, "\r\033[K%slaunch %u of %u", of, next + 1, count);
	if (next && left_s >= 60)
		fprintf(stderr, " · %.0f min %02.0f s left", floor(left_s / 60),
			floor(fmod(left_s, 60)));
	else if (next)
		fprintf(stderr, " · %.0f s left", ceil(left_s));
	fflush(stderr);
}

void progress_of_trials(void)
{
	if (!may_change())
		return;
	fputs("\r\033[Ktrying the rows", stderr);
	fflush(stderr);
}

void progress_of_launches(const struct session *session, unsigned int next)
{
	uint64_t spent_ns = 0;

	if (!may_change())
		return;
	for (unsigned int i = 0; i < next; i++)
		spent_ns += session->launches[i].wall_ns;
	tell("", next, session->launch_count, spent_ns);
}

void progress_of_calls(const struct session *session, unsigned int next)
{
	const struct distributions *all = session->distributions;
	uint64_t spent_ns = 0;

	if (!may_change())
		return;
	for (unsigned int i = 0; i < next; i++)
		spent_ns += all->launch[i].wall_ns;
	tell("single calls: ", next, all->launch_count, spent_ns);
}

void progress_clear(void)
{
	if (is_there)
		fputs("\r\033[K", stderr);
	is_there = false;
}
