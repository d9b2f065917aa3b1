// SPDX-License-Identifier: MIT
/* Every architecture keeps the contract of asm/README.md. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "check.h"

#define PAGE 4096L

/* Calls with all arguments through the stub and through the inline entries
 * are checked alike. */
typedef long entry(long number, long a, long b, long c, long d, long e, long f);

static long inline_enter(long number, long a, long b, long c, long d, long e,
			 long f)
{
	return syscall6(number, a, b, c, d, e, f);
}

static long stub_enter(long number, long a, long b, long c, long d, long e,
		       long f)
{
	return stub_syscall6(number, a, b, c, d, e, f);
}

static void who_am_i_is_the_c_librarys_answer(void **state)
{
	(void)state;
	assert_int_equal(syscall0(SYS_getpid), getpid());
	assert_int_equal(syscall0(SYS_getppid), getppid());
	assert_int_equal(syscall0(SYS_getuid), getuid());
	assert_int_equal(stub_syscall0(SYS_getpid), getpid());
	assert_int_equal(stub_syscall0(SYS_getppid), getppid());
	assert_int_equal(stub_syscall0(SYS_getuid), getuid());
}

static void a_failing_call_returns_its_errno_negated(void **state)
{
	(void)state;
	assert_int_equal(syscall1(SYS_close, -1), -EBADF);
	assert_int_equal(syscall3(SYS_read, -1, 0, 0), -EBADF);
	assert_int_equal(stub_syscall6(SYS_close, -1, 0, 0, 0, 0, 0), -EBADF);
	assert_int_equal(syscall1(SYS_uname, 0), -EFAULT);
	assert_int_equal(stub_syscall6(SYS_uname, 0, 0, 0, 0, 0, 0), -EFAULT);
}

static void errno_is_the_c_librarys_alone(void **state)
{
	(void)state;
	errno = 77;
	assert_int_equal(syscall1(SYS_close, -1), -EBADF);
	assert_int_equal(stub_syscall6(SYS_close, -1, 0, 0, 0, 0, 0), -EBADF);
	assert_int_equal(errno, 77);
}

static void nobody_serves_the_invalid_number(void **state)
{
	(void)state;
	if (syscall(ARCH_INVALID_NUMBER) != -1 || errno != ENOSYS)
		skip_because("a filter answers unused numbers its own way");
	assert_int_equal(syscall0(ARCH_INVALID_NUMBER), -ENOSYS);
	assert_int_equal(stub_syscall0(ARCH_INVALID_NUMBER), -ENOSYS);
}

/* Results beyond 32 bits, and those that look like small errors but are not:
 * only [-4095, -1] is an error. */
static void a_large_result_is_no_error(void **state)
{
	int file = memfd_create("large", 0);

	(void)state;
	assert_true(file >= 0);
	assert_true(syscall3(SYS_lseek, file, 1L << 40, SEEK_SET) == 1L << 40);
	assert_true(stub_syscall6(SYS_lseek, file, (1L << 40) + 1, SEEK_SET, 0,
				  0, 0) == (1L << 40) + 1);
	close(file);
}

static void one_argument_arrives(void **state)
{
	struct utsname names, kernels;

	(void)state;
	assert_int_equal(uname(&names), 0);
	memset(&kernels, 0, sizeof(kernels));
	assert_int_equal(syscall1(SYS_uname, (long)&kernels), 0);
	assert_string_equal(kernels.release, names.release);
}

static void two_arguments_arrive(void **state)
{
	struct timespec libc, raw = { -1, -1 };

	(void)state;
	assert_int_equal(clock_getres(CLOCK_MONOTONIC, &libc), 0);
	assert_int_equal(
		syscall2(SYS_clock_getres, CLOCK_MONOTONIC, (long)&raw), 0);
	assert_int_equal(raw.tv_sec, libc.tv_sec);
	assert_int_equal(raw.tv_nsec, libc.tv_nsec);
}

static void three_arguments_arrive(void **state)
{
	char text[8] = "";
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(syscall3(SYS_write, ends[1], (long)"12345", 4), 4);
	assert_int_equal(syscall3(SYS_read, ends[0], (long)text, 8), 4);
	assert_string_equal(text, "1234");
	close(ends[0]);
	close(ends[1]);
}

static void four_arguments_arrive(void **state)
{
	int file = memfd_create("four", 0);
	char text[8] = "";

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(syscall4(SYS_pwrite64, file, (long)"abcdef", 6, 100),
			 6);
	assert_int_equal(syscall4(SYS_pread64, file, (long)text, 3, 102), 3);
	assert_string_equal(text, "cde");
	assert_int_equal(lseek(file, 0, SEEK_END), 106);
	close(file);
}

/* mremap to a place of our own choosing: its fifth argument. */
static void five_arguments_arrive(void **state)
{
	char *from = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *to =
		mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(from != MAP_FAILED && to != MAP_FAILED);
	strcpy(from, "moved");
	assert_true(syscall5(SYS_mremap, (long)from, PAGE, PAGE,
			     MREMAP_MAYMOVE | MREMAP_FIXED,
			     (long)to) == (long)to);
	assert_string_equal(to, "moved");
	munmap(to, PAGE);
}

/* A fixed place, two pages long, shared, readable only, of this file, from
 * its third page on: a wrong or exchanged argument gives something else. */
static void check_six(entry *enter)
{
	int file = memfd_create("six", 0);
	char *place = mmap(NULL, 4 * PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *mapped;

	assert_true(file >= 0 && place != MAP_FAILED);
	for (int page = 0; page < 5; page++) {
		char text[8];

		snprintf(text, sizeof(text), "page %d", page);
		assert_int_equal(pwrite(file, text, sizeof(text), page * PAGE),
				 sizeof(text));
	}
	mapped = (char *)enter(SYS_mmap, (long)place, 2 * PAGE, PROT_READ,
			       MAP_SHARED | MAP_FIXED, file, 2 * PAGE);
	assert_ptr_equal(mapped, place);
	assert_string_equal(mapped, "page 2");
	assert_string_equal(mapped + PAGE, "page 3");
	assert_int_equal(pwrite(file, "shared", 7, 2 * PAGE), 7);
	assert_string_equal(mapped, "shared");
	/* Not readable behind its two pages, not writable within them. */
	assert_int_equal(pwrite(file, place + 2 * PAGE, 1, 0), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(pread(file, mapped, 1, 0), -1);
	assert_int_equal(errno, EFAULT);
	munmap(place, 4 * PAGE);
	close(file);
}

static void six_arguments_arrive_inline(void **state)
{
	(void)state;
	check_six(inline_enter);
}

static void six_arguments_arrive_through_the_stub(void **state)
{
	(void)state;
	check_six(stub_enter);
}

/*
 * Ten values that the compiler knows nothing about are kept over a call: in
 * the registers that a call must keep, or, around an inline entry, in any
 * that it says it leaves alone. In C, so that it holds for any architecture;
 * what a call breaks shows as a value that changed.
 */
#define opaque(value) asm volatile("" : "+r"(value))
#define KEEPS(call)                                                            \
	do {                                                                   \
		unsigned long a = 11, b = 22, c = 33, d = 44, e = 55, f = 66,  \
			      g = 77, h = 88, i = 99, j = 110;                 \
		opaque(a);                                                     \
		opaque(b);                                                     \
		opaque(c);                                                     \
		opaque(d);                                                     \
		opaque(e);                                                     \
		opaque(f);                                                     \
		opaque(g);                                                     \
		opaque(h);                                                     \
		opaque(i);                                                     \
		opaque(j);                                                     \
		(void)(call);                                                  \
		opaque(a);                                                     \
		opaque(b);                                                     \
		opaque(c);                                                     \
		opaque(d);                                                     \
		opaque(e);                                                     \
		opaque(f);                                                     \
		opaque(g);                                                     \
		opaque(h);                                                     \
		opaque(i);                                                     \
		opaque(j);                                                     \
		assert_for(#call, a == 11 && b == 22 && c == 33 && d == 44 &&  \
					  e == 55 && f == 66 && g == 77 &&     \
					  h == 88 && i == 99 && j == 110);     \
	} while (0)

static void registers_survive_inline_entries(void **state)
{
	struct timespec time;
	long x = 1, y = 2, z = 3;

	(void)state;
	KEEPS(syscall0(SYS_getpid));
	KEEPS(syscall0(ARCH_INVALID_NUMBER));
	KEEPS(syscall1(SYS_close, -1));
	KEEPS(syscall2(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&time));
	/* What was handed in is still there afterwards, too. */
	opaque(x);
	opaque(y);
	opaque(z);
	assert_int_equal(syscall6(ARCH_INVALID_NUMBER, x, y, z, x, y, z),
			 syscall0(ARCH_INVALID_NUMBER));
	assert_true(x == 1 && y == 2 && z == 3);
}

static void registers_survive_stubs(void **state)
{
	void *ring = &ring;

	(void)state;
	KEEPS(stub_syscall0(SYS_getpid));
	KEEPS(stub_syscall0(ARCH_INVALID_NUMBER));
	KEEPS(stub_syscall6(SYS_close, -1, 2, 3, 4, 5, 6));
	KEEPS((stub_return(), 0));
	KEEPS(stub_take0());
	KEEPS(stub_take6(1, 2, 3, 4, 5, 6));
	KEEPS((stub_add_chain(3), 0));
	KEEPS((stub_count_down(3), 0));
	KEEPS((stub_taken_jumps(3), 0));
	KEEPS(stub_load_chain(ring, 3));
}

static void registers_survive_the_counter(void **state)
{
	(void)state;
	KEEPS(counter_begin());
	KEEPS(counter_end());
	KEEPS(counter_stated_hz());
	KEEPS(counter_is_invariant());
	KEEPS(empty_loop_cycles());
	KEEPS(hundred_jumps_cycles());
}

/* One of the probes at the most tells a core of one's own from a shared one. */
static void one_probe_tells_a_neighbour(void **state)
{
	(void)state;
	assert_in_range(empty_loop_cycles(), 0, 1);
	assert_in_range(hundred_jumps_cycles(), 0, 200);
	assert_true(!empty_loop_cycles() || !hundred_jumps_cycles());
}

static void a_signature_is_a_text(void **state)
{
	char signature[13];

	(void)state;
	memset(signature, '#', sizeof(signature));
	hypervisor_signature(signature);
	assert_true(strnlen(signature, sizeof(signature)) <= 12);
}

/* Counters of different CPUs need not agree: stay on one. */
static void the_counter_moves_forward(void **state)
{
	int cpu = sched_getcpu();
	uint64_t first, last;
	cpu_set_t one;

	(void)state;
	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0 : cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	first = last = counter_begin();
	for (int i = 0; i < 100000; i++) {
		uint64_t begin = counter_begin(), end = counter_end();

		assert_true(last <= begin && begin <= end);
		last = end;
	}
	assert_true(last > first);
}

/* As the timed loops are, so that two paths do not differ by their place. */
static void stubs_begin_a_line(void **state)
{
	static const void *const stubs[] = {
		stub_syscall0,	 stub_syscall6,	  stub_return,
		stub_add_chain,	 stub_count_down, stub_taken_jumps,
		stub_load_chain, stub_take0,	  stub_take1,
		stub_take2,	 stub_take3,	  stub_take4,
		stub_take5,	 stub_take6,
	};

	(void)state;
	if (!ARCH_HAS_STUBS)
		skip_because("this architecture has no stubs");
	for (size_t i = 0; i < COUNT(stubs); i++)
		assert_int_equal((uintptr_t)stubs[i] % 64, 0);
}

static void chains_of_no_length_end_at_once(void **state)
{
	void *cell = &cell;

	(void)state;
	stub_add_chain(0);
	stub_count_down(0);
	stub_taken_jumps(0);
	assert_ptr_equal(stub_load_chain(cell, 0), cell);
}

static void the_load_chain_goes_from_cell_to_cell(void **state)
{
	void *cells[7];

	(void)state;
	for (size_t i = 0; i < COUNT(cells); i++)
		cells[i] = &cells[(i + 3) % COUNT(cells)];
	for (size_t loads = 0; loads < 30; loads++)
		assert_ptr_equal(stub_load_chain(cells, loads),
				 &cells[3 * loads % COUNT(cells)]);
}

/* The least of many attempts, so that a preemption does not count. */
#define LEAST(call)                                                            \
	({                                                                     \
		uint64_t least_ = UINT64_MAX;                                  \
		for (int i_ = 0; i_ < 200; i_++) {                             \
			uint64_t begin_ = counter_begin();                     \
			(void)(call);                                          \
			begin_ = counter_end() - begin_;                       \
			least_ = begin_ < least_ ? begin_ : least_;            \
		}                                                              \
		least_;                                                        \
	})

/* Ten times the length takes clearly longer, and a hundred adds or jumps a
 * step longer than a bare step, or they are not run. */
static void chains_take_time_by_their_length(void **state)
{
	void *ring = &ring;

	(void)state;
	assert_true(LEAST((stub_add_chain(500), 0)) >
		    4 * LEAST((stub_add_chain(50), 0)));
	assert_true(LEAST((stub_count_down(50000), 0)) >
		    4 * LEAST((stub_count_down(5000), 0)));
	assert_true(LEAST((stub_taken_jumps(500), 0)) >
		    4 * LEAST((stub_taken_jumps(50), 0)));
	assert_true(LEAST((stub_add_chain(500), 0)) >
		    8 * LEAST((stub_count_down(500), 0)));
	assert_true(LEAST((stub_taken_jumps(500), 0)) >
		    8 * LEAST((stub_count_down(500), 0)));
	assert_true(LEAST(stub_load_chain(ring, 50000)) >
		    4 * LEAST(stub_load_chain(ring, 5000)));
}

static void the_legacy_gate_gives_the_same_answers(void **state)
{
	const char *lacking;

	(void)state;
	let_children_crash();
	lacking = needs_int80(NULL);
	if (lacking)
		skip_because("%s", lacking);
	assert_int_equal(int80_syscall0(ARCH_INT80_GETPID), getpid());
	assert_int_equal(int80_syscall0(ARCH_INT80_GETPPID), getppid());
	assert_int_equal(int80_syscall0(ARCH_INT80_GETUID), getuid());
	assert_int_equal(int80_syscall0(ARCH_INVALID_NUMBER), -ENOSYS);
	KEEPS(int80_syscall0(ARCH_INT80_GETPID));
}

static volatile sig_atomic_t trapped;

static void note_and_skip(int number, siginfo_t *info, void *context)
{
	(void)info;
	trapped = number;
	trap_skip(number, context);
}

/* Each ends in its signal, once, and goes on behind. */
static void traps_are_caught_and_skipped(void **state)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO }, before[3];
	static const int numbers[] = { SIGSEGV, SIGILL, SIGTRAP };
	void *page =
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int seen[COUNT(numbers)];

	(void)state;
	if (!ARCH_HAS_TRAPS)
		skip_because("this architecture has no such instructions");
	action.sa_sigaction = note_and_skip;
	for (size_t i = 0; i < COUNT(numbers); i++)
		sigaction(numbers[i], &action, &before[i]);
	for (int i = 0; i < 100; i++) {
		trapped = 0;
		trap_store(page);
		seen[0] = trapped;
		trap_undefined();
		seen[1] = trapped;
		trap_breakpoint();
		seen[2] = trapped;
	}
	for (size_t i = 0; i < COUNT(numbers); i++)
		sigaction(numbers[i], &before[i], NULL);
	munmap(page, PAGE);
	assert_memory_equal(seen, numbers, sizeof(seen));
}

static void registers_survive_traps(void **state)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO }, before;

	(void)state;
	if (!ARCH_HAS_TRAPS)
		skip_because("this architecture has no such instructions");
	action.sa_sigaction = note_and_skip;
	sigaction(SIGTRAP, &action, &before);
	KEEPS(trap_breakpoint());
	sigaction(SIGTRAP, &before, NULL);
}

/* A mark in rcx comes back by IRET; the registers of C, the signal mask and the
 * alternate stack are as before either way. */
static void check_return(int by_iret)
{
	static struct {
		char room[1 << 16]; /* for signals that come meanwhile */
		struct sigreturn_frame frame;
	} prepared;
	static char stack[1 << 14];
	struct sigreturn_frame *frame = &prepared.frame;
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	sigset_t blocked, after;
	stack_t left;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	sigaltstack(&alternate, NULL);
	sigreturn_prepare(frame, by_iret);
	for (int turn = 0; turn < 100; turn++)
		KEEPS(stub_sigreturn(frame));
	assert_int_equal(stub_sigreturn(frame) == SIGRETURN_MARK, by_iret);
	sigprocmask(SIG_SETMASK, NULL, &after);
	assert_true(sigismember(&after, SIGUSR2));
	assert_false(sigismember(&after, SIGUSR1));
	alternate.ss_flags = SS_DISABLE;
	sigaltstack(&alternate, &left);
	assert_ptr_equal(left.ss_sp, stack);
}

static void a_frame_is_returned_to_by_either_way(void **state)
{
	const char *lacking = needs_iret(NULL);

	(void)state;
	if (lacking)
		skip_because("%s", lacking);
	check_return(0);
	check_return(1);
}

static void the_vsyscall_page_answers_as_the_calls(void **state)
{
	typedef long read_time(long *seconds);
	typedef long read_cpu(unsigned int *cpu, unsigned int *node, void *no);
	const char *lacking;
	unsigned int cpu = 0, node = 77;
	long before = time(NULL), now;

	(void)state;
	let_children_crash();
	lacking = needs_vsyscall(NULL);
	if (lacking)
		skip_because("%s", lacking);
	now = ((read_time *)ARCH_VSYSCALL_TIME)(NULL);
	assert_in_range(now, before, before + 10);
	assert_int_equal(((read_cpu *)ARCH_VSYSCALL_GETCPU)(&cpu, &node, NULL),
			 0);
	assert_int_not_equal(node, 77);
	KEEPS(((read_time *)ARCH_VSYSCALL_TIME)(NULL));
}

static void what_is_lacking_is_said(void **state)
{
	const char *stubs = needs_stubs(NULL);

	(void)state;
	let_children_crash();
	assert_int_equal(stubs == NULL, ARCH_HAS_STUBS);
	assert_true(!stubs || stubs[0]);
	if (!ARCH_HAS_INT80)
		assert_non_null(needs_int80(NULL));
	if (!ARCH_HAS_VSYSCALL)
		assert_non_null(needs_vsyscall(NULL));
	if (!ARCH_HAS_IRET)
		assert_non_null(needs_iret(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_am_i_is_the_c_librarys_answer),
		cmocka_unit_test(a_failing_call_returns_its_errno_negated),
		cmocka_unit_test(errno_is_the_c_librarys_alone),
		cmocka_unit_test(nobody_serves_the_invalid_number),
		cmocka_unit_test(a_large_result_is_no_error),
		cmocka_unit_test(one_argument_arrives),
		cmocka_unit_test(two_arguments_arrive),
		cmocka_unit_test(three_arguments_arrive),
		cmocka_unit_test(four_arguments_arrive),
		cmocka_unit_test(five_arguments_arrive),
		cmocka_unit_test(six_arguments_arrive_inline),
		cmocka_unit_test(six_arguments_arrive_through_the_stub),
		cmocka_unit_test(registers_survive_inline_entries),
		cmocka_unit_test(registers_survive_stubs),
		cmocka_unit_test(registers_survive_the_counter),
		cmocka_unit_test(one_probe_tells_a_neighbour),
		cmocka_unit_test(a_signature_is_a_text),
		cmocka_unit_test(the_counter_moves_forward),
		cmocka_unit_test(stubs_begin_a_line),
		cmocka_unit_test(chains_of_no_length_end_at_once),
		cmocka_unit_test(the_load_chain_goes_from_cell_to_cell),
		cmocka_unit_test(chains_take_time_by_their_length),
		cmocka_unit_test(the_legacy_gate_gives_the_same_answers),
		cmocka_unit_test(traps_are_caught_and_skipped),
		cmocka_unit_test(registers_survive_traps),
		cmocka_unit_test(a_frame_is_returned_to_by_either_way),
		cmocka_unit_test(the_vsyscall_page_answers_as_the_calls),
		cmocka_unit_test(what_is_lacking_is_said),
	};

	return check_all(tests);
}
