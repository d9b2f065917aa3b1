// SPDX-License-Identifier: MIT
/* The run folder: hidden, then named; whole launches; nothing overwritten. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "facts.h"
#include "launches.h"
#include "mounts.h"
#include "registry.h"
#include "store.h"

#define HEADER                                                                 \
	"launch,arm,block,seq,benchmark,calls,ticks,ns_per_call,cpu_ns,cpu,"   \
	"migrated,nivcsw,minflt,dirty,probe_before_ticks,probe_after_ticks,"   \
	"chain_before_ticks,chain_after_ticks\n"
#define DISK_BYTES (4 << 20)

/* A folder of the test's own, in which runs are stored. */
static char base[64];
static struct store store;

static int make_base(void **state)
{
	(void)state;
	strcpy(base, "/tmp/syscost-store-XXXXXX");
	return mkdtemp(base) ? 0 : -1;
}

static int remove_base(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

static const char *in_base(const char *name)
{
	static char paths[4][256];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
	return path;
}

static bool exists(const char *name)
{
	struct stat there;

	return lstat(in_base(name), &there) == 0;
}

static unsigned int count_files(const char *name)
{
	DIR *folder = opendir(in_base(name));
	unsigned int count = 0;
	struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		count += strcmp(entry->d_name, ".") != 0 &&
			 strcmp(entry->d_name, "..") != 0;
	closedir(folder);
	return count;
}

static void assert_content(const char *name, const char *wanted)
{
	char text[4096];

	assert_true(facts_file(in_base(name), text, sizeof(text)) >= 0);
	assert_string_equal(text, wanted);
}

static size_t count_lines(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t lines = 0;
	int c, last = 0;

	assert_non_null(file);
	for (; (c = getc(file)) != EOF; last = c)
		lines += c == '\n';
	assert_int_equal(last, '\n');
	fclose(file);
	return lines;
}

static const struct store_place place = { .arm = "plain",
					  .launch = 3,
					  .block = 1 };

static struct row a_row(uint32_t seq)
{
	return (struct row){
		.calls = 1000,
		.ticks = 250000,
		.cpu_ns = 130000,
		.benchmark = 0,
		.seq = seq,
		.cpu = 1,
		.migrated = 0,
		.nivcsw = 2,
		.minflt = 3,
		.before = { .jumps = 1401, .chain = 161 },
		.after = { .jumps = 1402, .chain = 162 },
	};
}

static void a_run_is_hidden_until_it_is_whole(void **state)
{
	(void)state;
	assert_int_equal(store_open(&store, in_base("run"), 0), 0);
	assert_false(exists("run"));
	assert_true(exists(".run.partial/samples.csv"));
	assert_int_equal(store_finish_tables(&store), 0);
	assert_false(exists("run"));
	assert_int_equal(store_commit(&store), 0);
	assert_true(exists("run/samples.csv"));
	assert_content("run/launches.csv", LAUNCHES_HEADER);
	assert_int_equal(count_files("run"), 2);
	assert_int_equal(count_files(""), 1);
}

static void a_row_is_written_as_the_header_says(void **state)
{
	struct row rows[] = { a_row(0), a_row(1) };
	char wanted[1024];

	(void)state;
	rows[1].nivcsw = rows[1].minflt = 0;
	rows[1].calls = 1ULL << 40;
	rows[1].cpu = -1;
	assert_int_equal(store_open(&store, in_base("run"), 0), 0);
	assert_int_equal(store_launch(&store, &place, rows, 2, 2.5), 0);
	assert_int_equal(store_finish_tables(&store), 0);
	assert_int_equal(store_commit(&store), 0);
	snprintf(wanted, sizeof(wanted),
		 HEADER
		 "3,plain,1,0,%s,1000,250000,100.000000,130000,1,0,2,3,1,"
		 "1401,1402,161,162\n"
		 "3,plain,1,1,%s,1099511627776,250000,0.000000,130000,-1,"
		 "0,0,0,0,1401,1402,161,162\n",
		 registry_get(0)->name, registry_get(0)->name);
	assert_content("run/samples.csv", wanted);
}

#define COUNTERS_HEADER                                                        \
	"launch,arm,seq,benchmark,calls,cycles_user,cycles_kernel,"            \
	"instructions_user,instructions_kernel\n"

static struct row a_counted_row(uint32_t seq)
{
	struct row row = a_row(seq);

	row.counts = (struct counts){
		.of = { 2000, 430000, 12000, -7 },
		.counted = (1U << COUNTERS) - 1,
	};
	return row;
}

/* Beside samples.csv, whose rows are the same as ever; what was not counted is
 * an empty cell, and a row with nothing counted is left out. */
static void what_was_counted_has_a_file_of_its_own(void **state)
{
	struct row rows[] = { a_counted_row(0), a_row(1), a_counted_row(2) };
	char wanted[1024];

	(void)state;
	rows[2].counts.counted = 1U << COUNTER_CYCLES_USER |
				 1U << COUNTER_INSTRUCTIONS_USER;
	assert_int_equal(store_open(&store, in_base("run"), 0), 0);
	assert_int_equal(store_launch(&store, &place, rows, 3, 2.5), 0);
	assert_int_equal(store_finish_tables(&store), 0);
	assert_int_equal(store_commit(&store), 0);
	snprintf(wanted, sizeof(wanted),
		 COUNTERS_HEADER "3,plain,0,%s,1000,2000,430000,12000,-7\n"
				 "3,plain,2,%s,1000,2000,,12000,\n",
		 registry_get(0)->name, registry_get(0)->name);
	assert_content("run/counters.csv", wanted);
	assert_int_equal(count_lines(in_base("run/samples.csv")), 4);
}

#define THREADS_HEADER "launch,arm,seq,benchmark,thread,cpu,calls,ticks\n"

/* The main thread first, then each other; a thread that ended no piece stands
 * there with 0. */
static void what_threads_did_has_a_file_of_its_own(void **state)
{
	struct row rows[] = { a_row(0), a_row(1) };
	const struct share shares[] = {
		{ .calls = 800, .ticks = 900, .thread = 1, .cpu = 6 },
		{ .thread = 2, .cpu = 7 },
		{ .calls = 7, .ticks = 9, .seq = 1, .thread = 1, .cpu = 6 },
		{ .calls = 8, .ticks = 5, .seq = 1, .thread = 2, .cpu = 7 },
	};
	const char *name = registry_get(0)->name;
	char wanted[1024], own[64];

	(void)state;
	assert_int_equal(store_open(&store, in_base("run"), 0), 0);
	assert_int_equal(store_shares(&store, &place, rows, 2, NULL, 0), 0);
	assert_null(store.tables[STORE_THREADS].file);
	assert_int_equal(store_shares(&store, &place, rows, 2, shares, 2), 0);
	assert_int_equal(store_launch(&store, &place, rows, 2, 2.5), 0);
	assert_int_equal(store_finish_tables(&store), 0);
	assert_int_equal(store_commit(&store), 0);
	snprintf(own, sizeof(own), "%d,%" PRIu64 ",%" PRIu64, rows[0].cpu,
		 rows[0].calls, rows[0].ticks);
	snprintf(wanted, sizeof(wanted),
		 THREADS_HEADER "3,plain,0,%s,0,%s\n3,plain,0,%s,1,6,800,900\n"
				"3,plain,0,%s,2,7,0,0\n3,plain,1,%s,0,%s\n"
				"3,plain,1,%s,1,6,7,9\n3,plain,1,%s,2,7,8,5\n",
		 name, own, name, name, name, own, name, name);
	assert_content("run/threads.csv", wanted);
	assert_int_equal(count_lines(in_base("run/samples.csv")), 3);
}

static void where_nothing_was_counted_is_no_file(void **state)
{
	struct row row = a_row(0);

	(void)state;
	assert_int_equal(store_open(&store, in_base("run"), 0), 0);
	assert_int_equal(store_launch(&store, &place, &row, 1, 2.5), 0);
	assert_int_equal(store_finish_tables(&store), 0);
	assert_int_equal(store_commit(&store), 0);
	assert_int_equal(count_files("run"), 2);
}

static void what_is_there_is_not_overwritten(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in_base("run"), 0777), 0);
	assert_int_equal(store_open(&store, in_base("run"), 0), -EEXIST);
	assert_int_equal(store_open(&store, in_base("run///"), 0), -EEXIST);
	assert_int_equal(store_open(&store, base, 0), -EEXIST);
	assert_int_equal(count_files(""), 1);
	assert_int_equal(symlink("nowhere", in_base("link")), 0);
	assert_int_equal(store_open(&store, in_base("link"), 0), -EEXIST);
}

static void what_came_meanwhile_is_not_overwritten(void **state)
{
	(void)state;
	assert_int_equal(store_open(&store, in_base("run"), 0), 0);
	assert_int_equal(mkdir(in_base("run"), 0777), 0);
	assert_int_equal(mkdir(in_base("run/precious"), 0777), 0);
	assert_int_equal(store_finish_tables(&store), 0);
	assert_true(store_commit(&store) < 0);
	assert_true(exists("run/precious"));
	assert_true(exists(".run.partial/samples.csv"));
}

static bool system_can_refuse(void)
{
	assert_int_equal(mkdir(in_base("one"), 0777), 0);
	assert_int_equal(mkdir(in_base("two"), 0777), 0);
	return renameat2(AT_FDCWD, in_base("one"), AT_FDCWD, in_base("two"),
			 RENAME_NOREPLACE) &&
	       errno == EEXIST;
}

static void an_empty_folder_is_not_replaced_either(void **state)
{
	(void)state;
	if (!system_can_refuse())
		skip_because("this file system has no RENAME_NOREPLACE");
	assert_int_equal(store_open(&store, in_base("run"), 0), 0);
	assert_int_equal(mkdir(in_base("run"), 0777), 0);
	assert_int_equal(store_finish_tables(&store), 0);
	assert_int_equal(store_commit(&store), -EEXIST);
	assert_true(exists(".run.partial/samples.csv"));
}

static void two_runs_at_once_do_not_share_a_folder(void **state)
{
	struct store other;

	(void)state;
	assert_int_equal(store_open(&store, in_base("run"), 0), 0);
	assert_int_equal(store_open(&other, in_base("run"), 0), -ENOTEMPTY);
	assert_true(exists(".run.partial/samples.csv"));
	store_discard(&store);
}

static void what_is_discarded_leaves_nothing(void **state)
{
	struct row row = a_counted_row(0);
	FILE *file;

	(void)state;
	assert_int_equal(store_open(&store, in_base("run"), 0), 0);
	file = store_create(&store, "run.json");
	assert_non_null(file);
	assert_int_equal(store_written(file), 0);
	assert_int_equal(store_launch(&store, &place, &row, 1, 1), 0);
	store_discard(&store);
	assert_int_equal(count_files(""), 0);
	/* The same once the samples are finished. */
	assert_int_equal(store_open(&store, in_base("run"), 0), 0);
	assert_int_equal(store_finish_tables(&store), 0);
	store_discard(&store);
	assert_int_equal(count_files(""), 0);
}

static void a_path_is_the_callers(void **state)
{
	(void)state;
	assert_int_equal(store_open(&store, in_base("a/b/../run/"), 0), 0);
	assert_int_equal(store_finish_tables(&store), 0);
	assert_int_equal(store_commit(&store), 0);
	assert_true(exists("a/run/samples.csv"));
	assert_true(store_open(&store, in_base("a/run/samples.csv/x"), 0) < 0);
	assert_int_equal(store_open(&store, "", 0), -ENOENT);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	char path[5000];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(store_open(&store, path, 0), -ENAMETOOLONG);
	/* A part that no file system takes. */
	path[400] = '\0';
	assert_int_equal(store_open(&store, path, 0), -ENAMETOOLONG);
}

static void a_file_is_created_once(void **state)
{
	FILE *file;

	(void)state;
	assert_int_equal(store_open(&store, in_base("run"), 0), 0);
	file = store_create(&store, "run.json");
	assert_non_null(file);
	fputs("{}", file);
	assert_int_equal(store_written(file), 0);
	assert_null(store_create(&store, "run.json"));
	assert_int_equal(errno, EEXIST);
	assert_content(".run.partial/run.json", "{}");
	store_discard(&store);
}

static void what_was_not_written_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full)
		skip_because("no /dev/full here");
	fputs("text", full);
	assert_int_equal(store_written(full), -ENOSPC);
}

static void more_than_fits_is_refused_at_once(void **state)
{
	(void)state;
	assert_int_equal(store_open(&store, in_base("run"), 1ULL << 60),
			 -ENOSPC);
	assert_int_equal(count_files(""), 0);
}

/* Lines of launches.csv, 2,000 bytes each, until the disk is full. */
static size_t fill_launches(void)
{
	struct table *launches = &store.tables[STORE_LAUNCHES];
	size_t lines = 0;
	int error;

	do {
		fprintf(launches->file, "%1999zu\n", lines);
		error = table_keep(launches);
	} while (!error && ++lines < 10000);
	assert_int_equal(error, -ENOSPC);
	return lines;
}

/* Fills the disk launch by launch; how many were taken. */
static size_t fill(struct row *rows, size_t count, unsigned int others)
{
	static struct share shares[700];
	size_t launches = 0;
	int error;

	for (uint32_t i = 0; i < count; i++)
		shares[i] = (struct share){ .seq = i, .thread = 1 };
	while (!(error = store_shares(&store, &place, rows, count, shares,
				      others)) &&
	       !(error = store_launch(&store, &place, rows, count, 1)))
		assert_true(++launches < 10000);
	assert_int_equal(error, -ENOSPC);
	return launches;
}

/* All files end with the same launch, or are not there. */
static void check_full_disk(struct row *rows, size_t count, bool counted,
			    unsigned int others)
{
	static char zeros[1 << 19];
	size_t launches, lines;
	FILE *file;

	assert_int_equal(store_open(&store, in_base("run"), 1000), 0);
	launches = fill(rows, count, others);
	assert_true(launches > 1);
	assert_int_equal(store_finish_tables(&store), 0);
	file = store_create(&store, "summary.csv");
	assert_non_null(file);
	assert_int_equal(fwrite(zeros, 1, sizeof(zeros), file), sizeof(zeros));
	assert_int_equal(store_written(file), 0);
	assert_int_equal(store_commit(&store), 0);
	lines = 1 + launches * count;
	assert_int_equal(count_lines(in_base("run/samples.csv")), lines);
	assert_int_equal(exists("run/counters.csv"), counted);
	if (counted)
		assert_int_equal(count_lines(in_base("run/counters.csv")),
				 lines);
	assert_int_equal(exists("run/threads.csv"), others);
	if (others)
		assert_int_equal(count_lines(in_base("run/threads.csv")),
				 1 + 2 * launches * count);
}

/* What a full disk cut off is not kept in part, and what comes at the end
 * still has its room. */
static void a_full_disk_keeps_whole_launches(void **state)
{
	struct row rows[700];

	(void)state;
	for (int turn = 0; turn < 4; turn++) {
		bool counted = turn & 1;

		if (!mounts_disk(base, DISK_BYTES))
			skip_because("no mounts of one's own are permitted "
				     "here");
		for (uint32_t i = 0; i < COUNT(rows); i++)
			rows[i] = counted ? a_counted_row(i) : a_row(i);
		check_full_disk(rows, COUNT(rows), counted, turn / 2);
		mounts_uncover(base);
	}
}

/* The disk is full when counting begins. */
static void counts_of_no_whole_launch_are_no_file(void **state)
{
	struct row rows[700];

	(void)state;
	if (!mounts_disk(base, DISK_BYTES))
		skip_because("no mounts of one's own are permitted here");
	for (uint32_t i = 0; i < COUNT(rows); i++)
		rows[i] = a_row(i);
	assert_int_equal(store_open(&store, in_base("run"), 1000), 0);
	fill(rows, COUNT(rows), 0);
	rows[0] = a_counted_row(0);
	assert_int_equal(store_launch(&store, &place, rows, COUNT(rows), 1),
			 -ENOSPC);
	assert_int_equal(store_finish_tables(&store), 0);
	assert_false(exists(".run.partial/counters.csv"));
	store_discard(&store);
	mounts_uncover(base);
}

/* A disk that one of the tables has filled costs the other nothing either. */
static void a_full_disk_keeps_every_table_whole(void **state)
{
	struct row rows[] = { a_row(0), a_row(1) };
	size_t lines;

	(void)state;
	if (!mounts_disk(base, DISK_BYTES))
		skip_because("no mounts of one's own are permitted here");
	assert_int_equal(store_open(&store, in_base("run"), 1000), 0);
	assert_int_equal(store_launch(&store, &place, rows, COUNT(rows), 1), 0);
	lines = fill_launches();
	assert_true(lines > 1);
	/* Its first page has room yet: whole or not at all. */
	while (!store_launch(&store, &place, rows, COUNT(rows), 1))
		;
	assert_int_equal(store_finish_tables(&store), 0);
	assert_int_equal(store_commit(&store), 0);
	assert_int_equal(count_lines(in_base("run/launches.csv")), 1 + lines);
	assert_true(count_lines(in_base("run/samples.csv")) % 2 == 1);
	assert_true(count_lines(in_base("run/samples.csv")) >= 3);
	mounts_uncover(base);
}

static void a_disk_without_room_for_the_end_is_refused(void **state)
{
	(void)state;
	if (!mounts_disk(base, 1 << 19))
		skip_because("no mounts of one's own are permitted here");
	assert_int_equal(store_open(&store, in_base("run"), 0), -ENOSPC);
	assert_int_equal(count_files(""), 0);
	mounts_uncover(base);
}

#define in_a_folder(test)                                                      \
	cmocka_unit_test_setup_teardown(test, make_base, remove_base)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(a_run_is_hidden_until_it_is_whole),
		in_a_folder(a_row_is_written_as_the_header_says),
		in_a_folder(what_was_counted_has_a_file_of_its_own),
		in_a_folder(what_threads_did_has_a_file_of_its_own),
		in_a_folder(where_nothing_was_counted_is_no_file),
		in_a_folder(what_is_there_is_not_overwritten),
		in_a_folder(what_came_meanwhile_is_not_overwritten),
		in_a_folder(an_empty_folder_is_not_replaced_either),
		in_a_folder(two_runs_at_once_do_not_share_a_folder),
		in_a_folder(what_is_discarded_leaves_nothing),
		in_a_folder(a_path_is_the_callers),
		in_a_folder(a_path_that_is_too_long_is_refused),
		in_a_folder(a_file_is_created_once),
		in_a_folder(what_was_not_written_is_an_error),
		in_a_folder(more_than_fits_is_refused_at_once),
		in_a_folder(a_full_disk_keeps_whole_launches),
		in_a_folder(a_full_disk_keeps_every_table_whole),
		in_a_folder(counts_of_no_whole_launch_are_no_file),
		in_a_folder(a_disk_without_room_for_the_end_is_refused),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
