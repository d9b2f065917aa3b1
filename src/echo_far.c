// SPDX-License-Identifier: MIT
/* The far end of a ping-pong: it waits, and answers. */
#define _GNU_SOURCE
#include "echo_far.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "echo.h"

struct echo_board *echo_board;
struct channel echo_channels[CHANNELS];
unsigned int echo_generation;

void echo_call_futex(int operation, unsigned int value)
{
	syscall6(SYS_futex, (long)&echo_board->turn, operation, (long)value, 0,
		 0, 0);
}

static void answer_words(const struct channel_end *end)
{
	uint64_t word = 0;

	do {
		if (syscall3(SYS_read, end->in, (long)&word, ECHO_WORD_BYTES) !=
		    sizeof(word))
			return;
		word++;
		syscall3(SYS_write, end->out, (long)&word, ECHO_WORD_BYTES);
	} while (!(word & ECHO_LAST));
}

static void answer_turns(void)
{
	unsigned int turn, last;

	do {
		while (!((turn = atomic_load(&echo_board->turn)) & 1))
			echo_call_futex(FUTEX_WAIT, turn);
		last = atomic_load(&echo_board->last);
		atomic_store(&echo_board->turn, turn + 1);
		echo_call_futex(FUTEX_WAKE, 1);
	} while (!last);
}

/* The sender is answered, whoever it is: under ptrace a copy of the worker. */
static void answer_signals(void)
{
	uint64_t set = ECHO_SET(ECHO_ASK) | ECHO_SET(ECHO_ASK_LAST);
	siginfo_t info = { .si_signo = 0 };
	long number;

	do {
		number = syscall4(SYS_rt_sigtimedwait, (long)&set, (long)&info,
				  0, sizeof(set));
		if (number < 0)
			continue;
		echo_board->answered++;
		syscall2(SYS_kill, info.si_pid, ECHO_ASK);
	} while (number != ECHO_ASK_LAST);
}

void echo_answer(int kind)
{
	atomic_store(&echo_board->noticed, echo_generation);
	if (kind == ECHO_FUTEX)
		answer_turns();
	else if (kind == ECHO_SIGNAL)
		answer_signals();
	else
		answer_words(&echo_channels[kind].far);
}
