// SPDX-License-Identifier: MIT
/* What is tried in a child leaves this process as it was. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"
#include "check.h"

static int touched;

static int touch_and_tell(const void *argument)
{
	touched++;
	return *(const int *)argument;
}

static int end_by(const void *argument)
{
	raise(*(const int *)argument);
	return 0;
}

static int is_without_core_file(const void *unused)
{
	struct rlimit limit;

	(void)unused;
	return getrlimit(RLIMIT_CORE, &limit) || limit.rlim_cur ||
	       limit.rlim_max;
}

static void nobody_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void what_it_returns_is_told(void **state)
{
	static const int results[] = { 0, 1, 255 };

	(void)state;
	for (size_t i = 0; i < COUNT(results); i++)
		assert_int_equal(attempt_in_child(touch_and_tell, &results[i]),
				 results[i]);
	assert_int_equal(touched, 0);
	nobody_is_left();
}

static void a_signal_ends_the_child_alone(void **state)
{
	static const int signals[] = { SIGILL, SIGSEGV, SIGKILL };

	(void)state;
	let_children_crash();
	for (size_t i = 0; i < COUNT(signals); i++)
		assert_int_equal(attempt_in_child(end_by, &signals[i]),
				 -ECHILD);
	nobody_is_left();
}

static void it_leaves_no_core_file(void **state)
{
	(void)state;
	assert_int_equal(attempt_in_child(is_without_core_file, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_returns_is_told),
		cmocka_unit_test(a_signal_ends_the_child_alone),
		cmocka_unit_test(it_leaves_no_core_file),
	};

	return check_all(tests);
}
