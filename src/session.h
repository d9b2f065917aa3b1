/* SPDX-License-Identifier: MIT */
/* One invocation: what was tried, launched and kept, from start to end. */
#ifndef SYSCOST_SESSION_H
#define SYSCOST_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "cpustat.h"
#include "emulation.h"
#include "history.h"
#include "launcher.h"
#include "message.h"
#include "options.h"
#include "plan.h"
#include "quiet.h"
#include "topology.h"

/* What is kept of a batch in memory; samples.csv has all of it. */
struct sample {
	double ns;	    /* a call */
	float jumps, chain; /* mean of the turns before and after, ticks */
	uint32_t launch;
	uint32_t dirty;
	/* A call, by the PMU; the kernel's cycles too. */
	float cycles, instructions_user, instructions_kernel;
	uint32_t counted; /* bits of enum counter: which of them are known */
};

/* One row of the catalogue, as this session found it. */
struct trial {
	bool selected;
	struct tried tried;
	struct quiet_fit fit;	/* once the summary is made */
	struct sample *samples; /* of all arms */
	size_t count, capacity;
};

struct scaled;

/* One launch that was planned, and what became of it. */
struct launch_record {
	struct planned planned;
	bool done;
	uint64_t wall_ns;
	double timed_ns;   /* inside timed batches */
	uint64_t migrated; /* batches that ended on another CPU */
	unsigned int padding;
	struct launched launched;
	struct scaled *scaled; /* registry_count(); NULL: not noted */
	char problem[192];
};

/* What became of an arm. */
struct arm_record {
	char skipped[192];	  /* why it cannot be run; "" */
	struct state state;	  /* as its worker read it back, else */
	unsigned int verified;	  /* launches whose conditions were in force */
	bool changed;		  /* a launch read another state back */
	struct quiet_level level; /* over its batches; NAN: none */
	double alone, shared;	  /* as the run's */
	bool crowded;	    /* it never had the core alone: its own threads */
	char cpus[256];	    /* of its threads, as a list; scaling's */
	unsigned int cores; /* on so many of them; 0: not known */
};

struct json_t; /* jansson's */

/* What happened to the CPU while the launches that were measured ran, all
 * together: shares are of that time. NAN: no launch knows, or too little time
 * went by to tell 2 % by the kernel's ticks. */
struct totals {
	double steal_share;  /* the hypervisor took */
	double irq_share;    /* went to interrupts, hard and soft */
	double other_share;  /* other processes ran; in arms without company */
	double waited_share; /* the measuring thread was ready, and waited */
	double throttles;    /* of the core and of its package */
	double khz_least, khz_most;
	double drift_ppm;     /* the largest of a launch, whatever its sign */
	uint64_t migrated;    /* batches that ended on another CPU */
	double sibling_share; /* the core's other CPU was busy; NAN: none */
};

struct distributions;

struct session {
	const struct options *options;
	struct json_t *environment; /* as it was at the start; may be NULL */
	struct emulation emulation; /* of the CPU */
	struct arm_record arms[ARMS_MOST]; /* as options->arms */
	unsigned int reference;		   /* the first that can be run */
	double adds_per_ns;		   /* condition work's; 0: not yet */
	struct launcher launcher;
	struct topology_choice choice;
	struct clock clock;
	struct cpu_times sibling_start, sibling_end; /* of choice.sibling */
	double batch_ns;      /* how long a batch is to be */
	struct trial *trials; /* registry_count() */
	struct launch_record *launches;
	unsigned int launch_count; /* planned: arms that can be run x launches */
	unsigned int launches_done;
	uint64_t start_ns, wall_ns; /* by clock_raw_ns */
	int64_t start_time;	    /* seconds since the epoch */
	struct totals totals;
	struct quiet_level level; /* over all batches of the run */
	double alone;		/* share of the time by the empty loops; NAN */
	bool no_quiet;		/* the core was never ours alone */
	struct history history; /* what earlier runs know; may be empty */
	double shared;		/* share of batches on a shared core */
	double yardstick_ns[YARDSTICKS];     /* least of launches; NAN */
	struct distributions *distributions; /* NULL: not asked for */
	bool complete;
	int status;	   /* what the program exits with */
	char problem[512]; /* why not 0, or not complete; "" */
};

/* Notes why the session fails and with what status the program is to exit;
 * returns the status. */
int session_fail(struct session *session, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same of memory that there is none of. */
int session_out_of_memory(struct session *session);

/* A job of that kind for this session's CPU and clock and an arm's conditions;
 * count is 0 yet. */
struct job session_job(const struct session *session, enum job_kind kind,
		       unsigned int arm);

/* How many times their usual length the probes have. */
unsigned int session_probe_scale(const struct session *session);

/* Lists the selected rows from `first` on (`tried`: only those that can be
 * measured) in `tasks`, which has registry_count() places; how many. */
uint32_t session_tasks(const struct session *session, unsigned int first,
		       bool tried, struct task *tasks);

/* Gives the tasks the adds that the arm's condition work asks for. */
void session_add_work(const struct session *session, unsigned int arm,
		      struct task *tasks, uint32_t count);

/* The arms that can be run, by their places in `arms` (ARMS_MOST places). */
unsigned int session_arms(const struct session *session, unsigned int *arms);

/* Cycles a nanosecond of the measuring core, by the chain of adds; NAN where
 * no launch timed it, or where the CPU is emulated: an add there is no cycle. */
double session_core_ghz(const struct session *session);

/* The same of one launch, as it timed it itself. */
double session_launch_ghz(const struct session *session, unsigned int launch);

/* Share of the workers' time, exec to exit, that lay inside timed batches. */
double session_duty_cycle(const struct session *session);

/* Fills totals. */
void session_total(struct session *session);

/* Fills totals, yardstick_ns, level, history, shared and the arms' from what was
 * measured and from the runs beside `path`; 0 or -ENOMEM. */
int session_conclude(struct session *session, const char *path);

#endif
