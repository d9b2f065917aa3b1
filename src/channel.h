/* SPDX-License-Identifier: MIT */
/*
 * Two ends that tasks talk over: what one writes the other reads.
 *
 * Beside benchmark.h, and like partner.h, bench/ may use this one.
 */
#ifndef SYSCOST_CHANNEL_H
#define SYSCOST_CHANNEL_H

enum channel_kind {
	CHANNEL_PIPE,
	CHANNEL_EVENTFD, /* carries one number, and none that is 0 */
	CHANNEL_UNIX,	 /* a stream, as the pipe is */
	CHANNEL_UDP,	 /* these two over 127.0.0.1 */
	CHANNEL_TCP,	 /* without Nagle's delay */
	CHANNELS
};

/* Two descriptors, or one twice. */
struct channel_end {
	int in, out;
};

struct channel {
	struct channel_end near, far;
};

/* Opens both ends and has a word pass each way. 0, or -errno with nothing
 * left open: -ETIMEDOUT where a word does not arrive. */
int channel_open(struct channel *channel, enum channel_kind kind);

void channel_close(struct channel *channel);

#endif
