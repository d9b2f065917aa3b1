// SPDX-License-Identifier: MIT
/* What the threads of a crowd did in each batch of a launch, until it is sent. */
#define _GNU_SOURCE
#include "shares.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "crowd.h"

/* As the rows have it (rounds.c): touched now, and copied by no fork. */
int shares_make_room(struct shares *shares, const struct job *job,
		     size_t batches)
{
	unsigned int others = crowd_count();
	size_t bytes = batches * others * sizeof(struct share);
	void *room;

	if (!others || conditions_have(&job->conditions, CONDITION_WORK))
		return 0;
	if (bytes > MESSAGE_MOST)
		return -EMSGSIZE;
	room = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return -ENOMEM;
	madvise(room, bytes, MADV_DONTFORK);
	memset(room, 1, bytes);
	*shares = (struct shares){ room, others, bytes };
	return 0;
}

void shares_free(struct shares *shares)
{
	if (shares->of)
		munmap(shares->of, shares->bytes);
	shares->of = NULL;
}

void shares_note(struct shares *shares, const struct row *row)
{
	if (shares->of)
		crowd_shares(row,
			     &shares->of[(size_t)row->seq * shares->others]);
}

int shares_send(int out, const struct shares *shares, size_t batches)
{
	if (!shares->of)
		return 0;
	return message_send(out, MESSAGE_SHARES, shares->of,
			    batches * shares->others * sizeof(*shares->of));
}
