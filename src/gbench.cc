// SPDX-License-Identifier: MIT
/*
 * Google Benchmark as the scheduler: the only C++, and all that sees the
 * library. Compiles against 1.7.1 and against later ones (the `auto` chain
 * names no type that moved in 1.9.5; a bare min_time is read by all).
 * docs/method.md, "The scheduler", has the traps that shaped it.
 */
#include "gbench.h"

#include <cerrno>
#include <iostream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace
{

/* Our rows go their own way: the library reports nothing. Given explicitly,
 * since the default reporter may be used once only (freed, then used). */
class Silent : public benchmark::BenchmarkReporter
{
      public:
	bool ReportContext(const Context &) override
	{
		return true;
	}
	void ReportRuns(const std::vector<Run> &) override
	{
	}
};

/* Each repetition is over after one batch, since any batch lasts longer than
 * min_time; one repetition a round, so that 1.7.1 has no statistics to
 * compute (and to abort in). The library keeps argv: it must live on. */
void initialize()
{
	static char program[] = "syscost";
	static char time[] = "--benchmark_min_time=1e-6";
	static char repetitions[] = "--benchmark_repetitions=1";
	static char order[] = "--benchmark_enable_random_interleaving=true";
	static char *arguments[] = { program, time, repetitions, order,
				     nullptr };
	int count = 4;

	benchmark::Initialize(&count, arguments);
}

} // namespace

extern "C" int gbench_register(const char *name, gbench_batch *batch,
			       void *argument, uint64_t calls)
try {
	auto run = [batch, argument, calls](benchmark::State &state) {
		while (state.KeepRunningBatch(
			static_cast<benchmark::IterationCount>(calls)))
			state.SetIterationTime(batch(argument));
	};

	/* The library owns what it registers. */
	// NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
	benchmark::RegisterBenchmark(std::string(name).c_str(), run)
		->UseManualTime();
	return 0;
} catch (...) {
	return -ENOMEM;
}

extern "C" int gbench_run(unsigned int rounds)
try {
	Silent silent;

	/* Without /proc or /sys it complains of what it does not find. */
	std::cerr.setstate(std::ios_base::failbit);
	initialize();
	for (unsigned int round = 0; round < rounds; round++)
		benchmark::RunSpecifiedBenchmarks(&silent);
	std::cerr.clear();
	return 0;
} catch (...) {
	return -EIO;
}
