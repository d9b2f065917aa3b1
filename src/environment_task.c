// SPDX-License-Identifier: MIT
/* This task's controls and limits, and who watches system calls. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "environment_parts.h"
#include "facts.h"
#include "sheet.h"

#define ASK	      0xffffffff /* personality(2): change nothing */
#define PROGRAMS_MOST 10000

extern char **environ;

static const char *const status_keys[] = {
	"Seccomp",
	"Seccomp_filters",
	"NoNewPrivs",
	"TracerPid",
	"Speculation_Store_Bypass",
	"SpeculationIndirectBranch",
	"Cpus_allowed_list",
	"x86_Thread_features",
};

static void read_status(const struct sheet *task)
{
	char text[8192];
	long length = facts_file("/proc/self/status", text, sizeof(text));

	if (length < 0)
		sheet_null(task, "status", (int)length);
	for (size_t i = 0; i < sizeof(status_keys) / sizeof(status_keys[0]);
	     i++)
		sheet_value(task, status_keys[i], text, status_keys[i]);
}

/* A number that the kernel answers; below 0: -errno. */
static void set_answer(const struct sheet *sheet, const char *key, long answer)
{
	if (answer < 0)
		sheet_null(sheet, key, (int)answer);
	else
		sheet_json(sheet, key, json_integer(answer));
}

/* Bits 0 to 4, Documentation/userspace-api/spec_ctrl.rst. */
static long speculation(unsigned long misfeature)
{
	int answer = prctl(PR_GET_SPECULATION_CTRL, misfeature, 0, 0, 0);

	return answer < 0 ? -errno : answer;
}

static long locked_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return -errno;
	return limit.rlim_cur > INT64_MAX / 2 ? INT64_MAX
					      : (long)limit.rlim_cur;
}

/* The environment's size shifts the stack, and with it what is measured
 * (Mytkowicz et al., ASPLOS 2009). */
static long environment_bytes(void)
{
	long bytes = 0;

	for (char **entry = environ; *entry; entry++)
		bytes += (long)strlen(*entry) + 1;
	return bytes;
}

/* How many programs are loaded; needs CAP_SYS_ADMIN (bpf(2)). */
static long count_programs(void)
{
	union bpf_attr attribute;
	long count = 0;

	memset(&attribute, 0, sizeof(attribute));
	while (count < PROGRAMS_MOST) {
		if (syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attribute,
			    sizeof(attribute)))
			return errno == ENOENT ? count : -errno;
		attribute.start_id = attribute.next_id;
		count++;
	}
	return count;
}

/* Asks the audit subsystem, which answers only those who may control it. */
static long ask_audit(int socket)
{
	struct {
		struct nlmsghdr header;
		struct audit_status status;
		char rest[256];
	} message = { .header = { .nlmsg_len = NLMSG_LENGTH(0),
				  .nlmsg_type = AUDIT_GET,
				  .nlmsg_flags = NLM_F_REQUEST } };
	struct nlmsgerr refusal;
	ssize_t got;

	if (send(socket, &message, message.header.nlmsg_len, 0) < 0)
		return -errno;
	got = recv(socket, &message, sizeof(message), 0);
	if (got < 0)
		return -errno;
	if (got < (ssize_t)NLMSG_LENGTH(sizeof(refusal)))
		return -EPROTO;
	if (message.header.nlmsg_type == AUDIT_GET)
		return (long)message.status.enabled;
	if (message.header.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	memcpy(&refusal, NLMSG_DATA(&message.header), sizeof(refusal));
	return refusal.error ? refusal.error : -EPROTO;
}

/* 0 off, 1 on, 2 on and locked. */
static long audit_state(void)
{
	struct timeval second = { .tv_sec = 1 };
	int audit = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	long state;

	if (audit < 0)
		return -errno;
	setsockopt(audit, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	state = ask_audit(audit);
	close(audit);
	return state;
}

/* A recorded machine has no task to ask. */
static long ask(long (*question)(void))
{
	return facts_are_live() ? question() : -ENODATA;
}

static long store_bypass(void)
{
	return speculation(PR_SPEC_STORE_BYPASS);
}

static long indirect_branch(void)
{
	return speculation(PR_SPEC_INDIRECT_BRANCH);
}

static long l1d_flush(void)
{
	return speculation(2); /* PR_SPEC_L1D_FLUSH, Linux 5.16 */
}

static long own_personality(void)
{
	int answer = personality(ASK);

	return answer < 0 ? -errno : answer;
}

void environment_task(json_t *environment)
{
	struct sheet task = sheet_begin(environment, "task");
	struct sheet observers = sheet_begin(environment, "observers");

	read_status(&task);
	set_answer(&task, "speculation_store_bypass", ask(store_bypass));
	set_answer(&task, "speculation_indirect_branch", ask(indirect_branch));
	set_answer(&task, "speculation_l1d_flush", ask(l1d_flush));
	set_answer(&task, "personality", ask(own_personality));
	set_answer(&task, "memlock_bytes", ask(locked_limit));
	set_answer(&task, "environment_bytes", ask(environment_bytes));
	set_answer(&observers, "bpf_programs", ask(count_programs));
	set_answer(&observers, "audit", ask(audit_state));
}
