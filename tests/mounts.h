/* SPDX-License-Identifier: MIT */
/* Files and disks that only this test sees: a mount namespace of its own,
 * where the system permits one. It ends with the process. */
#ifndef SYSCOST_MOUNTS_H
#define SYSCOST_MOUNTS_H

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static inline bool mounts_write(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	bool written = file >= 0 &&
		       write(file, text, strlen(text)) == (ssize_t)strlen(text);

	if (file >= 0)
		close(file);
	return written;
}

/* Without root's rights: as root of a user namespace. */
static inline bool mounts_as_user(void)
{
	char users[64], groups[64];

	snprintf(users, sizeof(users), "0 %u 1", (unsigned int)geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1", (unsigned int)getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       mounts_write("/proc/self/setgroups", "deny") &&
	       mounts_write("/proc/self/uid_map", users) &&
	       mounts_write("/proc/self/gid_map", groups);
}

/* Enters the namespace, once; false: not permitted here. */
static inline bool mounts_begin(void)
{
	static bool tried, entered;

	if (!tried)
		entered = (unshare(CLONE_NEWNS) == 0 || mounts_as_user()) &&
			  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ==
				  0;
	tried = true;
	return entered;
}

/* Lets `path` read as `text` until it is uncovered. */
static inline bool mounts_cover(const char *path, const char *text)
{
	char name[] = "/tmp/syscost-cover-XXXXXX";
	bool covered;
	int file;

	if (!mounts_begin())
		return false;
	file = mkstemp(name);
	if (file < 0)
		return false;
	covered = write(file, text, strlen(text)) == (ssize_t)strlen(text) &&
		  mount(name, path, NULL, MS_BIND, NULL) == 0;
	close(file);
	unlink(name);
	return covered;
}

static inline void mounts_uncover(const char *path)
{
	umount2(path, MNT_DETACH);
}

/* A disk of `bytes` on the folder `path`; mounts_uncover takes it away. */
static inline bool mounts_disk(const char *path, size_t bytes)
{
	char size[32];

	snprintf(size, sizeof(size), "size=%zu", bytes);
	return mounts_begin() && mount("none", path, "tmpfs", 0, size) == 0;
}

#endif
