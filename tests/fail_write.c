// SPDX-License-Identifier: MIT
/*
 * Runs a program on a disk that fails at a chosen call.
 *
 *	fail_write HOW NTH FOLDER LOG PROGRAM [ARGUMENT...]
 *
 * What the program itself, not its children, writes, creates, renames or
 * removes under FOLDER (absolute) is counted and noted in LOG. HOW is `once`:
 * the NTH call fails with EIO; or `full`: from the NTH on all that needs room
 * fails with ENOSPC. Exits as the program does; 77 where that cannot be done.
 *
 * By seccomp's user notification, seccomp_unotify(2): the call waits until this
 * process has said what becomes of it. Linux 5.5.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT	     77
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A call of interest, and which argument tells what it is about. */
static const struct call {
	int number;
	const char *name;
	int path;	 /* which argument; -1: the descriptor, argument 0 */
	bool needs_room; /* on a full disk it fails */
} calls[] = {
	{ SYS_write, "write", -1, true },
	{ SYS_fallocate, "fallocate", -1, true },
	{ SYS_ftruncate, "ftruncate", -1, false },
	{ SYS_openat, "openat", 1, true },
	{ SYS_mkdirat, "mkdirat", 1, true },
	{ SYS_unlinkat, "unlinkat", 1, false },
	{ SYS_renameat2, "renameat2", 1, false },
#ifdef SYS_mkdir /* the older ones, which not every architecture has */
	{ SYS_mkdir, "mkdir", 0, true },
	{ SYS_unlink, "unlink", 0, false },
	{ SYS_rmdir, "rmdir", 0, false },
	{ SYS_rename, "rename", 0, false },
#endif
};

static int install(void)
{
	struct sock_filter filter[COUNT(calls) + 3] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { COUNT(filter), filter };

	for (size_t i = 0; i < COUNT(calls); i++)
		filter[i + 1] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K,
			(unsigned int)calls[i].number,
			(unsigned char)(COUNT(calls) - i), 0);
	filter[COUNT(calls) + 1] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter[COUNT(calls) + 2] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* Sends a descriptor through a socket, or takes one: unix(7). */
static int pass(int line, int descriptor)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	char byte = 0;
	struct iovec bytes = { &byte, 1 };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control.room) };

	if (descriptor < 0) {
		if (recvmsg(line, &message, MSG_CMSG_CLOEXEC) != 1 ||
		    !CMSG_FIRSTHDR(&message))
			return -1;
		memcpy(&descriptor, CMSG_DATA(&control.header),
		       sizeof(descriptor));
		return descriptor;
	}
	memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(descriptor));
	return sendmsg(line, &message, 0) == 1 ? 0 : -1;
}

static void become(int line, char **arguments)
{
	int listener = install();

	if (listener < 0 || pass(line, listener))
		_exit(CANNOT);
	close(listener);
	execv(arguments[0], arguments);
	_exit(CANNOT);
}

static void read_path(char *path, size_t size, pid_t pid, const struct call *c,
		      const struct seccomp_data *data)
{
	char name[64];
	ssize_t length;
	struct iovec here = { path, size - 1 };
	struct iovec there = { NULL, size - 1 };

	if (c->path < 0) {
		snprintf(name, sizeof(name), "/proc/%d/fd/%llu", pid,
			 (unsigned long long)data->args[0]);
		length = readlink(name, path, size - 1);
	} else {
		there.iov_base = (void *)data->args[c->path];
		length = process_vm_readv(pid, &here, 1, &there, 1, 0);
	}
	path[length > 0 ? length : 0] = '\0';
}

struct plan {
	bool full;
	int nth, seen;
	const char *folder;
	FILE *log;
	pid_t program;
};

/* 0: let it go on, or -errno. */
static int decide(struct plan *plan, const struct seccomp_notif *asked)
{
	const struct call *c = calls;
	char path[4096];
	bool fails;

	while (c->number != asked->data.nr)
		c++;
	if ((pid_t)asked->pid != plan->program ||
	    (c->number == SYS_openat && !(asked->data.args[2] & O_CREAT)))
		return 0;
	read_path(path, sizeof(path), plan->program, c, &asked->data);
	if (strncmp(path, plan->folder, strlen(plan->folder)) != 0)
		return 0;
	plan->seen++;
	fails = plan->full ? plan->seen >= plan->nth && c->needs_room
			   : plan->seen == plan->nth;
	fprintf(plan->log, "%d %s %s%s\n", plan->seen, c->name, path,
		fails ? " failed" : "");
	fflush(plan->log);
	return !fails ? 0 : plan->full ? -ENOSPC : -EIO;
}

/* Until nobody is left who could ask. */
static void answer(struct plan *plan, int listener)
{
	union {
		struct seccomp_notif asked;
		char room[1024]; /* later kernels may have larger ones */
	} in;
	union {
		struct seccomp_notif_resp told;
		char room[1024];
	} out;
	struct pollfd ready = { .fd = listener, .events = POLLIN };

	while (poll(&ready, 1, -1) > 0 && (ready.revents & POLLIN)) {
		memset(&in, 0, sizeof(in));
		memset(&out, 0, sizeof(out));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &in))
			continue; /* killed while it waited */
		out.told.id = in.asked.id;
		out.told.error = decide(plan, &in.asked);
		if (!out.told.error)
			out.told.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &out);
	}
}

int main(int count, char **arguments)
{
	struct plan plan = { 0 };
	int line[2], listener, status = 0;

	if (count < 6 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line))
		return CANNOT;
	plan.full = strcmp(arguments[1], "full") == 0;
	plan.nth = atoi(arguments[2]);
	plan.folder = arguments[3];
	plan.log = fopen(arguments[4], "we");
	plan.program = fork();
	if (plan.program == 0)
		become(line[0], &arguments[5]);
	close(line[0]);
	listener = plan.log && plan.program > 0 ? pass(line[1], -1) : -1;
	if (listener >= 0)
		answer(&plan, listener);
	while (waitpid(plan.program, &status, 0) < 0 && errno == EINTR)
		;
	return listener < 0	   ? CANNOT
	       : WIFEXITED(status) ? WEXITSTATUS(status)
				   : 128 + WTERMSIG(status);
}
