// SPDX-License-Identifier: MIT
/* Each doubt about a machine comes up on facts made for it, and on no other. */
#include <jansson.h>
#include <string.h>

#include "check.h"
#include "doubts.h"
#include "hand_made.h"
#include "version.h"

static struct doubt doubts[DOUBTS_MOST];
static struct session session;

/* All that is said of a machine with these facts and two CPUs. */
static size_t find_all(const char *facts)
{
	json_t *environment = json_loads(facts, 0, NULL);
	size_t count;

	assert_for(facts, environment != NULL);
	session.environment = environment;
	session.choice.cpus = 2;
	count = doubts_find(doubts, DOUBTS_MACHINE, &session, NULL);
	json_decref(environment);
	session.environment = NULL;
	return count;
}

static const struct doubt *find(const char *id, const char *facts)
{
	size_t count = find_all(facts);

	for (size_t i = 0; i < count; i++)
		if (strcmp(doubts[i].id, id) == 0)
			return &doubts[i];
	return NULL;
}

static const struct {
	const char *id;
	enum severity severity;
	const char *doubtful;
	const char *message; /* a part of it */
	const char *clean;
} cases[] = {
	{ "mitigations_unknown", SEVERITY_SERIOUS,
	  "{\"unreadable\": {\"mitigations.vulnerabilities\": \"EACCES\"}}",
	  "EACCES", "{\"unreadable\": {}}" },
	{ "traced", SEVERITY_SERIOUS, "{\"task\": {\"TracerPid\": \"77\"}}",
	  "pid 77", "{\"task\": {\"TracerPid\": \"0\"}}" },
	{ "tracer", SEVERITY_SERIOUS,
	  "{\"observers\": {\"tracer\": \"function\"}}", "function",
	  "{\"observers\": {\"tracer\": \"nop\"}}" },
	{ "seccomp", SEVERITY_DOUBT,
	  "{\"task\": {\"Seccomp\": \"2\", \"Seccomp_filters\": \"3\"}}",
	  "mode 2, 3 filters", "{\"task\": {\"Seccomp\": \"0\"}}" },
	{ "kpti_unknown", SEVERITY_DOUBT,
	  "{\"mitigations\": {\"derived\": {\"kpti\": "
	  "{\"state\": \"unknown\"}}}}",
	  "KASLR",
	  "{\"mitigations\": {\"derived\": {\"kpti\": {\"state\": \"off\"}}}}" },
	{ "tracepoints", SEVERITY_DOUBT,
	  "{\"observers\": {\"tracepoints\": \"X\"}}", "some",
	  "{\"observers\": {\"tracepoints\": \"0\"}}" },
	{ "audit", SEVERITY_DOUBT, "{\"observers\": {\"audit\": 1}}", "audit",
	  "{\"observers\": {\"audit\": 0}}" },
	{ "audit_unknown", SEVERITY_NOTE,
	  "{\"observers\": {\"audit\": null, \"loginuid\": \"1000\"}}",
	  "login id",
	  "{\"observers\": {\"audit\": null, \"loginuid\": \"4294967295\"}}" },
	{ "audit_unknown", SEVERITY_NOTE,
	  "{\"observers\": {\"loginuid\": \"0\"}}", "login id",
	  "{\"observers\": {\"audit\": 0, \"loginuid\": \"1000\"}}" },
	{ "debug_kernel", SEVERITY_DOUBT,
	  "{\"kernel\": {\"config\": {\"options\": "
	  "{\"CONFIG_KASAN\": \"y\"}}}}",
	  "CONFIG_KASAN",
	  "{\"kernel\": {\"config\": {\"options\": "
	  "{\"CONFIG_KASAN\": \"n\", \"CONFIG_HZ\": \"y\"}}}}" },
	{ "governor", SEVERITY_DOUBT,
	  "{\"frequency\": {\"governor\": \"schedutil\", "
	  "\"driver\": \"acpi-cpufreq\"}}",
	  "schedutil of acpi-cpufreq",
	  "{\"frequency\": {\"governor\": \"performance\"}}" },
	{ "turbo", SEVERITY_NOTE, "{\"frequency\": {\"no_turbo\": \"0\"}}",
	  "turbo", "{\"frequency\": {\"no_turbo\": \"1\"}}" },
	{ "turbo", SEVERITY_NOTE, "{\"frequency\": {\"boost\": \"1\"}}",
	  "turbo", "{\"frequency\": {\"boost\": \"0\"}}" },
	{ "nohz_pstate", SEVERITY_DOUBT,
	  "{\"kernel\": {\"nohz_full\": \"2-7\"}, "
	  "\"frequency\": {\"driver\": \"intel_pstate\"}}",
	  "2-7",
	  "{\"kernel\": {\"nohz_full\": \"(null)\"}, "
	  "\"frequency\": {\"driver\": \"intel_pstate\"}}" },
	{ "nohz_pstate", SEVERITY_DOUBT,
	  "{\"kernel\": {\"nohz_full\": \"2-7\"}, "
	  "\"frequency\": {\"driver\": \"intel_pstate\"}}",
	  "2-7",
	  "{\"kernel\": {\"nohz_full\": \"2-7\"}, "
	  "\"frequency\": {\"driver\": \"amd-pstate\"}}" },
	{ "battery", SEVERITY_DOUBT,
	  "{\"power\": {\"supplies\": [{\"status\": null}, "
	  "{\"status\": \"Discharging\"}]}}",
	  "battery",
	  "{\"power\": {\"supplies\": [{\"status\": \"Charging\"}]}}" },
	{ "clocksource", SEVERITY_DOUBT,
	  "{\"kernel\": {\"clocksource\": \"hpet\"}}", "hpet",
	  "{\"kernel\": {\"clocksource\": \"kvm-clock\"}}" },
	{ "clocksource", SEVERITY_DOUBT,
	  "{\"kernel\": {\"clocksource\": \"acpi_pm\"}}", "acpi_pm",
	  "{\"kernel\": {\"clocksource\": \"tsc-early\"}}" },
	{ "busy", SEVERITY_NOTE, "{\"loadavg\": \"1.50 0.1 0.1 1/99 7\"}",
	  "1.5 tasks ran on 2 CPUs", "{\"loadavg\": \"0.99 9 9 1/99 7\"}" },
	{ "throttled_before", SEVERITY_NOTE,
	  "{\"thermal\": {\"core_throttles\": \"12\"}}", "12 times",
	  "{\"thermal\": {\"core_throttles\": \"0\"}}" },
	{ "guest", SEVERITY_NOTE, "{\"hypervisor\": true}", "flag",
	  "{\"hypervisor\": false, \"guest\": {\"signature\": \"\"}}" },
	{ "guest", SEVERITY_NOTE, "{\"guest\": {\"signature\": \"KVMKVMKVM\"}}",
	  "KVMKVMKVM", "{\"hypervisor\": null}" },
	{ "guest", SEVERITY_NOTE, "{\"guest\": {\"hypervisor\": \"xen\"}}",
	  "xen", "{\"hypervisor\": null}" },
	{ "guest", SEVERITY_NOTE,
	  "{\"hypervisor\": true, \"guest\": {\"emulated_by\": \"none\"}}",
	  "flag",
	  "{\"hypervisor\": true, \"guest\": {\"emulated_by\": \"tcg\"}}" },
	{ "emulated", SEVERITY_SERIOUS,
	  "{\"guest\": {\"emulated_by\": \"tcg\", "
	  "\"emulated_how\": \"a trace\"}}",
	  "emulated: signs and constancy only (tcg, by a trace)",
	  "{\"guest\": {\"emulated_by\": \"none\", "
	  "\"emulated_how\": \"nothing\"}}" },
	{ "container", SEVERITY_NOTE,
	  "{\"guest\": {\"container\": \"podman\"}}", "podman",
	  "{\"guest\": {\"container\": \"none\"}}" },
	{ "livepatch", SEVERITY_NOTE,
	  "{\"kernel\": {\"livepatches\": [\"a\", \"b\"]}}", "2 live",
	  "{\"kernel\": {\"livepatches\": []}}" },
};

static void each_doubt_has_its_facts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct doubt *doubt =
			find(cases[i].id, cases[i].doubtful);

		assert_for(cases[i].id, doubt != NULL);
		assert_int_equal(doubt->severity, cases[i].severity);
		assert_for(doubt->message,
			   strstr(doubt->message, cases[i].message) != NULL);
		assert_true(strlen(doubt->remedy) > 0);
		assert_for(cases[i].id,
			   find(cases[i].id, cases[i].clean) == NULL);
	}
}

/* Nothing is said of what could not be read, but for this build. */
static void nothing_known_is_no_doubt(void **state)
{
	size_t count = find_all("{}");

	(void)state;
	for (size_t i = 0; i < count; i++)
		assert_string_equal(doubts[i].id, "debug_build");
	assert_int_equal(count, strcmp(SYSCOST_BUILD_TYPE, "Release") != 0);
}

static void one_cpu_is_few(void **state)
{
	(void)state;
	assert_null(find("few_cpus", "{}"));
	session.choice.cpus = 1;
	assert_true(doubts_find(doubts, DOUBTS_MACHINE, &session, NULL) > 0);
	session.choice.cpus = 2;
}

static void another_machines_topology_is_told(void **state)
{
	(void)state;
	assert_null(find("topology", "{}"));
	session.choice.foreign = true;
	assert_non_null(find("topology", "{}"));
	session.choice.foreign = false;
}

/* What needs a clock or a summary is not asked for before there is one. */
static void the_machine_is_doubted_before_the_run(void **state)
{
	size_t machine, clock;

	(void)state;
	session.clock.counter = false;
	machine = find_all("{}");
	clock = doubts_find(doubts, DOUBTS_CLOCK, &session, NULL);
	assert_int_equal(clock, machine + 1);
	assert_int_equal(doubts[0].severity, SEVERITY_SERIOUS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_doubt_has_its_facts),
		cmocka_unit_test(nothing_known_is_no_doubt),
		cmocka_unit_test(one_cpu_is_few),
		cmocka_unit_test(another_machines_topology_is_told),
		cmocka_unit_test(the_machine_is_doubted_before_the_run),
	};

	return check_all(tests);
}
