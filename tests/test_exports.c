// SPDX-License-Identifier: MIT
/* Other tools can read what is exported, launch by launch. */
#define _GNU_SOURCE
#include <ctype.h>
#include <jansson.h>
#include <regex.h>
#include <unistd.h>

#include "arch.h"
#include "check.h"
#include "exports.h"
#include "hand_made.h"
#include "summary.h"

static struct hand_made made;
static struct summary summary;

static void make(unsigned int arms)
{
	hand_make(&made, arms, 6);
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 100);
	hand_fill(&made, hand_try(&made, row_named("write/libc/4096"), 16),
		  200);
	assert_int_equal(summary_make(&summary, &made.session), 0);
}

static int release(void **state)
{
	(void)state;
	summary_free(&summary);
	hand_free(&made);
	return 0;
}

static json_t *gbench(void)
{
	char *text = NULL;
	json_t *document;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	assert_int_equal(exports_gbench(&made.session, &summary, file), 0);
	fclose(file);
	document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_for(text, document != NULL);
	free(text);
	return document;
}

static char *benchstat(void)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	exports_benchstat(&made.session, &summary, file);
	fclose(file);
	return text;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_for(key, text != NULL);
	return text;
}

static json_int_t integer_of(const json_t *object, const char *key)
{
	assert_for(key, json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

static double number_of(const json_t *object, const char *key)
{
	assert_for(key, json_is_number(json_object_get(object, key)));
	return json_number_value(json_object_get(object, key));
}

/* What tools/compare.py of Google Benchmark reads of each row. */
static void compare_py_finds_what_it_needs(void **state)
{
	const json_t *rows, *row;
	json_t *document;
	size_t i;

	(void)state;
	make(1);
	document = gbench();
	rows = json_object_get(document, "benchmarks");
	assert_int_equal(json_array_size(rows), 12);
	json_array_foreach(rows, i, row)
	{
		double ns = (i < 6 ? 100 : 200) + (double)(i % 6);

		assert_string_equal(text_of(row, "name"),
				    i < 6 ? "getppid/inline"
					  : "write/libc/4096");
		assert_string_equal(text_of(row, "run_name"),
				    text_of(row, "name"));
		assert_string_equal(text_of(row, "run_type"), "iteration");
		assert_string_equal(text_of(row, "time_unit"), "ns");
		assert_near(number_of(row, "real_time"), ns, 1e-6);
		assert_near(number_of(row, "cpu_time"), ns, 1e-6);
		assert_near(number_of(row, "as_measured_ns"), ns, 1e-6);
		assert_int_equal(integer_of(row, "repetitions"), 6);
		assert_int_equal(integer_of(row, "repetition_index"), i % 6);
		assert_int_equal(integer_of(row, "family_index"), i / 6);
		assert_int_equal(integer_of(row, "per_family_instance_index"),
				 0);
		assert_int_equal(integer_of(row, "iterations"), 400);
		assert_int_equal(integer_of(row, "threads"), 1);
	}
	json_decref(document);
}

static void the_context_is_google_benchmarks(void **state)
{
	const json_t *context;
	json_t *document;
	char host[256] = "";

	(void)state;
	make(1);
	document = gbench();
	context = json_object_get(document, "context");
	gethostname(host, sizeof(host) - 1);
	assert_int_equal(integer_of(context, "json_schema_version"), 1);
	assert_string_equal(text_of(context, "date"),
			    "2023-11-14T22:13:20+00:00");
	assert_string_equal(text_of(context, "host_name"), host);
	assert_int_equal(integer_of(context, "num_cpus"), 2);
	assert_int_equal(integer_of(context, "mhz_per_cpu"), 2000);
	assert_true(json_is_array(json_object_get(context, "caches")));
	assert_int_equal(json_array_size(json_object_get(context, "load_avg")),
			 3);
	assert_string_equal(text_of(context, "library_build_type"), "release");
	json_decref(document);
}

static void a_host_without_a_name_stays_so(void **state)
{
	const json_t *context;
	json_t *document;

	(void)state;
	make(1);
	made.options.anonymous = true;
	document = gbench();
	context = json_object_get(document, "context");
	assert_string_equal(text_of(context, "host_name"), "");
	assert_int_equal(strspn(text_of(context, "kernel"), "0123456789."),
			 strlen(text_of(context, "kernel")));
	json_decref(document);
}

static void an_emulated_cpu_is_said_in_both(void **state)
{
	json_t *document;
	char *text;

	(void)state;
	make(1);
	document = gbench();
	assert_null(json_object_get(json_object_get(document, "context"),
				    "emulated"));
	json_decref(document);
	hand_emulate(&made);
	document = gbench();
	assert_string_equal(
		text_of(json_object_get(document, "context"), "emulated"),
		"tcg, signs and constancy only");
	json_decref(document);
	text = benchstat();
	assert_non_null(strstr(text, "\nemulated: tcg, signs and constancy "
				     "only\nUnit "));
	free(text);
}

/* Rows of one name would count as repetitions of one another. */
static void arms_are_part_of_the_name(void **state)
{
	unsigned int plain = 0, other = 0;
	const json_t *row;
	json_t *document;
	size_t i;

	(void)state;
	make(2);
	document = gbench();
	json_array_foreach(json_object_get(document, "benchmarks"), i, row)
	{
		const char *name = text_of(row, "name");

		plain += strcmp(name, "getppid/inline/arm:plain") == 0;
		other += strcmp(name, "getppid/inline/arm:other") == 0;
		assert_int_equal(integer_of(row, "repetitions"), 6);
	}
	assert_int_equal(plain, 6);
	assert_int_equal(other, 6);
	json_decref(document);
}

static void nothing_measured_is_an_empty_list(void **state)
{
	json_t *document;

	(void)state;
	hand_make(&made, 1, 6);
	assert_int_equal(summary_make(&summary, &made.session), 0);
	document = gbench();
	assert_int_equal(
		json_array_size(json_object_get(document, "benchmarks")), 0);
	json_decref(document);
}

/* golang/perf benchfmt: "key: value" with a lower-case key, "Unit ...", and
 * "Benchmark<Name>" with iterations and pairs of value and unit. */
static void every_line_is_of_the_go_format(void **state)
{
	static const char *const patterns[] = {
		"^[a-z][^A-Z[:space:]:]*: .+$",
		"^Unit [^ ]+ better=lower$",
		("^Benchmark[^a-z[:space:]][^[:space:]]*[[:space:]]+[0-9]+"
		 "([[:space:]]+[0-9]+\\.[0-9]+ [^[:space:]]+)+$"),
	};
	unsigned int seen[COUNT(patterns)] = { 0 };
	char *text, *rest, *line;

	(void)state;
	make(2);
	hand_emulate(&made);
	text = benchstat();
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line) {
		unsigned int matches = 0;

		for (size_t i = 0; i < COUNT(patterns); i++) {
			regex_t regex;
			bool match;

			assert_int_equal(regcomp(&regex, patterns[i],
						 REG_EXTENDED | REG_NOSUB),
					 0);
			match = !regexec(&regex, line, 0, NULL, 0);
			regfree(&regex);
			seen[i] += match;
			matches += match;
		}
		assert_for(line, matches == 1);
	}
	assert_non_null(line);
	assert_null(rest); /* the last line ends in a newline */
	assert_true(seen[0] >= 2);
	assert_int_equal(seen[1], 2);
	assert_int_equal(seen[2], 24);
	free(text);
}

static void a_launch_is_a_line(void **state)
{
	char *text;

	(void)state;
	make(1);
	text = benchstat();
	assert_non_null(strstr(text, "goos: linux\n"));
	assert_non_null(strstr(text, "goarch: " ARCH_NAME "\n"));
	assert_non_null(strstr(text,
			       "\nBenchmarkGetppid/path=inline-1\t400\t"
			       "103.0000 ns/op\t103.0000 as-measured-ns/op\n"));
	assert_non_null(strstr(text, "\nBenchmarkWrite/path=libc/"
				     "variant=4096-1\t400\t205.0000 ns/op\t"));
	free(text);
}

static void an_arm_is_a_key_of_its_own(void **state)
{
	char *text;

	(void)state;
	make(2);
	text = benchstat();
	assert_non_null(strstr(text, "\nBenchmarkGetppid/path=inline/"
				     "arm=other-1\t"));
	free(text);
}

#define released(test) cmocka_unit_test_teardown(test, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		released(compare_py_finds_what_it_needs),
		released(the_context_is_google_benchmarks),
		released(a_host_without_a_name_stays_so),
		released(an_emulated_cpu_is_said_in_both),
		released(arms_are_part_of_the_name),
		released(nothing_measured_is_an_empty_list),
		released(every_line_is_of_the_go_format),
		released(a_launch_is_a_line),
		released(an_arm_is_a_key_of_its_own),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
