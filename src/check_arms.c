// SPDX-License-Identifier: MIT
/* The second step of a session: every arm is checked in a worker of its own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "measure.h"
#include "text.h"

/* An arm in question. */
struct checking {
	struct arm_record *arm;
	bool answered;
};

static int receive_state(void *argument, enum message_kind kind,
			 const void *payload, size_t bytes)
{
	struct checking *checking = argument;

	if (kind != MESSAGE_STATE || bytes != sizeof(checking->arm->state))
		return -EPROTO;
	memcpy(&checking->arm->state, payload, bytes);
	checking->answered = true;
	return 0;
}

static const char *why_no_answer(int error, const struct ending *ending)
{
	if (error)
		return strerror(-error);
	if (ending->reason[0])
		return ending->reason;
	return ending->problem[0] ? ending->problem
				  : "its worker did not answer";
}

/* What becomes of a worker once it has answered does not count. */
static int check_arm(struct session *session, unsigned int index)
{
	struct checking checking = { &session->arms[index], false };
	struct job job = session_job(session, JOB_CHECK, index);
	const struct arm *arm = &session->options->arms[index];
	struct ending ending;
	int error = launcher_run(&session->launcher, arm->wrap, &job, NULL,
				 receive_state, &checking, &ending);

	if (launcher_interrupted())
		return session_fail(session, 130,
				    "interrupted before anything was measured");
	if (!checking.answered)
		snprintf(checking.arm->skipped, sizeof(checking.arm->skipped),
			 "%s", why_no_answer(error, &ending));
	text_make_printable(checking.arm->skipped);
	return 0;
}

int measure_check(struct session *session)
{
	const struct options *options = session->options;
	unsigned int left[ARMS_MOST];
	int status = 0;

	for (unsigned int i = 0; !status && i < options->arm_count; i++)
		status = check_arm(session, i);
	if (status)
		return status;
	if (session_arms(session, left) == 0)
		return session_fail(session, 3,
				    "nothing can be measured: arm %s cannot "
				    "be run: %s; another arm, or none, may "
				    "do",
				    options->arms[0].name,
				    session->arms[0].skipped);
	session->reference = left[0];
	return 0;
}
