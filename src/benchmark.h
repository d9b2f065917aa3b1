/* SPDX-License-Identifier: MIT */
/*
 * The contract between what is measured (bench/) and how (src/).
 *
 * A group is one file in bench/: an operation, with one row for each way to
 * perform it. The build finds the file, the linker collects the groups, and
 * no other file names them. docs/adding.md builds one in ten lines.
 */
#ifndef SYSCOST_BENCHMARK_H
#define SYSCOST_BENCHMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * What setup prepares and a loop works on; zeroed before setup. The harness
 * reads none of it: a field means what the group's file makes it mean.
 */
struct context {
	long argument;	/* starts as the row's: a clock id, a size */
	int descriptor; /* starts as -1 */
	void *function; /* a resolved symbol */
	void *buffer;
	FILE *stream;
};

/*
 * Rows by which others are read. Each launch times them apart from the
 * selected rows, so that a filtered run has them too.
 */
enum yardstick {
	YARDSTICK_NONE,
	YARDSTICK_LOOP, /* the empty loop: net = value - this */
	YARDSTICK_CALL, /* an empty function: the unit of "x call" */
	YARDSTICK_ADDS, /* 1,000 dependent adds: 1,000 core cycles */
	YARDSTICKS
};

/* What would mark a batch as disturbed, and is what this row is there for. */
enum work {
	WORK_FAULTS = 1,   /* page faults */
	WORK_SWITCHES = 2, /* being switched out, by whom it works with */
};

/*
 * One row: group/path or group/path/variant.
 *
 * run times itself in no way: it performs the operation exactly `calls`
 * times and holds no counter, flag or callback of its own beside the loop's.
 * The hooks may be NULL. They run outside timed regions, in this order:
 * supported, setup, verify (once a run), prepare, run and leave (often),
 * teardown. All rows of a launch are set up at the same time: what would weigh
 * on another row's figure (a second thread, mebibytes to be copied by a fork)
 * is made by prepare and gone after leave.
 * Under condition threads several threads are in run and prepare at once, each
 * with a context of its own, unless the row says `alone`; setup and teardown
 * come one at a time.
 */
struct benchmark {
	const char *path;    /* the way in: libc, syscall, inline, ... */
	const char *variant; /* a size, a clock; NULL: none */
	const char *summary; /* one line, for --list */
	void (*run)(struct context *context, uint64_t calls);

	/* NULL: this machine can; else the reason why not, static text. */
	const char *(*supported)(const struct benchmark *benchmark);
	/* 0 or -errno; what it opened before failing it closes itself. */
	int (*setup)(const struct benchmark *benchmark,
		     struct context *context);
	/* Does it measure what it says? NULL: yes; else what is wrong. */
	const char *(*verify)(struct context *context);
	/* Before each run: back to the state in which a batch starts. */
	void (*prepare)(struct context *context);
	/* After a batch, of one or more runs: what others must not feel. */
	void (*leave)(struct context *context);
	void (*teardown)(struct context *context);

	long argument;	    /* handed to setup through the context */
	const char *symbol; /* a vDSO function; see resolve_vdso */
	double entries;	    /* kernel entries a call, expected: 1, 0, 1/256 */
	const char *uncounted; /* why ptrace cannot count them; NULL: it can */
	const char *alone;     /* why no second thread may be in it meanwhile;
			    * NULL: it may. A run that has an arm with
			    * condition threads leaves such a row out */
	unsigned int per_turn; /* calls that one turn of the loop performs
				 * together: run is asked for multiples of it
				 * only; 0 is 1. See BENCHMARK_TURNS */
	unsigned int work;     /* of enum work: does it, as its work */
	size_t bytes;	       /* moved by one call; 0: not that kind of row */
	bool rehearse;	       /* the untimed run before a timed one is as
				 * long, for rows that walk through memory */
	bool full;	       /* only where the filter names it, or
				 * --profile=full asks for all */
	bool scales;	       /* what --threads takes without a filter: null
				* calls in which threads share nothing, or
				* one thing */
	enum yardstick yardstick;
};

struct benchmark_group {
	const char *name; /* the operation */
	const char *summary;
	const struct benchmark *benchmarks;
	size_t count;
};

/*
 * Defines `name` as a run function that performs `call` again and again.
 * What comes after `call` is declared before the loop, so that the loop
 * itself loads nothing. The empty asm keeps the compiler from merging or
 * dropping iterations; bench/ is compiled with -falign-loops=64, and
 * tests/test_loops checks the machine code.
 */
// clang-format off
#define BENCHMARK_LOOP(name, call, ...)					\
	BENCHMARK_TURNS(name, 1, call, __VA_ARGS__)

/* The same for a call that performs `many` operations together: it is made
 * calls / many times. The row says .per_turn = many. */
#define BENCHMARK_TURNS(name, many, call, ...)				\
	static __attribute__((noinline, aligned(64)))			\
	void name(struct context *context, uint64_t calls)		\
	{								\
		(void)context;						\
		__VA_ARGS__;						\
		do {							\
			(void)(call);					\
			asm volatile("" : : : "memory");		\
		} while (calls -= (many));				\
	}								\
	struct context

/* Defines and registers a group; the rows follow the two texts. */
#define BENCHMARK_GROUP(group, text, ...)				\
	static const struct benchmark group##_rows[] = { __VA_ARGS__ };	\
	static const struct benchmark_group group##_group = {		\
		.name	    = #group,					\
		.summary    = text,					\
		.benchmarks = group##_rows,				\
		.count	    = sizeof(group##_rows) / sizeof(group##_rows[0]), \
	};								\
	static const struct benchmark_group *const group##_entry	\
	__attribute__((used, section("benchmark_groups"))) = &group##_group
// clang-format on

/*
 * `supported` hooks that several groups share: out-of-line entries, which an
 * architecture may lack, and the gate int $0x80 and the vsyscall page, which a
 * kernel may lack (they are tried in a child, which may die); a return to user
 * space that may be by SYSRET or by IRET.
 */
const char *needs_stubs(const struct benchmark *benchmark);
const char *needs_int80(const struct benchmark *benchmark);
const char *needs_vsyscall(const struct benchmark *benchmark);
const char *needs_iret(const struct benchmark *benchmark);

/* For rows of the vsyscall page; `setup` takes the row's argument, an address,
 * for context->function. */
#define VSYSCALL_UNCOUNTED                                                     \
	"it enters by a page fault, at which ptrace does not stop"
int take_address(const struct benchmark *benchmark, struct context *context);

/*
 * For groups that the vDSO may serve: `supported` where the row's symbol must
 * be there, and `setup` that puts its address into context->function, NULL
 * where it is not.
 */
const char *needs_vdso(const struct benchmark *benchmark);
int resolve_vdso(const struct benchmark *benchmark, struct context *context);

/*
 * `setup` and `teardown` of rows that need an open file: /dev/zero. A device
 * has no lock for its position, so that nothing depends on who else has it
 * open (fs/file.c, fdget_pos; fs/open.c, FMODE_ATOMIC_POS).
 */
int open_zero(const struct benchmark *benchmark, struct context *context);
void close_zero(struct context *context);

#endif
