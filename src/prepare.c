// SPDX-License-Identifier: MIT
/* The first step of a session: which rows, which CPU, which clock. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "environment.h"
#include "facts.h"
#include "measure.h"
#include "registry.h"
#include "trust.h"

/* Rows of the full catalogue come where they are named, or with all. */
static bool is_asked_for(const struct options *options, unsigned int benchmark)
{
	bool named = options->filter && options->filter[0] != '-';
	const struct thread_list *threads = &options->threads;

	if (!options->filter && (threads->count || threads->all))
		return registry_get(benchmark)->benchmark->scales;
	return named || options->list ||
	       strcmp(options->profile, "full") == 0 ||
	       !registry_get(benchmark)->benchmark->full;
}

static int select_rows(struct session *session)
{
	const struct options *options = session->options;
	bool *selected = calloc(registry_count(), sizeof(*selected));
	char reason[128];
	int count;

	session->trials = calloc(registry_count(), sizeof(*session->trials));
	if (!selected || !session->trials) {
		free(selected);
		return session_out_of_memory(session);
	}
	count = registry_select(options->filter, selected, reason,
				sizeof(reason));
	for (unsigned int i = 0; i < registry_count(); i++) {
		session->trials[i].selected = selected[i] &&
					      is_asked_for(options, i);
		session->trials[i].tried.benchmark = i;
	}
	free(selected);
	if (count == -ENOMEM)
		return session_out_of_memory(session);
	if (count < 0)
		return session_fail(session, 2,
				    "--filter=%s: %s; a POSIX extended "
				    "regular expression is needed",
				    options->filter, reason);
	if (count == 0)
		return session_fail(session, 2,
				    "--filter=%s: no benchmark's "
				    "name matches (--list prints them)",
				    options->filter);
	return 0;
}

static int choose_cpu(struct session *session)
{
	const struct options *options = session->options;
	struct topology *topology;
	bool foreign = facts_are_live() && trust_topology();
	int error = topology_load(&topology);

	if (error)
		return session_fail(session, 3,
				    "hwloc cannot read this machine: %s; mount "
				    "/sys and /proc",
				    strerror(-error));
	error = topology_choose(topology, options->cpu, &session->choice);
	session->choice.foreign = foreign;
	topology_free(topology);
	if (error == -EINVAL)
		return session_fail(session, 2,
				    "--cpu=%d: this process may "
				    "run on %s only; name one of these",
				    options->cpu, session->choice.allowed);
	if (error)
		return session_fail(
			session, 3,
			"no CPU to measure on: %s; let this process "
			"run on one (taskset, the cpuset)",
			strerror(-error));
	return 0;
}

int measure_environment(struct session *session)
{
	session->environment = environment_read(session->options->anonymous,
						session->choice.cpu,
						&session->emulation);
	return session->environment ? 0 : session_out_of_memory(session);
}

int measure_machine(struct session *session, const struct options *options)
{
	int error;

	*session = (struct session){ .options = options };
	error = facts_set_root(options->root);
	if (error)
		return session_fail(session, 2,
				    "--root=%.400s: %s; a folder with proc and "
				    "sys of a machine is needed",
				    options->root, strerror(-error));
	if (options->root) {
		setenv("HWLOC_FSROOT", options->root, 1);
		setenv("HWLOC_COMPONENTS", "-x86", 1); /* it asks this CPU */
	}
	emulation_find(&session->emulation, options->emulated);
	session->choice.cpu = -1;
	if (facts_are_live() || trust_recorded())
		choose_cpu(session);
	return measure_environment(session);
}

static int make_threads(struct session *session, struct options *options)
{
	const struct thread_list *list = &options->threads;
	unsigned int cpus = (unsigned int)session->choice.cpus;
	unsigned int most = list->count ? list->numbers[list->count - 1] : 0;

	if (most > cpus)
		return session_fail(session, 2,
				    "--threads=%u: this process may run on %u "
				    "CPU%s only (%s); name no more, or all",
				    most, cpus, cpus == 1 ? "" : "s",
				    session->choice.allowed);
	if (arms_add_threads(options->arms, &options->arm_count, list, cpus))
		return session_fail(session, 2,
				    "--threads: at most %d numbers, all "
				    "included; name fewer",
				    ARMS_MOST);
	return 0;
}

int measure_prepare(struct session *session, struct options *options)
{
	int status;

	*session = (struct session){ .options = options };
	session->start_ns = clock_raw_ns();
	session->start_time = time(NULL);
	status = select_rows(session);
	if (!status)
		status = choose_cpu(session);
	if (!status)
		status = make_threads(session, options);
	if (status)
		return status;
	status = launcher_init(&session->launcher, options->seed);
	if (status)
		return session_fail(session, 3,
				    "cannot find this program's own file: %s; "
				    "mount /proc, or call it by its path",
				    strerror(-status));
	session->launcher.limit_s = options->limit_s;
	emulation_find(&session->emulation, options->emulated);
	clock_start(&session->clock, options->clock, &session->emulation);
	session->batch_ns = clock_batch_ns(&session->clock);
	return 0;
}
