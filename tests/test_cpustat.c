// SPDX-License-Identifier: MIT
/* What became of a CPU: its own line, its own column, and nobody else's. The
 * texts are made up after proc(5). */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cpustat.h"
#include "facts.h"
#include "mounts.h"

#define STAT                                                                   \
	"cpu  1 1 1 1 1 1 1 1 0 0\n"                                           \
	"cpu0 9 9 9 9 9 9 9 9 0 0\n"                                           \
	"cpu3 1 2 3 4 5 6 7 80 1000 1000\n"                                    \
	"cpu10 7 7 7 7 7 7 7 7 0 0\n"                                          \
	"intr 5\n"

static void the_line_of_the_cpu_is_read(void **state)
{
	struct cpu_times times;

	(void)state;
	cpustat_times(&times, STAT, 3);
	assert_int_equal(times.ran, 6);
	assert_int_equal(times.irq, 6);
	assert_int_equal(times.softirq, 7);
	assert_int_equal(times.steal, 80);
	assert_int_equal(times.total, 108); /* guests are in user already */
	cpustat_times(&times, STAT, 10);
	assert_int_equal(times.total, 56);
	cpustat_times(&times, STAT + strlen("cpu  1 1 1 1 1 1 1 1 0 0\n"), 0);
	assert_int_equal(times.ran, 27); /* even where it comes first */
}

static void assert_nothing_is_told(const char *text, int cpu)
{
	struct cpu_times times;

	cpustat_times(&times, text, cpu);
	assert_for(text, times.ran == FACTS_UNKNOWN);
	assert_for(text, times.irq == FACTS_UNKNOWN);
	assert_for(text, times.softirq == FACTS_UNKNOWN);
	assert_for(text, times.steal == FACTS_UNKNOWN);
	assert_for(text, times.total == FACTS_UNKNOWN);
}

static void a_cpu_without_a_line_tells_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"cpu",
		"cpu1",
		"cpu1 ",
		"cpu1\n",
		"cpu1 \n2 2 2 2\n",
		"cpu1 x\n",
		"cpu1 -5 1 1 1\n",
		"cpu1 1 1 1 1 1 1 1 1 0 0", /* cut off, perhaps in a number */
		"xcpu1 1 1 1 1 1 1 1 1 0 0\n",
	};

	(void)state;
	assert_nothing_is_told(STAT, 1); /* neither cpu10 nor offline */
	assert_nothing_is_told(STAT, -1);
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_nothing_is_told(texts[i], 1);
}

/* Linux 2.4 had four columns, 2.6 seven until steal came with 2.6.11. */
static void columns_that_are_missing_are_not_zero(void **state)
{
	struct cpu_times times;

	(void)state;
	cpustat_times(&times, "cpu0 1 2 3 4\n", 0);
	assert_int_equal(times.ran, 6);
	assert_int_equal(times.total, 10);
	assert_true(times.irq == FACTS_UNKNOWN);
	assert_true(times.steal == FACTS_UNKNOWN);
	cpustat_times(&times, "cpu0 1 2 3 4 5 6 7\n", 0);
	assert_int_equal(times.softirq, 7);
	assert_int_equal(times.total, 28);
	assert_true(times.steal == FACTS_UNKNOWN);
	cpustat_times(&times, "cpu0 1 2 3\n", 0);
	assert_int_equal(times.ran, 6);
	assert_true(times.total == FACTS_UNKNOWN);
}

static void numbers_too_large_are_not_known(void **state)
{
	struct cpu_times times;

	(void)state;
	cpustat_times(&times, "cpu0 18446744073709551614 1 0 0 0 5 6 7\n", 0);
	assert_true(times.ran == FACTS_UNKNOWN);
	assert_true(times.total == FACTS_UNKNOWN);
	assert_int_equal(times.steal, 7);
	cpustat_times(&times, "cpu0 1 1 1 1 1 1 1 99999999999999999999\n", 0);
	assert_int_equal(times.ran, 3);
	assert_true(times.steal == FACTS_UNKNOWN);
	assert_true(times.total == FACTS_UNKNOWN);
}

/* CPU 1 is offline: its column is missing, not empty. */
#define INTERRUPTS                                                              \
	"           CPU0       CPU2       CPU10      \n"                        \
	"  1:         10         20         30   IO-APIC   1-edge      i8042\n" \
	" 24:          1          2          3  PCI-MSI 8192-edge\n"            \
	"NMI:          0          0          0   Non-maskable interrupts\n"     \
	"LOC:       1000       2000       3000   Local timer interrupts\n"      \
	"ERR:          7\n"                                                     \
	"MIS:          0\n"

static void the_column_of_the_cpu_is_summed(void **state)
{
	(void)state;
	assert_int_equal(cpustat_interrupts(INTERRUPTS, 0), 1011);
	assert_int_equal(cpustat_interrupts(INTERRUPTS, 2), 2022);
	assert_int_equal(cpustat_interrupts(INTERRUPTS, 10), 3033);
	assert_true(cpustat_interrupts(INTERRUPTS, 1) == FACTS_UNKNOWN);
	assert_true(cpustat_interrupts(INTERRUPTS, -1) == FACTS_UNKNOWN);
	assert_int_equal(cpustat_interrupts("                    CPU0\n"
					    "          HI:          1\n"
					    "       TIMER:         41\n",
					    0),
			 42);
}

/* Where there is but one CPU, what counts for none looks like its own. */
static void errors_are_no_interrupts(void **state)
{
	(void)state;
	assert_int_equal(cpustat_interrupts("  CPU0\n 4: 5 IO-APIC\n"
					    "ERR: 100\nMIS: 1000\n",
					    0),
			 5);
	assert_int_equal(cpustat_interrupts("  CPU0\nIPI0: 5 Rescheduling\n"
					    "Err:       100\n",
					    0),
			 5);
}

static void lines_that_are_none_count_nothing(void **state)
{
	(void)state;
	assert_int_equal(cpustat_interrupts(" CPU0 CPU1\n\n\n"
					    " 1: 5\n"	  /* and no CPU 1 */
					    " 2: 5 x\n"	  /* likewise */
					    " 3: 5 -6\n"  /* likewise */
					    " 4 5 6\n"	  /* no colon */
					    ":\n"	  /* nothing */
					    " 5: 10 1\n", /* this one does */
					    0),
			 10);
}

static void what_is_cut_off_is_not_known(void **state)
{
	static const char text[] = INTERRUPTS;

	(void)state;
	for (size_t length = 0; length < sizeof(text) - 1; length++) {
		char *cut = strndup(text, length);
		uint64_t sum = cpustat_interrupts(cut, 2);

		if (length && text[length - 1] == '\n')
			assert_true(sum != FACTS_UNKNOWN);
		else
			assert_true(sum == FACTS_UNKNOWN);
		free(cut);
	}
}

static void sums_too_large_are_not_known(void **state)
{
	(void)state;
	assert_true(cpustat_interrupts("CPU0\n1: 18446744073709551614\n", 0) ==
		    UINT64_MAX - 1);
	assert_true(cpustat_interrupts("CPU0\n1: 18446744073709551614\n"
				       "2: 18446744073709551614\n",
				       0) == FACTS_UNKNOWN);
	assert_true(cpustat_interrupts("CPU0 CPU99999999999999999999\n1: 1 2\n",
				       0) == 1);
}

#define MANY  1024
#define LINES 300

/* A text of a few MB: line i has i for each even CPU, 0 for each odd one. */
static char *interrupts_of_many(void)
{
	size_t size;
	char *text = NULL;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	for (int cpu = 0; cpu < MANY; cpu++)
		fprintf(file, "  CPU%-7d", cpu);
	for (int i = 0; i < LINES; i++) {
		fprintf(file, "\n%4d:", i);
		for (int cpu = 0; cpu < MANY; cpu++)
			fprintf(file, " %10d", cpu % 2 ? 0 : i);
		fputs("  PCI-MSI 4194304-edge  nvme0q1", file);
	}
	fputc('\n', file);
	fclose(file);
	return text;
}

static void many_cpus_have_many_columns(void **state)
{
	char *text = interrupts_of_many();

	(void)state;
	assert_int_equal(cpustat_interrupts(text, MANY - 2),
			 LINES * (LINES - 1) / 2);
	assert_int_equal(cpustat_interrupts(text, MANY - 1), 0);
	assert_true(cpustat_interrupts(text, MANY) == FACTS_UNKNOWN);
	free(text);
}

/* The last of 4,096 CPUs stands far behind the first 64 KB. */
static void a_long_file_is_read_to_its_end(void **state)
{
	size_t size;
	struct cpu_times times;
	char *text = NULL;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	assert_non_null(file);
	for (int cpu = 0; cpu < 4096; cpu++)
		fprintf(file, "cpu%d 1 2 3 4 5 6 7 8 0 0 %60s\n", cpu, "");
	fclose(file);
	if (!mounts_cover("/proc/stat", text)) {
		free(text);
		skip_because("no mounts of one's own are permitted here");
	}
	free(text);
	cpustat_read(&times, 4095);
	assert_int_equal(times.total, 36);
	mounts_uncover("/proc/stat");
}

static void time_goes_on(void **state)
{
	struct cpu_times before, after;

	(void)state;
	cpustat_read(&before, 0);
	if (before.total == FACTS_UNKNOWN || before.steal == FACTS_UNKNOWN)
		skip_because("no /proc/stat with CPU 0 here");
	cpustat_read(&after, 0);
	assert_true(after.total >= before.total);
	assert_true(after.steal <= after.total);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_of_the_cpu_is_read),
		cmocka_unit_test(a_cpu_without_a_line_tells_nothing),
		cmocka_unit_test(columns_that_are_missing_are_not_zero),
		cmocka_unit_test(numbers_too_large_are_not_known),
		cmocka_unit_test(the_column_of_the_cpu_is_summed),
		cmocka_unit_test(errors_are_no_interrupts),
		cmocka_unit_test(lines_that_are_none_count_nothing),
		cmocka_unit_test(what_is_cut_off_is_not_known),
		cmocka_unit_test(sums_too_large_are_not_known),
		cmocka_unit_test(many_cpus_have_many_columns),
		cmocka_unit_test(a_long_file_is_read_to_its_end),
		cmocka_unit_test(time_goes_on),
	};

	return check_all(tests);
}
