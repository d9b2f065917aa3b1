// SPDX-License-Identifier: MIT
/* A signal's handler for the time of a batch. */
#include "handler.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "arch.h"

/* The kernel's own struct sigaction, which is never looked into: the C library
 * would put a handler back with another flag (SA_RESTORER). */
#define ACTION_BYTES 64
#define SET_BYTES    (_NSIG / 8)

static struct {
	unsigned int threads; /* that have it handled */
	unsigned char before[ACTION_BYTES];
} handled[_NSIG];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Of this thread; 0: none. */
static _Thread_local int own_number;
static _Thread_local sigset_t own_mask;

static void replace(int number, handler_function *handler)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	action.sa_sigaction = handler;
	if (!handler) {
		action.sa_flags = 0;
		action.sa_handler = SIG_IGN;
	}
	syscall4(SYS_rt_sigaction, number, 0, (long)handled[number].before,
		 SET_BYTES);
	sigaction(number, &action, NULL);
}

/* What is pending goes when it is ignored (kernel/signal.c, do_sigaction):
 * else the old handler, mostly the process's end, would get it. */
static void put_back(int number)
{
	signal(number, SIG_IGN);
	syscall4(SYS_rt_sigaction, number, (long)handled[number].before, 0,
		 SET_BYTES);
}

void handler_install(int number, handler_function *handler)
{
	sigset_t set;

	if (own_number)
		return;
	pthread_mutex_lock(&lock);
	if (handled[number].threads++ == 0)
		replace(number, handler);
	pthread_mutex_unlock(&lock);
	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_UNBLOCK, &set, &own_mask);
	own_number = number;
}

void handler_remove(void)
{
	if (!own_number)
		return;
	pthread_sigmask(SIG_SETMASK, &own_mask, NULL);
	pthread_mutex_lock(&lock);
	if (--handled[own_number].threads == 0)
		put_back(own_number);
	pthread_mutex_unlock(&lock);
	own_number = 0;
}
