// SPDX-License-Identifier: MIT
/* What happened to a CPU and to the thread that measures between two moments
 * outside every timed batch. */
#define _GNU_SOURCE
#include "deltas.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"
#include "partner.h"

#define INTERRUPTS_MOST (16 << 20) /* /proc/interrupts: 1,000 CPUs x 1,400 */
#define DRIFT_BLUR_PPM	10	   /* a fifth of what is doubted */

static uint64_t read_count(int cpu, const char *name)
{
	char path[128], line[32];
	const char *at = line;
	uint64_t count;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/%s", cpu,
		 name);
	if (facts_line(path, line, sizeof(line)) || !facts_count(&at, &count))
		return FACTS_UNKNOWN;
	return count;
}

static uint64_t read_interrupts(const char *path, int cpu)
{
	char *text = facts_whole(path, INTERRUPTS_MOST);
	uint64_t count = text ? cpustat_interrupts(text, cpu) : FACTS_UNKNOWN;

	free(text);
	return count;
}

uint64_t deltas_run_delay(const char *text)
{
	uint64_t ran_ns, delay_ns, slices;

	if (!facts_count(&text, &ran_ns) || !facts_count(&text, &delay_ns) ||
	    !facts_count(&text, &slices) || !slices)
		return FACTS_UNKNOWN;
	return delay_ns;
}

/* Nothing here may count towards what is measured. */
static void read_slowly(struct moment *moment, int cpu)
{
	char line[96];

	moment->khz = read_count(cpu, "cpufreq/scaling_cur_freq");
	moment->core_throttles =
		read_count(cpu, "thermal_throttle/core_throttle_count");
	moment->package_throttles =
		read_count(cpu, "thermal_throttle/package_throttle_count");
	moment->interrupts = read_interrupts("/proc/interrupts", cpu);
	moment->softirqs = read_interrupts("/proc/softirqs", cpu);
	facts_file("/proc/self/schedstat", line, sizeof(line));
	moment->run_delay_ns = deltas_run_delay(line);
}

static void read_times(struct moment *moment, int cpu)
{
	struct timespec own;

	cpustat_read(&moment->cpu, cpu);
	moment->own_ns = FACTS_UNKNOWN;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own) == 0)
		moment->own_ns = (uint64_t)own.tv_sec * 1000000000ULL +
				 (uint64_t)own.tv_nsec +
				 (uint64_t)partner_cpu_ns();
}

static void read_usage(struct moment *moment)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	moment->nvcsw = (uint64_t)usage.ru_nvcsw;
	moment->nivcsw = (uint64_t)usage.ru_nivcsw;
	moment->minflt = (uint64_t)usage.ru_minflt;
	moment->majflt = (uint64_t)usage.ru_majflt;
}

void moment_before(struct moment *moment, int cpu, bool counter)
{
	read_slowly(moment, cpu);
	read_times(moment, cpu);
	moment->anchor = clock_anchor(counter);
	read_usage(moment);
}

void moment_after(struct moment *moment, int cpu, bool counter)
{
	read_usage(moment);
	moment->anchor = clock_anchor(counter);
	read_times(moment, cpu);
	read_slowly(moment, cpu);
}

/* A count that went back was begun anew, or a CPU's part of it was. */
static double since(uint64_t before, uint64_t after)
{
	if (before == FACTS_UNKNOWN || after == FACTS_UNKNOWN || after < before)
		return NAN;
	return (double)(after - before);
}

static double known(uint64_t count)
{
	return count == FACTS_UNKNOWN ? NAN : (double)count;
}

/* A CPU that had no time at all since boot is one of a kernel, or a sandbox,
 * that keeps no account. */
static void compare_times(struct deltas *deltas, const struct moment *before,
			  const struct moment *after)
{
	const struct cpu_times *a = &before->cpu, *b = &after->cpu;
	bool counted = b->total && b->total != FACTS_UNKNOWN;
	double ms = counted ? 1000.0 / (double)sysconf(_SC_CLK_TCK) : NAN;

	deltas->ran_ms = since(a->ran, b->ran) * ms;
	deltas->steal_ms = since(a->steal, b->steal) * ms;
	deltas->irq_ms = since(a->irq, b->irq) * ms;
	deltas->softirq_ms = since(a->softirq, b->softirq) * ms;
	deltas->other_ms =
		deltas->ran_ms - since(before->own_ns, after->own_ns) / 1e6;
}

/* An anchor is right to half its bracket, which is wide where each system call
 * takes long, under a tracer for one. */
static double drift_ppm(const struct clock_anchor *from,
			const struct clock_anchor *to, double ticks_per_ns)
{
	double ticks = since(from->ticks, to->ticks);
	double wanted = since(from->raw_ns, to->raw_ns) * ticks_per_ns;
	double blur = (double)(from->width_ticks + to->width_ticks) / 2;

	if (!(wanted > 0) || blur / wanted * 1e6 > DRIFT_BLUR_PPM)
		return NAN;
	return (ticks / wanted - 1) * 1e6;
}

void deltas_between(struct deltas *deltas, const struct moment *before,
		    const struct moment *after, double ticks_per_ns)
{
	compare_times(deltas, before, after);
	deltas->window_ms =
		since(before->anchor.raw_ns, after->anchor.raw_ns) / 1e6;
	deltas->drift_ppm =
		drift_ppm(&before->anchor, &after->anchor, ticks_per_ns);
	deltas->nvcsw = since(before->nvcsw, after->nvcsw);
	deltas->nivcsw = since(before->nivcsw, after->nivcsw);
	deltas->minflt = since(before->minflt, after->minflt);
	deltas->majflt = since(before->majflt, after->majflt);
	deltas->interrupts = since(before->interrupts, after->interrupts);
	deltas->softirqs = since(before->softirqs, after->softirqs);
	deltas->run_delay_ms =
		since(before->run_delay_ns, after->run_delay_ns) / 1e6;
	deltas->core_throttles =
		since(before->core_throttles, after->core_throttles);
	deltas->package_throttles =
		since(before->package_throttles, after->package_throttles);
	deltas->khz_before = known(before->khz);
	deltas->khz_after = known(after->khz);
}

void deltas_forget(struct deltas *deltas)
{
	struct moment nothing;

	memset(&nothing, 0xff, sizeof(nothing)); /* FACTS_UNKNOWN */
	deltas_between(deltas, &nothing, &nothing, 0);
}
