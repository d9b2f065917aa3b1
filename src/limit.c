// SPDX-License-Identifier: MIT
/* How long a worker may take: one that hangs does not hang the run. */
#include "limit.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

#define LEAST_S	     60
#define TIMES	     100 /* emulated, traced or wrapped it may be slow */
#define LEAST_ROUNDS 20	 /* so many batches, about, a trial of a row takes */
#define LOOKS	     8

static volatile sig_atomic_t group;
static volatile sig_atomic_t looks; /* that are left */

double limit_of(const struct job *job)
{
	uint32_t rounds = job->rounds > LEAST_ROUNDS ? job->rounds
						     : LEAST_ROUNDS;

	return LEAST_S + TIMES * 1e-9 * job->batch_ns * rounds * job->count;
}

/* Several looks rather than one: those that fall into a stop of this process
 * come as one after it, and a worker that was done meanwhile is not late. */
static void look(int number)
{
	int before = errno;

	(void)number;
	if (looks > 0)
		looks--;
	if (!looks && group)
		kill(-group, SIGKILL);
	errno = before;
}

static void set_timer(double seconds)
{
	struct timeval time = {
		.tv_sec = (time_t)seconds,
		.tv_usec = (suseconds_t)(1e6 * (seconds - (time_t)seconds)),
	};

	setitimer(ITIMER_REAL, &(struct itimerval){ time, time }, NULL);
}

void limit_begin(double seconds, pid_t worker)
{
	struct sigaction action = { .sa_handler = look,
				    .sa_flags = SA_RESTART };

	looks = LOOKS;
	group = worker;
	sigaction(SIGALRM, &action, NULL);
	set_timer(seconds / LOOKS);
}

bool limit_end(void)
{
	set_timer(0);
	group = 0;
	return looks == 0;
}
