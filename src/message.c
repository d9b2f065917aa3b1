// SPDX-License-Identifier: MIT
/* What launcher and worker say to each other: framed structs over pipes. */
#include "message.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define TASKS_MOST 100000

struct header {
	uint32_t kind;
	uint32_t bytes;
};

static int write_all(int pipe, const void *data, size_t bytes)
{
	const char *next = data;

	while (bytes) {
		ssize_t done = write(pipe, next, bytes);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		next += done;
		bytes -= (size_t)done;
	}
	return 0;
}

/* 1: all read; 0: the pipe ended before the first byte; else -errno. */
static int read_all(int pipe, void *data, size_t bytes)
{
	char *next = data;
	size_t wanted = bytes;

	while (bytes) {
		ssize_t done = read(pipe, next, bytes);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (done == 0)
			return bytes == wanted ? 0 : -EPROTO;
		next += done;
		bytes -= (size_t)done;
	}
	return 1;
}

int message_send(int pipe, enum message_kind kind, const void *payload,
		 size_t bytes)
{
	struct header header = { kind, (uint32_t)bytes };
	int error = write_all(pipe, &header, sizeof(header));

	return error ? error : write_all(pipe, payload, bytes);
}

int message_receive(int pipe, void **payload, size_t *capacity, size_t *bytes)
{
	struct header header;
	int got = read_all(pipe, &header, sizeof(header));

	if (got <= 0)
		return got;
	if (header.kind < MESSAGE_STATE || header.kind > MESSAGE_DONE ||
	    header.bytes > MESSAGE_MOST)
		return -EPROTO;
	if (header.bytes + 1 > *capacity) {
		void *grown = realloc(*payload, header.bytes + 1);

		if (!grown)
			return -ENOMEM;
		*payload = grown;
		*capacity = header.bytes + 1;
	}
	got = header.bytes ? read_all(pipe, *payload, header.bytes) : 1;
	if (got <= 0)
		return got ? got : -EPROTO;
	((char *)*payload)[header.bytes] = '\0';
	*bytes = header.bytes;
	return (int)header.kind;
}

int message_send_job(int pipe, const struct job *job, const struct task *tasks)
{
	int error = write_all(pipe, job, sizeof(*job));

	return error ? error
		     : write_all(pipe, tasks, job->count * sizeof(*tasks));
}

int message_receive_job(int pipe, struct job *job, struct task **tasks)
{
	int got = read_all(pipe, job, sizeof(*job));

	if (got <= 0)
		return got ? got : -EPROTO;
	if (job->count > TASKS_MOST)
		return -EPROTO;
	*tasks = calloc(job->count + 1, sizeof(**tasks));
	if (!*tasks)
		return -ENOMEM;
	got = job->count ? read_all(pipe, *tasks, job->count * sizeof(**tasks))
			 : 1;
	if (got == 1)
		return 0;
	free(*tasks);
	return got ? got : -EPROTO;
}
