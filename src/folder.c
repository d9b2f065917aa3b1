// SPDX-License-Identifier: MIT
/* The name of the run folder. */
#include "folder.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "environment.h"

/* A host or a release may be called anything: not so a folder. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("._+-", *text))
			*text = '_';
}

static int format_name(const struct session *session, char *path, size_t size)
{
	const struct options *options = session->options;
	time_t start = (time_t)session->start_time;
	char when[32], host[128] = "", release[128];
	struct tm parts;
	int length;

	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ",
		 gmtime_r(&start, &parts));
	gethostname(host, sizeof(host) - 1);
	environment_release(options->anonymous, release, sizeof(release));
	make_plain(host);
	make_plain(release);
	length = snprintf(path, size, "results/%s%s%s-%s%s%s", when,
			  options->anonymous ? "" : "-",
			  options->anonymous ? "" : host, release,
			  options->label ? "-" : "",
			  options->label ? options->label : "");
	return length + 8 < (int)size ? length : -ENAMETOOLONG;
}

int folder_name(const struct session *session, unsigned int attempt, char *path,
		size_t size)
{
	int length;

	if (session->options->output) {
		length = snprintf(path, size, "%s", session->options->output);
		return length < (int)size ? 0 : -ENAMETOOLONG;
	}
	length = format_name(session, path, size);
	if (length < 0)
		return length;
	if (attempt > 1)
		snprintf(path + length, size - (size_t)length, "-%u", attempt);
	return 0;
}
