/* SPDX-License-Identifier: MIT */
/* What the threads of a crowd did in each batch of a launch, until it is sent. */
#ifndef SYSCOST_SHARES_H
#define SYSCOST_SHARES_H

#include <stddef.h>

#include "message.h"
#include "share.h"

struct row;

struct shares {
	struct share *of;    /* batch after batch; NULL: nobody counts */
	unsigned int others; /* a batch */
	size_t bytes;
};

/* Room for so many batches, touched. Without threads, and under condition work,
 * whose adds keep the main thread out of its row, there is nothing to note. 0,
 * -ENOMEM, or -EMSGSIZE: more than can be sent. */
int shares_make_room(struct shares *shares, const struct job *job,
		     size_t batches);
void shares_free(struct shares *shares);

/* Notes those of a batch that is over; row->seq says which. */
void shares_note(struct shares *shares, const struct row *row);

/* Sends those of the first `batches`, where there are some; 0 or -errno. */
int shares_send(int out, const struct shares *shares, size_t batches);

#endif
