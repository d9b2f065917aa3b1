// SPDX-License-Identifier: MIT
/* Reads facts of the machine from /proc and /sys. */
#include "facts.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

long facts_file(const char *path, char *text, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got = 0;

	text[0] = '\0';
	if (file < 0)
		return -errno;
	while (length < size - 1) {
		got = read(file, text + length, size - 1 - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	if (got < 0)
		got = -errno;
	close(file);
	text[length] = '\0';
	return got < 0 ? got : (long)length;
}

int facts_line(const char *path, char *line, size_t size)
{
	long length = facts_file(path, line, size);

	if (length < 0)
		return (int)length;
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

/* The text behind the key and its colon, or NULL. */
static const char *behind_key(const char *line, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) != 0)
		return NULL;
	line += length;
	line += strspn(line, " \t");
	if (*line != ':')
		return NULL;
	return line + 1 + strspn(line + 1, " \t");
}

int facts_value(const char *text, const char *key, char *value, size_t size)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *found;
		size_t length;

		line += *line == '\n';
		found = behind_key(line, key);
		if (!found)
			continue;
		length = strcspn(found, "\n");
		while (length && isspace((unsigned char)found[length - 1]))
			length--;
		if (length >= size)
			length = size - 1;
		memcpy(value, found, length);
		value[length] = '\0';
		return 0;
	}
	return -ENODATA;
}

int facts_cpuinfo(const char *key, char *value, size_t size)
{
	char text[16384]; /* the first CPU's block is enough */
	long length = facts_file("/proc/cpuinfo", text, sizeof(text));

	if (length < 0)
		return (int)length;
	return facts_value(text, key, value, size);
}

bool facts_has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += length) {
		bool begins = at == text || isspace((unsigned char)at[-1]);
		char end = at[length];

		if (begins && (!end || isspace((unsigned char)end)))
			return true;
	}
	return false;
}
