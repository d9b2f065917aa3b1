// SPDX-License-Identifier: MIT
/* The third step of a session: every selected row is tried in a worker. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "registry.h"
#include "scaling.h"

/* The trying worker tells which row it turns to, so that it is known which
 * one killed it. */
struct trying {
	struct session *session;
	int64_t current; /* -1: none yet */
};

/* Fixed by the first trying worker, for the whole run. */
static void keep_adds(struct session *session, const void *payload)
{
	if (!session->adds_per_ns)
		memcpy(&session->adds_per_ns, payload,
		       sizeof(session->adds_per_ns));
}

static int receive_try(void *argument, enum message_kind kind,
		       const void *payload, size_t bytes)
{
	struct trying *trying = argument;
	const struct tried *tried = payload;
	uint32_t index;

	if (kind == MESSAGE_TRYING && bytes == sizeof(index)) {
		memcpy(&index, payload, sizeof(index));
		if (index < registry_count())
			trying->current = index;
	} else if (kind == MESSAGE_TRIED && bytes == sizeof(*tried) &&
		   tried->benchmark < registry_count()) {
		trying->session->trials[tried->benchmark].tried = *tried;
	} else if (kind == MESSAGE_ADDS &&
		   bytes == sizeof(trying->session->adds_per_ns)) {
		keep_adds(trying->session, payload);
	} else {
		return -EPROTO;
	}
	return 0;
}

/* Runs one trying worker; the row to go on with, or UINT_MAX: all tried. */
static unsigned int try_from(struct session *session, unsigned int first,
			     struct task *tasks, int *status)
{
	struct trying trying = { session, -1 };
	struct job job = session_job(session, JOB_TRY, session->reference);
	const struct arm *arm = &session->options->arms[session->reference];
	struct ending ending;
	struct tried *killer;
	int error;

	job.count = session_tasks(session, first, false, tasks);
	if (!job.count)
		return UINT32_MAX;
	error = launcher_run(&session->launcher, arm->wrap, &job, tasks,
			     receive_try, &trying, &ending);
	if (launcher_interrupted())
		*status = session_fail(session, 130,
				       "interrupted before "
				       "anything was measured");
	else if (error || (!ending.done && trying.current < 0))
		*status = session_fail(
			session, 3,
			"no worker could be started: %s; allow more "
			"processes (ulimit -u), or look at the "
			"wrapping command",
			error ? strerror(-error) : ending.problem);
	if (*status || ending.done)
		return UINT32_MAX;
	killer = &session->trials[trying.current].tried;
	killer->calls = 0;
	snprintf(killer->reason, sizeof(killer->reason),
		 "its worker was lost while trying it: %.80s", ending.problem);
	return (unsigned int)trying.current + 1;
}

/* Of the whole run, since each arm has the same rows. */
static void leave_out_lone_rows(struct session *session)
{
	for (unsigned int i = 0; i < registry_count(); i++) {
		struct tried *tried = &session->trials[i].tried;
		const char *alone = registry_get(i)->benchmark->alone;

		if (!alone || !tried->calls)
			continue;
		tried->calls = 0;
		snprintf(tried->reason, sizeof(tried->reason),
			 "not beside condition threads: %s", alone);
	}
}

int measure_try(struct session *session)
{
	struct task *tasks = calloc(registry_count() + 1, sizeof(*tasks));
	unsigned int next = 0;
	int status = 0;

	if (!tasks)
		return session_out_of_memory(session);
	while (next < registry_count())
		next = try_from(session, next, tasks, &status);
	if (scaling_is_wanted(session))
		leave_out_lone_rows(session);
	if (!status && !session_tasks(session, 0, true, tasks))
		status = session_fail(
			session, 3,
			"nothing can be measured: "
			"every selected benchmark is skipped "
			"(%.300s); name others with --filter",
			session->trials[tasks[0].benchmark].tried.reason);
	free(tasks);
	return status;
}
