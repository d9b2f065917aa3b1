/* SPDX-License-Identifier: MIT */
/* Sessions made by hand: launches and samples whose summary is known. */
#ifndef SYSCOST_HAND_MADE_H
#define SYSCOST_HAND_MADE_H

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "registry.h"
#include "session.h"

#define HAND_MADE_JUMPS 1400
#define HAND_MADE_CHAIN 160

#define HAND_MADE_STATE                                                        \
	(struct state)                                                         \
	{                                                                      \
		.text = { "0", "0", "0", "thread vulnerable", "" },            \
		.threads = 1, .aslr = 1                                        \
	}

struct hand_made {
	struct options options;
	struct session session;
};

/* The row's index; the test fails where there is none. */
static inline unsigned int row_named(const char *name)
{
	for (unsigned int i = 0; i < registry_count(); i++)
		if (strcmp(registry_get(i)->name, name) == 0)
			return i;
	fail_msg("no row is called %s", name);
	return 0;
}

static inline void hand_make_launches(struct session *session,
				      unsigned int arms)
{
	for (unsigned int i = 0; i < session->launch_count; i++) {
		struct launch_record *launch = &session->launches[i];

		launch->planned.arm = i % arms;
		launch->planned.block = i / (2 * arms);
		launch->done = true;
		launch->wall_ns = 10000000;
		launch->timed_ns = 7000000;
		launch->launched.yardstick_ticks[YARDSTICK_LOOP] = 1;
		launch->launched.yardstick_ticks[YARDSTICK_CALL] = 4;
		launch->launched.yardstick_ticks[YARDSTICK_ADDS] = 1000;
		launch->launched.alone_share = 1;
		launch->launched.state = HAND_MADE_STATE;
	}
}

/*
 * A clean session: every launch done, arm after arm in turn, nobody else on
 * the core. The clock ticks twice a ns, and so does the core. An empty loop
 * takes 0.5 ns, an empty call 2 ns. There are no samples yet.
 */
static inline void hand_make(struct hand_made *made, unsigned int arms,
			     unsigned int launches)
{
	struct session *session = &made->session;
	static const char *const names[] = { "plain", "other", "third" };

	*made = (struct hand_made){ .options.cpu = -1 };
	made->options.profile = "default";
	made->options.launches = launches;
	made->options.rounds = 3;
	made->options.arm_count = arms;
	session->adds_per_ns = 2;
	for (unsigned int i = 0; i < arms; i++) {
		strcpy(made->options.arms[i].name, names[i]);
		session->arms[i].state = HAND_MADE_STATE;
	}
	session->options = &made->options;
	session->choice.cpus = 2;
	session->clock.counter = true;
	session->clock.ticks_per_ns = 2;
	session->clock.granularity_ticks = 1;
	session->batch_ns = 50000;
	session->trials = calloc(registry_count(), sizeof(struct trial));
	session->launch_count = session->launches_done = arms * launches;
	session->launches =
		calloc(session->launch_count, sizeof(struct launch_record));
	assert_true(session->trials && session->launches);
	for (unsigned int i = 0; i < registry_count(); i++)
		session->trials[i].tried.benchmark = i;
	hand_make_launches(session, arms);
	session->level.jumps = HAND_MADE_JUMPS;
	session->level.chain = HAND_MADE_CHAIN;
	session->alone = 1;
	session->yardstick_ns[YARDSTICK_LOOP] = 0.5;
	session->yardstick_ns[YARDSTICK_CALL] = 2;
	session->yardstick_ns[YARDSTICK_ADDS] = 500;
	session->start_time = 1700000000; /* 2023-11-14T22:13:20Z */
	session->complete = true;
}

static inline void hand_free(struct hand_made *made)
{
	for (unsigned int i = 0; i < registry_count(); i++)
		free(made->session.trials[i].samples);
	free(made->session.history.curves);
	free(made->session.trials);
	free(made->session.launches);
}

/* The CPU is a program. */
static inline void hand_emulate(struct hand_made *made)
{
	strcpy(made->session.emulation.by, "tcg");
	strcpy(made->session.emulation.how, "somebody said so");
}

/* The arm cannot be run: its launches are those of the arm after it. */
static inline void hand_skip(struct hand_made *made, unsigned int arm,
			     const char *reason)
{
	unsigned int left[ARMS_MOST];

	strcpy(made->session.arms[arm].skipped, reason);
	for (unsigned int i = 0; i < made->session.launch_count; i++)
		if (made->session.launches[i].planned.arm == arm)
			made->session.launches[i].planned.arm = arm + 1;
	if (session_arms(&made->session, left))
		made->session.reference = left[0];
}

/* The row was selected, tried and counted: `entries` of 16 calls. */
static inline struct trial *hand_try(struct hand_made *made,
				     unsigned int benchmark, int64_t entries)
{
	struct trial *trial = &made->session.trials[benchmark];

	trial->selected = true;
	trial->tried.calls = 400;
	trial->tried.entries = entries;
	trial->tried.entry_calls = 16;
	return trial;
}

/* One batch more, on a core of one's own; launches come in order. */
static inline struct sample *hand_sample(struct trial *trial,
					 unsigned int launch, double ns)
{
	if (trial->count == trial->capacity) {
		trial->capacity = 2 * trial->capacity + 16;
		trial->samples =
			realloc(trial->samples,
				trial->capacity * sizeof(*trial->samples));
		assert_non_null(trial->samples);
	}
	trial->samples[trial->count] = (struct sample){
		.ns = ns,
		.jumps = HAND_MADE_JUMPS,
		.chain = HAND_MADE_CHAIN,
		.launch = launch,
	};
	return &trial->samples[trial->count++];
}

/* Three batches a launch, of which `ns + launch` is the median. */
static inline void hand_fill(struct hand_made *made, struct trial *trial,
			     double ns)
{
	for (unsigned int i = 0; i < made->session.launch_count; i++) {
		hand_sample(trial, i, ns + i - 0.5);
		hand_sample(trial, i, ns + i + 7);
		hand_sample(trial, i, ns + i);
	}
}

#endif
