// SPDX-License-Identifier: MIT
/* Conditions seccomp and seccomp-bitmap: filters that allow everything. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "condition_kinds.h"
#include "facts.h"

/* Loads an argument. Such a filter's answer is not constant for the kernel
 * (seccomp_is_const_allow in kernel/seccomp.c follows loads of the number and
 * the architecture only), so that it is run at each entry. */
static struct sock_filter each_time[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		 offsetof(struct seccomp_data, args[0])),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* Looks at nothing: since Linux 5.11 a bitmap over the system call table
 * answers for it (seccomp_cache_check_allow). A number beyond the table does
 * not fit the bitmap, and runs the filter. */
static struct sock_filter constant[] = {
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

struct sock_fprog condition_seccomp_program(bool bitmap)
{
	if (bitmap)
		return (struct sock_fprog){ 1, constant };
	return (struct sock_fprog){ 2, each_time };
}

/* The flag keeps speculation controls out of it: without, kernels before 5.16
 * turned SSBD and STIBP on with the filter. Linux before 4.17 has no flag. */
static int install(struct sock_fprog *program)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_SPEC_ALLOW, program) == 0)
		return 0;
	if (errno == EINVAL &&
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) == 0)
		return 0;
	return -errno;
}

/* A number of /proc/self/status; -1 where it is not told. */
static int read_status(const char *key)
{
	char text[8192], value[16];

	if (facts_file("/proc/self/status", text, sizeof(text)) < 0 ||
	    facts_value(text, key, value, sizeof(value)))
		return -1;
	return atoi(value);
}

/* Seccomp_filters is told since Linux 5.9; before, the mode alone is. */
static int check(const struct applying *applying, int before, int count)
{
	int after = read_status("Seccomp_filters");

	if (read_status("Seccomp") != SECCOMP_MODE_FILTER)
		return condition_fail(applying, -EIO,
				      "taken by the kernel, but not in force "
				      "by /proc/self/status");
	if (before >= 0 && after != before + count)
		return condition_fail(applying, -EIO,
				      "%d filters were there, %d were added, "
				      "%d are told",
				      before, count, after);
	return 0;
}

static int stack(const struct applying *applying, bool bitmap, int count)
{
	struct sock_fprog program = condition_seccomp_program(bitmap);
	int before = read_status("Seccomp_filters"), error = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		error = -errno;
	for (int i = 0; i < count && !error; i++)
		error = install(&program);
	if (error)
		return condition_fail(applying, error,
				      "no filter can be set here: %s",
				      strerror(-error));
	return check(applying, before, count);
}

int condition_seccomp(const struct applying *applying)
{
	return stack(applying, false, (int)applying->value);
}

int condition_seccomp_bitmap(const struct applying *applying)
{
	return stack(applying, true, 1);
}
