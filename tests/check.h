/* SPDX-License-Identifier: MIT */
/* What the tests share beside cmocka: doubles, skipping, crashing children. */
#ifndef SYSCOST_CHECK_H
#define SYSCOST_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* cmocka 1.1.5 compares floats, not doubles. */
static inline void check_near(double got, double wanted, double tolerance,
			      const char *file, int line)
{
	if (fabs(got - wanted) <= tolerance)
		return;
	print_error("%.12g is not %.12g (within %g)\n", got, wanted, tolerance);
	_fail(file, line);
}
#define assert_near(got, wanted, tolerance)                                    \
	check_near(got, wanted, tolerance, __FILE__, __LINE__)

/* Prints what it was about when one case of a table fails. */
#define assert_for(what, condition)                                            \
	do {                                                                   \
		if (!(condition)) {                                            \
			print_error("%s: %s\n", what, #condition);             \
			_fail(__FILE__, __LINE__);                             \
		}                                                              \
	} while (0)

/* What is absent has not failed: the reason goes with the skip. */
static unsigned int checks_skipped;
#define skip_because(...)                                                      \
	do {                                                                   \
		print_message("skipped: " __VA_ARGS__);                        \
		print_message("\n");                                           \
		checks_skipped++;                                              \
		skip();                                                        \
	} while (0)

/* cmocka catches crashes by signal handlers, which children inherit: one that
 * is meant to die would go on with the tests instead. */
static inline void let_children_crash(void)
{
	static const int deadly[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS };

	for (size_t i = 0; i < COUNT(deadly); i++)
		signal(deadly[i], SIG_DFL);
}

/* 77 tells ctest that all of a file's tests were skipped. */
static inline int check_status(int failures, size_t tests)
{
	return failures ? 1 : checks_skipped == tests ? 77 : 0;
}
#define check_all(tests)                                                       \
	check_status(cmocka_run_group_tests(tests, NULL, NULL), COUNT(tests))

#endif
