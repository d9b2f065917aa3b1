// SPDX-License-Identifier: MIT
/* What earlier runs in the same folder know of the probes' quiet level. */
#include "history.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record.h"
#include "registry.h"

#define RUNS_MOST  64
#define BYTES_MOST (4 << 20) /* of a run.json */
#define SAME_LEVEL 1.03

/* One earlier run. */
struct earlier {
	json_t *record;
	struct quiet_level level;
};

struct found {
	struct earlier runs[RUNS_MOST];
	unsigned int count;
};

static double number_at(const json_t *object, const char *outer,
			const char *inner)
{
	const json_t *value = json_object_get(object, outer);

	value = inner ? json_object_get(value, inner) : value;
	return json_is_number(value) ? json_number_value(value) : NAN;
}

static bool text_is(const json_t *object, const char *key, const char *wanted)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && wanted[0] && strcmp(text, wanted) == 0;
}

static bool matches(const json_t *record, const struct history_key *key)
{
	const json_t *environment = json_object_get(record, "environment");
	const json_t *kernel = json_object_get(environment, "kernel");

	return number_at(record, "schema", NULL) == RECORD_SCHEMA &&
	       text_is(json_object_get(record, "tool"), "build_id",
		       key->build_id) &&
	       text_is(kernel, "boot_id", key->boot_id) &&
	       number_at(record, "placement", "cpu") == key->cpu &&
	       json_is_false(json_object_get(json_object_get(record, "probe"),
					     "no_quiet_moment"));
}

static bool level_makes_sense(const struct quiet_level *level)
{
	return level->jumps > 1 && level->jumps < 1e9 && level->chain > 1 &&
	       level->chain < 1e9;
}

/* The record's file, unless it is no plain file of a sensible size. */
static json_t *load_record(const char *folder, const char *name)
{
	char path[4400];
	struct stat there;

	snprintf(path, sizeof(path), "%s/%s/run.json", folder, name);
	if (stat(path, &there) || !S_ISREG(there.st_mode) ||
	    there.st_size > BYTES_MOST)
		return NULL;
	return json_load_file(path, 0, NULL);
}

static void consider(struct found *found, json_t *record,
		     const struct history_key *key)
{
	struct earlier *run = &found->runs[found->count];

	if (!record || !matches(record, key)) {
		json_decref(record);
		return;
	}
	run->record = record;
	run->level.jumps = number_at(record, "probe", "quiet_jump_ticks");
	run->level.chain = number_at(record, "probe", "quiet_chain_ticks");
	if (level_makes_sense(&run->level))
		found->count++;
	else
		json_decref(record);
}

static void find_runs(struct found *found, const char *path,
		      const struct history_key *key)
{
	char copy[4096];
	const char *folder;
	struct dirent **names;
	int count;

	snprintf(copy, sizeof(copy), "%s", path);
	folder = dirname(copy);
	count = scandir(folder, &names, NULL, alphasort);
	if (count < 0)
		return;
	while (count-- > 0) {
		if (names[count]->d_name[0] != '.' && found->count < RUNS_MOST)
			consider(found,
				 load_record(folder, names[count]->d_name),
				 key);
		free(names[count]);
	}
	free(names);
}

/* The row's index in this binary, or -1. */
static int find_row(const char *name)
{
	for (unsigned int i = 0; name && i < registry_count(); i++)
		if (strcmp(registry_get(i)->name, name) == 0)
			return (int)i;
	return -1;
}

/* Adds one run's curve to the sums. */
static void add_curve(struct quiet_curve *sum, unsigned int *weight,
		      const json_t *curve)
{
	struct quiet_level level = {
		number_at(curve, "jump_ticks", NULL),
		number_at(curve, "chain_ticks", NULL),
	};
	double jump = number_at(curve, "lent_jump_slope", NULL);
	double chain = number_at(curve, "lent_chain_slope", NULL);

	if (!level_makes_sense(&level) || !(fabs(jump) < 10) ||
	    !(fabs(chain) < 10))
		return;
	sum->level.jumps += level.jumps;
	sum->level.chain += level.chain;
	sum->slope[0] += jump;
	sum->slope[2] += chain;
	++*weight;
}

static void add_run(struct history *history, unsigned int *weights,
		    const struct earlier *run)
{
	const json_t *rows = json_object_get(run->record, "benchmarks");
	const json_t *row;
	size_t i;

	history->runs++;
	history->level.jumps += run->level.jumps;
	history->level.chain += run->level.chain;
	json_array_foreach(rows, i, row)
	{
		int index = find_row(
			json_string_value(json_object_get(row, "name")));

		if (index >= 0)
			add_curve(&history->curves[index], &weights[index],
				  json_object_get(row, "curve"));
	}
}

static void take_means(struct history *history, const unsigned int *weights)
{
	history->level.jumps /= history->runs;
	history->level.chain /= history->runs;
	for (unsigned int i = 0; i < registry_count(); i++) {
		struct quiet_curve *curve = &history->curves[i];

		if (!weights[i])
			continue;
		curve->known = true;
		curve->level.jumps /= weights[i];
		curve->level.chain /= weights[i];
		curve->slope[0] /= weights[i];
		curve->slope[2] /= weights[i];
	}
}

/* Only runs that saw the quietest level of all count. */
static int combine(struct history *history, const struct found *found)
{
	unsigned int *weights = calloc(registry_count(), sizeof(*weights));
	double quietest = INFINITY;

	history->curves = calloc(registry_count(), sizeof(*history->curves));
	if (!weights || !history->curves) {
		free(weights);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < found->count; i++)
		quietest = fmin(quietest, found->runs[i].level.jumps);
	for (unsigned int i = 0; i < found->count; i++)
		if (found->runs[i].level.jumps <= SAME_LEVEL * quietest)
			add_run(history, weights, &found->runs[i]);
	take_means(history, weights);
	free(weights);
	return 0;
}

int history_read(struct history *history, const char *path,
		 const struct history_key *key)
{
	struct found *found = calloc(1, sizeof(*found));
	int error = 0;

	*history = (struct history){ 0 };
	if (!found)
		return -ENOMEM;
	find_runs(found, path, key);
	if (found->count)
		error = combine(history, found);
	for (unsigned int i = 0; i < found->count; i++)
		json_decref(found->runs[i].record);
	free(found);
	return error;
}

void history_free(struct history *history)
{
	free(history->curves);
	history->curves = NULL;
	history->runs = 0;
}
