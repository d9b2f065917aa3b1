// SPDX-License-Identifier: MIT
/*
 * Feeds a target without libFuzzer: its seeds as they are, then a number of
 * mutations of them, the same in each run.
 *
 *	fuzz_TARGET MUTATIONS SEEDS DICTIONARY
 *	fuzz_TARGET FILE          (one input, as libFuzzer writes it)
 *
 * SEEDS names a file a line. What breaks the target, or takes it more than ten
 * seconds, is left behind as fuzz-broken-input.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#define SEEDS_MOST  512
#define WORDS_MOST  128
#define SEED_MOST   (1 << 17)
#define MUTANT_MOST 4096 /* what libFuzzer takes, too */
#define BROKEN	    "fuzz-broken-input"
#define PATIENCE_s  10

struct bytes {
	uint8_t *data;
	size_t size;
};

static struct bytes seeds[SEEDS_MOST], words[WORDS_MOST];
static size_t seed_count, word_count;
static struct bytes running;

/* Sanitizers have it; a build without them ends by a signal. */
void __sanitizer_set_death_callback(void (*callback)(void))
	__attribute__((weak));

static void keep_input(void)
{
	int file = open(BROKEN, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	if (file >= 0 && write(file, running.data, running.size) >= 0)
		close(file);
}

static void on_signal(int number)
{
	static const char late[] = "driver: no end within ten seconds\n";

	if (number == SIGALRM && write(2, late, sizeof(late) - 1) < 0)
		_exit(2);
	keep_input();
	_exit(1);
}

static void watch(void)
{
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(keep_input);
	else
		signal(SIGSEGV, on_signal);
	signal(SIGABRT, on_signal);
	signal(SIGALRM, on_signal);
}

static void run(const uint8_t *data, size_t size)
{
	running.data = fuzz_buffer(size);
	running.size = size;
	if (size)
		memcpy(running.data, data, size);
	alarm(PATIENCE_s);
	LLVMFuzzerTestOneInput(running.data, size);
	free(running.data);
}

/* xorshift64 (Marsaglia 2003): the same numbers everywhere. */
static uint64_t draw(uint64_t below)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

/* Folders and links among the machines' files are no seeds. */
static bool read_seed(const char *path, struct bytes *seed)
{
	struct stat about;
	FILE *file;

	if (lstat(path, &about) < 0 || !S_ISREG(about.st_mode))
		return false;
	file = fopen(path, "rb");
	must(file);
	seed->data = fuzz_buffer(SEED_MOST);
	seed->size = fread(seed->data, 1, SEED_MOST, file);
	fclose(file);
	return true;
}

static void read_seeds(const char *list)
{
	FILE *file = fopen(list, "r");
	char line[4096];

	must(file);
	while (seed_count < SEEDS_MOST && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		seed_count += read_seed(line, &seeds[seed_count]);
	}
	fclose(file);
	must(seed_count);
}

/* One character of a dictionary's value: itself, or \\, \" or \xHH. */
static const char *read_escaped(const char *from, uint8_t *to)
{
	if (from[0] == '\\' && from[1] == 'x') {
		unsigned int value = 0;

		must(sscanf(from + 2, "%2x", &value) == 1);
		*to = (uint8_t)value;
		return from + 4;
	}
	from += from[0] == '\\';
	*to = (uint8_t)*from;
	return from + 1;
}

/* Lines of name="value" (libFuzzer's format); others are comments. */
static void read_words(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256];

	must(file);
	while (word_count < WORDS_MOST && fgets(line, sizeof(line), file)) {
		const char *at = strchr(line, '"');
		struct bytes *word = &words[word_count];

		if (line[0] == '#' || !at)
			continue;
		word->data = fuzz_buffer(sizeof(line));
		for (at++; *at && *at != '"'; word->size++)
			at = read_escaped(at, &word->data[word->size]);
		word_count++;
	}
	fclose(file);
	must(word_count);
}

static void insert(struct bytes *mutant, const uint8_t *data, size_t size)
{
	size_t at = draw(mutant->size + 1);

	if (size > MUTANT_MOST - mutant->size)
		return;
	memmove(mutant->data + at + size, mutant->data + at, mutant->size - at);
	memcpy(mutant->data + at, data, size);
	mutant->size += size;
}

static void erase(struct bytes *mutant)
{
	size_t at = draw(mutant->size + 1);
	size_t size = draw(mutant->size - at + 1);

	memmove(mutant->data + at, mutant->data + at + size,
		mutant->size - at - size);
	mutant->size -= size;
}

/* A part of any seed. */
static void transplant(struct bytes *mutant)
{
	const struct bytes *other = &seeds[draw(seed_count)];
	size_t at = draw(other->size + 1);
	size_t size = draw(other->size - at + 1);

	insert(mutant, other->data + at, size < 256 ? size : 256);
}

static void mutate(struct bytes *mutant)
{
	const struct bytes *word = &words[draw(word_count)];
	uint8_t byte = (uint8_t)draw(256);

	switch (draw(6)) {
	case 0:
		if (mutant->size)
			mutant->data[draw(mutant->size)] ^= 1 << draw(8);
		break;
	case 1:
		if (mutant->size)
			mutant->data[draw(mutant->size)] = byte;
		break;
	case 2:
		insert(mutant, &byte, 1);
		break;
	case 3:
		insert(mutant, word->data, word->size);
		break;
	case 4:
		transplant(mutant);
		break;
	default:
		erase(mutant);
	}
}

static void run_mutants(long count)
{
	static uint8_t data[MUTANT_MOST];

	while (count--) {
		const struct bytes *seed = &seeds[draw(seed_count)];
		struct bytes mutant = { .data = data };

		mutant.size = seed->size < MUTANT_MOST ? seed->size
						       : MUTANT_MOST;
		memcpy(data, seed->data, mutant.size);
		for (uint64_t times = 1 + draw(8); times; times--)
			mutate(&mutant);
		run(data, mutant.size);
	}
}

static void release(struct bytes *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].data);
}

int main(int count, char **arguments)
{
	struct bytes one;

	watch();
	if (count == 2 && read_seed(arguments[1], &one)) {
		run(one.data, one.size);
		release(&one, 1);
		return 0;
	}
	if (count != 4) {
		fprintf(stderr, "usage: %s MUTATIONS SEEDS DICTIONARY | FILE\n",
			arguments[0]);
		return 2;
	}
	read_seeds(arguments[2]);
	read_words(arguments[3]);
	for (size_t i = 0; i < seed_count; i++)
		run(seeds[i].data, seeds[i].size);
	run_mutants(atol(arguments[1]));
	printf("%zu seeds, %s mutations\n", seed_count, arguments[1]);
	release(seeds, seed_count);
	release(words, word_count);
	return 0;
}
