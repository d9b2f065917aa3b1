// SPDX-License-Identifier: MIT
/* The crowd: threads that are busy in the row that is being timed. */
#include "crowd.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "batch.h"
#include "condition.h"
#include "pieces.h"
#include "registry.h"

#define PIECES	    8		   /* of a batch: so often a thread looks up */
#define STACK_BYTES (256UL * 1024) /* mlockall would touch a usual one whole */
#define NO_ROW	    UINT32_MAX

/* What a turn is about. */
struct turn {
	uint32_t benchmark; /* NO_ROW: rest */
	uint64_t calls;
	bool counter; /* stamps by it, else by the kernel's clock */
};

static const struct turn rest = { .benchmark = NO_ROW };

/* Rows are published under the lock; `turn` tells the threads, between two
 * pieces, that there is another. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t published;
	atomic_uint turn;   /* grows with each row published */
	atomic_uint inside; /* threads that have come to this turn's row */
	struct turn next;
	bool over;
	int error; /* the first of a set-up or a binding */
	struct member *members;
	unsigned int count;
	struct topology *topology;
} crowd = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.published = PTHREAD_COND_INITIALIZER,
};

struct member {
	struct pieces pieces;
	pthread_t thread;
	int cpu;
	unsigned int turn;	  /* the one it works for */
	struct subject *subjects; /* registry_count(); run NULL: not set up */
};

/* Waits until there is another turn, and notes it; false: it is all over. */
static bool next_turn(struct member *member, struct turn *turn)
{
	bool over;

	pthread_mutex_lock(&crowd.lock);
	while (!crowd.over && atomic_load(&crowd.turn) == member->turn)
		pthread_cond_wait(&crowd.published, &crowd.lock);
	member->turn = atomic_load(&crowd.turn);
	*turn = crowd.next;
	over = crowd.over;
	pthread_mutex_unlock(&crowd.lock);
	return !over;
}

/* Set-up and teardown may share what they open among the rows of a group, so
 * that they run one at a time: under the lock. */
static bool set_up(struct member *member, uint32_t benchmark)
{
	struct subject *subject = &member->subjects[benchmark];
	int error = 0;

	pthread_mutex_lock(&crowd.lock);
	if (!subject->benchmark)
		error = batch_open(subject, registry_get(benchmark)->benchmark);
	if (error) {
		subject->benchmark = NULL;
		crowd.error = error;
	}
	pthread_mutex_unlock(&crowd.lock);
	return !error;
}

/* The first piece comes before the thread says that it is there: its code and
 * data are warm then. */
static void work(struct member *member, const struct turn *turn)
{
	bool busy = turn->benchmark != NO_ROW &&
		    set_up(member, turn->benchmark);
	struct subject *subject = busy ? &member->subjects[turn->benchmark]
				       : NULL;
	uint64_t calls =
		busy ? batch_whole(subject->benchmark, turn->calls / PIECES + 1)
		     : 0;

	pieces_restart(&member->pieces, calls);
	if (busy)
		batch_piece(subject, calls, turn->counter);
	atomic_fetch_add(&crowd.inside, 1);
	while (busy &&
	       atomic_load_explicit(&crowd.turn, memory_order_relaxed) ==
		       member->turn)
		pieces_note(&member->pieces,
			    batch_piece(subject, calls, turn->counter));
}

static void tear_down(struct member *member)
{
	pthread_mutex_lock(&crowd.lock);
	for (uint32_t i = 0; i < registry_count(); i++)
		if (member->subjects[i].benchmark)
			batch_close(&member->subjects[i]);
	pthread_mutex_unlock(&crowd.lock);
	free(member->subjects);
}

static void *live(void *argument)
{
	struct member *member = argument;
	struct turn turn;
	bool memory;
	int error = topology_bind(crowd.topology, member->cpu, &memory);

	pthread_mutex_lock(&crowd.lock);
	if (error)
		crowd.error = error;
	pthread_mutex_unlock(&crowd.lock);
	atomic_fetch_add(&crowd.inside, 1);
	while (next_turn(member, &turn))
		work(member, &turn);
	tear_down(member);
	return NULL;
}

/* Spins, so that its own CPU does not fall asleep before a batch. */
static int wait_for_all(void)
{
	int error;

	while (atomic_load(&crowd.inside) < crowd.count)
		sched_yield();
	pthread_mutex_lock(&crowd.lock);
	error = crowd.error;
	crowd.error = 0;
	pthread_mutex_unlock(&crowd.lock);
	return error;
}

static void publish(const struct turn *turn, bool over)
{
	pthread_mutex_lock(&crowd.lock);
	crowd.next = *turn;
	crowd.over = over;
	atomic_store(&crowd.inside, 0);
	atomic_fetch_add(&crowd.turn, 1);
	pthread_cond_broadcast(&crowd.published);
	pthread_mutex_unlock(&crowd.lock);
}

int crowd_join(uint32_t benchmark, uint64_t calls, bool counter)
{
	const struct turn turn = { benchmark, calls, counter };
	int error;

	if (!crowd.count)
		return 0;
	publish(&turn, false);
	error = wait_for_all();
	if (error)
		crowd_rest();
	return error;
}

int crowd_join_or_say(uint32_t benchmark, uint64_t calls, bool counter,
		      int *error, char *why)
{
	if (!*error)
		*error = crowd_join(benchmark, calls, counter);
	if (*error)
		snprintf(why, CONDITION_WHY_BYTES,
			 "threads: the set-up of %s failed in one of them: %s",
			 registry_get(benchmark)->name, strerror(-*error));
	return *error;
}

unsigned int crowd_count(void)
{
	return crowd.count;
}

void crowd_shares(const struct row *row, struct share *shares)
{
	const struct span window = { row->begin, row->ticks };

	for (unsigned int i = 0; i < crowd.count; i++) {
		const struct member *member = &crowd.members[i];

		shares[i] = (struct share){
			.seq = row->seq,
			.thread = (uint16_t)(i + 1),
			.cpu = (uint16_t)member->cpu,
		};
		pieces_within(&member->pieces, window, &shares[i].calls,
			      &shares[i].ticks);
	}
}

void crowd_rest(void)
{
	if (!crowd.count)
		return;
	publish(&rest, false);
	wait_for_all();
}

void crowd_end(void)
{
	if (!crowd.members)
		return;
	publish(&rest, true);
	for (unsigned int i = 0; i < crowd.count; i++)
		pthread_join(crowd.members[i].thread, NULL);
	free(crowd.members);
	crowd.members = NULL;
	crowd.count = 0;
}

/* Each thread opens what the main one does, and a process has 1,024 by
 * default; as many as it may have, then. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Signals are the main thread's business. */
static int start_member(struct member *member, const pthread_attr_t *attributes)
{
	sigset_t all, before;
	int error;

	member->subjects =
		calloc(registry_count() + 1, sizeof(*member->subjects));
	if (!member->subjects)
		return -ENOMEM;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = -pthread_create(&member->thread, attributes, live, member);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		free(member->subjects);
	return error;
}

static struct member *make_members(unsigned int count)
{
	size_t bytes = count * sizeof(struct member);
	struct member *members = aligned_alloc(_Alignof(struct member), bytes);

	return members ? memset(members, 0, bytes) : NULL;
}

int crowd_start(struct topology *topology, const int *cpus, unsigned int count)
{
	pthread_attr_t attributes;
	int error = 0, bound;

	crowd.members = make_members(count);
	if (!crowd.members)
		return -ENOMEM;
	raise_descriptor_limit();
	crowd.topology = topology;
	crowd.over = false;
	atomic_store(&crowd.inside, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (crowd.count = 0; crowd.count < count && !error;) {
		struct member *member = &crowd.members[crowd.count];

		member->cpu = cpus[crowd.count];
		member->turn = atomic_load(&crowd.turn);
		error = start_member(member, &attributes);
		crowd.count += !error;
	}
	pthread_attr_destroy(&attributes);
	bound = wait_for_all();
	error = error ? error : bound;
	if (error)
		crowd_end();
	return error;
}
