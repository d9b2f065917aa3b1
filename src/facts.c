// SPDX-License-Identifier: MIT
/* Reads facts of the machine from /proc and /sys. */
#define _GNU_SOURCE
#include "facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAMES_MOST  4096
#define FIRST_BYTES 16384

static int root = -1; /* the folder of a recorded machine */

/* Is a look-up that stays within a folder to be had? Not before Linux 5.6, nor
 * under qemu-user. */
static int try_within(int folder)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT };
	long file = syscall(SYS_openat2, folder, "/", &how, sizeof(how));

	if (file < 0)
		return -errno;
	close((int)file);
	return 0;
}

int facts_set_root(const char *folder)
{
	int opened = -1, error;

	if (folder) {
		opened = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
		error = opened < 0 ? -errno : try_within(opened);
		if (error && opened >= 0)
			close(opened);
		if (error)
			return error;
	}
	if (root >= 0)
		close(root);
	root = opened;
	return 0;
}

bool facts_are_live(void)
{
	return root < 0;
}

/* A recorded machine may hold a FIFO, which must not keep us waiting. */
static int open_fact(const char *path, int flags)
{
	int waiting = flags & O_PATH ? 0 : O_NONBLOCK;
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC | waiting),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long file;

	if (facts_are_live())
		file = open(path, flags | O_CLOEXEC);
	else
		file = syscall(SYS_openat2, root, path, &how, sizeof(how));
	return file < 0 ? -errno : (int)file;
}

/* Reads until the file or the room ends; the length or -errno. */
static long read_all(int file, char *text, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(file, text + length, size - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	return (long)length;
}

long facts_file(const char *path, char *text, size_t size)
{
	int file = open_fact(path, 0);
	long length;

	text[0] = '\0';
	if (file < 0)
		return file;
	length = read_all(file, text, size - 1);
	close(file);
	text[length < 0 ? 0 : length] = '\0';
	return length;
}

/* Files of /proc and /sys do not tell their size beforehand. */
static long read_growing(int file, char **text, size_t most)
{
	size_t length = 0;

	for (size_t size = FIRST_BYTES;; size *= 2) {
		char *grown = realloc(*text, size);
		long got = grown ? read_all(file, grown + length,
					    size - 1 - length)
				 : -ENOMEM;

		*text = grown ? grown : *text;
		if (got < 0)
			return got;
		length += (size_t)got;
		if (length > most)
			return -EFBIG;
		if (length < size - 1)
			return (long)length;
	}
}

long facts_whole_file(const char *path, char **text, size_t most)
{
	int file = open_fact(path, 0);
	long length;

	*text = NULL;
	if (file < 0)
		return file;
	length = read_growing(file, text, most);
	close(file);
	if (length < 0) {
		free(*text);
		*text = NULL;
		return length;
	}
	(*text)[length] = '\0';
	return length;
}

char *facts_whole(const char *path, size_t most)
{
	char *text;
	long length = facts_whole_file(path, &text, most);

	if (length < 0)
		errno = (int)-length;
	return text;
}

static int by_number(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(DIR *folder, char ***names)
{
	struct dirent *entry;
	int count = 0;

	*names = calloc(NAMES_MOST, sizeof(**names));
	if (!*names)
		return -ENOMEM;
	while (count < NAMES_MOST && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		(*names)[count] = strdup(entry->d_name);
		if (!(*names)[count++]) {
			facts_free_names(*names, count);
			return -ENOMEM;
		}
	}
	qsort(*names, (size_t)count, sizeof(**names), by_number);
	return count;
}

int facts_names(const char *path, char ***names)
{
	int file = open_fact(path, O_DIRECTORY), count;
	DIR *folder;

	if (file < 0)
		return file;
	folder = fdopendir(file);
	if (!folder) {
		close(file);
		return -ENOMEM;
	}
	count = read_names(folder, names);
	closedir(folder);
	return count;
}

void facts_free_names(char **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	if (count >= 0)
		free(names);
}

bool facts_exist(const char *path)
{
	int file = open_fact(path, O_PATH);

	if (file >= 0)
		close(file);
	return file >= 0;
}

int facts_line(const char *path, char *line, size_t size)
{
	long length = facts_file(path, line, size);

	if (length < 0)
		return (int)length;
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

int facts_cpuinfo(const char *key, char *value, size_t size)
{
	char text[16384]; /* the first CPU's block is enough */
	long length = facts_file("/proc/cpuinfo", text, sizeof(text));

	if (length < 0)
		return (int)length;
	return facts_value(text, key, value, size);
}
