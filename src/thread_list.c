// SPDX-License-Identifier: MIT
/* --threads: a list of numbers, and the arms that it stands for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arms.h"
#include "usage.h"

#define THREADS_MOST 1024 /* of condition threads */

/* Keeps the numbers ascending and each once; false: there is no room. */
static bool insert(struct thread_list *list, unsigned int number)
{
	unsigned int at = 0;

	while (at < list->count && list->numbers[at] < number)
		at++;
	if (at < list->count && list->numbers[at] == number)
		return true;
	if (list->count == ARMS_MOST)
		return false;
	memmove(&list->numbers[at + 1], &list->numbers[at],
		(list->count - at) * sizeof(list->numbers[0]));
	list->numbers[at] = number;
	list->count++;
	return true;
}

/* One word of the list. */
static void read_word(struct thread_list *list, const char *word)
{
	if (strcmp(word, "all") == 0) {
		list->all = true;
		return;
	}
	if (!insert(list, (unsigned int)usage_number("threads", word, 1,
						     THREADS_MOST)))
		usage_refuse("--threads: at most %d numbers; name fewer",
			     ARMS_MOST);
}

void arms_read_threads(struct thread_list *list, const char *text)
{
	char word[16];

	for (;; text++) {
		size_t length = strcspn(text, ",");

		if (!length || length >= sizeof(word))
			usage_refuse("--threads=%s: numbers of threads with "
				     "commas between, or all, are needed",
				     text);
		memcpy(word, text, length);
		word[length] = '\0';
		read_word(list, word);
		text += length;
		if (!*text)
			return;
	}
}

int arms_add_threads(struct arm *arms, unsigned int *count,
		     const struct thread_list *list, unsigned int cpus)
{
	struct thread_list whole = *list;

	if (whole.all && !insert(&whole, cpus))
		return -E2BIG;
	for (unsigned int i = 0; i < whole.count; i++) {
		struct arm *arm = &arms[(*count)++];

		*arm = (struct arm){ .wrap = NULL };
		snprintf(arm->name, sizeof(arm->name), "threads-%u",
			 whole.numbers[i]);
		if (whole.numbers[i] == 1)
			continue;
		arm->conditions.set = 1U << CONDITION_THREADS;
		arm->conditions.value[CONDITION_THREADS] = whole.numbers[i];
	}
	return 0;
}
