// SPDX-License-Identifier: MIT
/* A handler is there between install and remove, and nothing of it after. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "check.h"
#include "handler.h"

#define ACTION_BYTES 64
#define SET_BYTES    (_NSIG / 8)

static volatile sig_atomic_t caught;

static void count(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	caught++;
}

static void other(int number)
{
	(void)number;
	caught += 100;
}

/* All that the kernel knows of it, flags and way back. */
static void read_action(int number, unsigned char *action)
{
	memset(action, 0, ACTION_BYTES);
	assert_int_equal(
		syscall4(SYS_rt_sigaction, number, 0, (long)action, SET_BYTES),
		0);
}

static bool is_blocked(int number)
{
	sigset_t now;

	pthread_sigmask(SIG_SETMASK, NULL, &now);
	return sigismember(&now, number) == 1;
}

static void block(int number, int how)
{
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, number);
	pthread_sigmask(how, &one, NULL);
}

static void check_put_back(int number)
{
	unsigned char before[ACTION_BYTES], after[ACTION_BYTES];

	read_action(number, before);
	handler_install(number, count);
	read_action(number, after);
	assert_memory_not_equal(before, after, ACTION_BYTES);
	handler_remove();
	read_action(number, after);
	assert_memory_equal(before, after, ACTION_BYTES);
}

static void what_was_there_is_put_back_to_the_bit(void **state)
{
	(void)state;
	check_put_back(SIGUSR1);
	signal(SIGUSR1, other);
	check_put_back(SIGUSR1);
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_IGN);
	check_put_back(SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
	check_put_back(SIGUSR1);
}

static void a_signal_is_caught_while_it_is_there(void **state)
{
	(void)state;
	signal(SIGUSR1, other);
	caught = 0;
	handler_install(SIGUSR1, count);
	raise(SIGUSR1);
	assert_int_equal(caught, 1);
	handler_install(SIGUSR1, count); /* prepare comes twice */
	raise(SIGUSR1);
	assert_int_equal(caught, 2);
	handler_remove();
	raise(SIGUSR1);
	assert_int_equal(caught, 102);
	handler_remove(); /* there is none */
	raise(SIGUSR1);
	assert_int_equal(caught, 202);
	signal(SIGUSR1, SIG_DFL);
}

static void a_signal_can_be_ignored(void **state)
{
	(void)state;
	signal(SIGUSR1, other);
	caught = 0;
	handler_install(SIGUSR1, NULL);
	raise(SIGUSR1);
	assert_int_equal(caught, 0);
	handler_remove();
	raise(SIGUSR1);
	assert_int_equal(caught, 100);
	signal(SIGUSR1, SIG_DFL);
}

static void a_blocked_signal_is_let_in_meanwhile(void **state)
{
	(void)state;
	block(SIGUSR1, SIG_BLOCK);
	caught = 0;
	handler_install(SIGUSR1, count);
	raise(SIGUSR1);
	assert_int_equal(caught, 1);
	assert_false(is_blocked(SIGUSR1));
	handler_remove();
	assert_true(is_blocked(SIGUSR1));
	block(SIGUSR1, SIG_UNBLOCK);
}

/* Two threads, as under condition threads: the last one puts back. */
static pthread_barrier_t barrier;

static void *live_beside(void *argument)
{
	handler_install(SIGUSR2, count);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	handler_remove();
	return argument;
}

static void the_last_of_several_threads_puts_back(void **state)
{
	unsigned char before[ACTION_BYTES], after[ACTION_BYTES];
	pthread_t thread;

	(void)state;
	read_action(SIGUSR2, before);
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, live_beside, NULL), 0);
	pthread_barrier_wait(&barrier);
	handler_install(SIGUSR2, count);
	handler_remove();
	caught = 0;
	raise(SIGUSR2);
	assert_int_equal(caught, 1);
	/* Pending, and nobody's any more: the old handler would end us. */
	block(SIGUSR2, SIG_BLOCK);
	raise(SIGUSR2);
	pthread_barrier_wait(&barrier);
	assert_int_equal(pthread_join(thread, NULL), 0);
	block(SIGUSR2, SIG_UNBLOCK);
	read_action(SIGUSR2, after);
	assert_memory_equal(before, after, ACTION_BYTES);
	pthread_barrier_destroy(&barrier);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_there_is_put_back_to_the_bit),
		cmocka_unit_test(a_signal_is_caught_while_it_is_there),
		cmocka_unit_test(a_signal_can_be_ignored),
		cmocka_unit_test(a_blocked_signal_is_let_in_meanwhile),
		cmocka_unit_test(the_last_of_several_threads_puts_back),
	};

	return check_all(tests);
}
