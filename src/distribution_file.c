// SPDX-License-Identifier: MIT
/* distribution.csv and histogram.csv: what single calls took. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "distribution.h"
#include "registry.h"

typedef void print_cell(FILE *file, const struct session *session,
			const struct distribution *distribution,
			unsigned int benchmark, unsigned int arm);

static void print_number(FILE *file, double value, const char *format)
{
	fputc(',', file);
	if (isfinite(value))
		fprintf(file, format, value);
}

static void print_distribution(FILE *file, const struct session *session,
			       const struct distribution *distribution,
			       unsigned int benchmark, unsigned int arm)
{
	struct distribution_quantile quantile;

	fprintf(file, "%s,%s,%u,%" PRIu64, distribution_name(benchmark),
		session->options->arms[arm].name, distribution->launches,
		distribution->ticks.calls);
	print_number(file,
		     distribution_quantile(session, distribution, 0, &quantile),
		     "%.4f");
	for (int i = 0; i < DISTRIBUTION_QUANTILES; i++) {
		distribution_quantile(session, distribution, i, &quantile);
		print_number(file, quantile.middle, "%.4f");
		print_number(file, quantile.low, "%.4f");
		print_number(file, quantile.high, "%.4f");
	}
	print_number(file,
		     (double)distribution->ticks.most /
			     session->clock.ticks_per_ns,
		     "%.4f");
	fprintf(file, ",%" PRIu64 ",%" PRIu64 "\n", distribution->nivcsw,
		distribution->minflt);
}

/* The last bucket has no upper bound. */
static void print_histogram(FILE *file, const struct session *session,
			    const struct distribution *distribution,
			    unsigned int benchmark, unsigned int arm)
{
	double rate = session->clock.ticks_per_ns;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t high = histogram_high(i);

		if (!distribution->ticks.counts[i])
			continue;
		fprintf(file, "%s,%s,%.4f", distribution_name(benchmark),
			session->options->arms[arm].name,
			(double)histogram_low(i) / rate);
		print_number(file,
			     high == UINT64_MAX ? NAN : (double)high / rate,
			     "%.4f");
		fprintf(file, ",%" PRIu32 "\n", distribution->ticks.counts[i]);
	}
}

/* The stamps first, since all else holds them; then as the catalogue is. */
static int write_file(const struct session *session, const struct store *store,
		      const char *name, const char *head, print_cell *print)
{
	unsigned int arms = session->options->arm_count;
	FILE *file = store_create(store, name);
	int error;

	if (!file)
		return -errno;
	fprintf(file, "%s\n", head);
	for (unsigned int i = 0; i <= registry_count(); i++) {
		unsigned int benchmark = i ? i - 1 : registry_count();

		for (unsigned int arm = 0; arm < arms; arm++) {
			const struct distribution *distribution =
				distribution_get(session, benchmark, arm);

			if (distribution)
				print(file, session, distribution, benchmark,
				      arm);
		}
	}
	error = store_written(file);
	if (error)
		store_remove(store, name);
	return error;
}

int distribution_save(const struct session *session, const struct store *store)
{
	int error, written;

	if (!session->distributions || !session->distributions->launches_done)
		return 0;
	error = write_file(session, store, "distribution.csv",
			   "benchmark,arm,launches,calls,confidence,"
			   "p50_ns,p50_low_ns,p50_high_ns,"
			   "p90_ns,p90_low_ns,p90_high_ns,"
			   "p99_ns,p99_low_ns,p99_high_ns,"
			   "p999_ns,p999_low_ns,p999_high_ns,"
			   "max_ns,nivcsw,minflt",
			   print_distribution);
	written = write_file(session, store, "histogram.csv",
			     "benchmark,arm,low_ns,high_ns,count",
			     print_histogram);
	return error ? error : written;
}
