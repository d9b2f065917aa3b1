/* SPDX-License-Identifier: MIT */
/* From samples to estimates: one a benchmark and arm. */
#ifndef SYSCOST_SUMMARY_H
#define SYSCOST_SUMMARY_H

#include <stdio.h>

#include "session.h"

enum summary_flag {
	FLAG_FALLS_BACK = 1 << 0,     /* enters the kernel, and should not */
	FLAG_ENTRIES_DIFFER = 1 << 1, /* counted another number than said */
	FLAG_UNCOUNTED = 1 << 2,      /* tracing was not possible */
	FLAG_UNSTABLE = 1 << 3,	      /* mdape >= 5 % as measured */
	FLAG_FEW = 1 << 4,	      /* under 6 launches: no 95 % interval */
	FLAG_NO_QUIET = 1 << 5,	      /* no quiet moment: an extrapolation */
	FLAG_MODES = 1 << 6,	      /* its launches lie in two clusters */
	FLAG_EMULATED = 1 << 7,	      /* signs and constancy only */
};

/* In ns a call unless said otherwise; NAN: not known. */
struct estimate {
	unsigned int benchmark, arm;
	unsigned int launches;
	size_t batches;
	double quiet, quiet_low, quiet_high, confidence;
	double median, median_low, median_high;
	double floor, p25, p75, mean;
	double mdape; /* a share */
	double median_ticks, net, core_cycles;
	bool cycles_counted; /* core_cycles is the PMU's, else an estimate */
	double instructions_user, instructions_kernel; /* a call */
	double dirty_share, quiet_share;
	unsigned int flags;
	double *launch_quiet; /* `launches` places, in order */
	double *launch_median;
};

struct summary {
	struct estimate *estimates; /* arm by arm within a benchmark */
	size_t count;
};

/* 0 or -ENOMEM; summary_free releases it. */
int summary_make(struct summary *summary, const struct session *session);
void summary_free(struct summary *summary);

/* Fills what the PMU counted of an estimate's batches; what it did not is left
 * as it is. `level` says which are quiet; `work` has room for the trial's
 * samples, `medians` for the launches. */
void summary_count(struct estimate *estimate, const struct session *session,
		   const struct trial *trial, const struct quiet_level *level,
		   double *work, double *medians);

/* summary.csv, as docs/formats.md has it. */
void summary_write(const struct summary *summary, const struct session *session,
		   FILE *file);

/* The flags as words with a space between; the length as of snprintf. */
int summary_flag_text(unsigned int flags, char *text, size_t size);

#endif
