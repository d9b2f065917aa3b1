/* SPDX-License-Identifier: MIT */
/*
 * Any Linux: the same names through the C library, so that an architecture
 * without a folder still builds and measures what it can.
 *
 * ABI card: none. Calls go through syscall(2) and are turned back to -errno;
 * the counter is CLOCK_MONOTONIC_RAW in ns; there are no out-of-line entries
 * (ARCH_HAS_STUBS is 0, and the rows that need one are skipped); the vDSO's
 * names are not known, so its rows are skipped too.
 */
#ifndef SYSCOST_ARCH_H
#define SYSCOST_ARCH_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#define ARCH_NAME	  "generic"
#define ARCH_ENTRY_NAME	  "syscall()"
#define ARCH_COUNTER_NAME "none"
#define ARCH_HAS_COUNTER  0
#define ARCH_HAS_STUBS	  0
#define ARCH_HAS_INT80	  0
#define ARCH_HAS_PROGRAM  0
#define ARCH_HAS_TRAPS	  0
#define ARCH_HAS_VSYSCALL 0
#define ARCH_HAS_IRET	  0

#define ARCH_INVALID_NUMBER 0x3fff

#define ARCH_INT80_GETPID  0
#define ARCH_INT80_GETPPID 0
#define ARCH_INT80_GETUID  0

#define ARCH_VDSO_VERSION	NULL
#define ARCH_VDSO_CLOCK_GETTIME NULL
#define ARCH_VDSO_CLOCK_GETRES	NULL
#define ARCH_VDSO_GETTIMEOFDAY	NULL
#define ARCH_VDSO_TIME		NULL
#define ARCH_VDSO_GETCPU	NULL
#define ARCH_VDSO_GETRANDOM	NULL

#define ARCH_VSYSCALL_GETTIMEOFDAY 0
#define ARCH_VSYSCALL_TIME	   0
#define ARCH_VSYSCALL_GETCPU	   0

static inline long syscall6(long number, long a, long b, long c, long d, long e,
			    long f)
{
	int before = errno;
	long result = syscall(number, a, b, c, d, e, f);

	if (result == -1) {
		result = -errno;
		errno = before;
	}
	return result;
}

#define syscall0(n)		   syscall6(n, 0, 0, 0, 0, 0, 0)
#define syscall1(n, a)		   syscall6(n, a, 0, 0, 0, 0, 0)
#define syscall2(n, a, b)	   syscall6(n, a, b, 0, 0, 0, 0)
#define syscall3(n, a, b, c)	   syscall6(n, a, b, c, 0, 0, 0)
#define syscall4(n, a, b, c, d)	   syscall6(n, a, b, c, d, 0, 0)
#define syscall5(n, a, b, c, d, e) syscall6(n, a, b, c, d, e, 0)

static inline long int80_syscall0(long number)
{
	(void)number;
	return -ENOSYS;
}

/* No instruction is known that ends in a signal, nor its length: callers ask
 * ARCH_HAS_TRAPS first. */
static inline void trap_store(void *page)
{
	(void)page;
}

static inline void trap_undefined(void)
{
}

static inline void trap_breakpoint(void)
{
}

static inline void trap_skip(int number, void *context)
{
	(void)number;
	(void)context;
}

static inline uint64_t counter_begin(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t counter_end(void)
{
	return counter_begin();
}

static inline uint64_t counter_stated_hz(void)
{
	return 1000000000;
}

static inline int counter_is_invariant(void)
{
	return 1;
}

/* Core cycles an empty loop takes on a core of one's own; 0: not known. */
static inline int empty_loop_cycles(void)
{
	return 0;
}

static inline int hundred_jumps_cycles(void)
{
	return 0;
}

/* No instruction tells an ordinary program. */
static inline void hypervisor_signature(char signature[13])
{
	signature[0] = '\0';
}

static inline long stub_syscall0(long number)
{
	return syscall0(number);
}

static inline long stub_syscall6(long number, long a, long b, long c, long d,
				 long e, long f)
{
	return syscall6(number, a, b, c, d, e, f);
}

/* The empty asm keeps the compiler from seeing that nothing happens. */
static __attribute__((noinline, unused)) void stub_return(void)
{
	asm volatile("");
}

/* The empty asm takes every argument, so that each is passed. */
static __attribute__((noinline, unused)) long stub_take0(void)
{
	asm volatile("");
	return 0;
}

static __attribute__((noinline, unused)) long stub_take1(long a)
{
	asm volatile("" : "+r"(a));
	return a;
}

static __attribute__((noinline, unused)) long stub_take2(long a, long b)
{
	asm volatile("" : "+r"(b) : "r"(a));
	return b;
}

static __attribute__((noinline, unused)) long stub_take3(long a, long b, long c)
{
	asm volatile("" : "+r"(c) : "r"(a), "r"(b));
	return c;
}

static __attribute__((noinline, unused)) long stub_take4(long a, long b, long c,
							 long d)
{
	asm volatile("" : "+r"(d) : "r"(a), "r"(b), "r"(c));
	return d;
}

static __attribute__((noinline, unused)) long stub_take5(long a, long b, long c,
							 long d, long e)
{
	asm volatile("" : "+r"(e) : "r"(a), "r"(b), "r"(c), "r"(d));
	return e;
}

static __attribute__((noinline, unused)) long stub_take6(long a, long b, long c,
							 long d, long e, long f)
{
	asm volatile("" : "+r"(f) : "r"(a), "r"(b), "r"(c), "r"(d), "r"(e));
	return f;
}

static __attribute__((noinline, unused)) void stub_add_chain(uint64_t hundreds)
{
	uint64_t sum = 0;

	for (uint64_t left = hundreds * 100; left; left--) {
		sum += left;
		asm volatile("" : "+r"(sum));
	}
}

static __attribute__((noinline, unused)) void stub_count_down(uint64_t steps)
{
	for (; steps; steps--)
		asm volatile("");
}

static __attribute__((noinline, unused)) void
stub_taken_jumps(uint64_t hundreds)
{
	for (uint64_t left = hundreds * 100; left; left--)
		asm volatile("");
}

static __attribute__((noinline, unused)) void **stub_load_chain(void **cell,
								uint64_t loads)
{
	for (; loads; loads--) {
		cell = *cell;
		asm volatile("" : "+r"(cell));
	}
	return cell;
}

/* There is no program of machine code that all would run. */
#define ARCH_PROGRAM_STATUS 0
#define arch_program	    ((const unsigned char *)0)
#define arch_program_end    ((const unsigned char *)0)

/* No such entry here: the rows that need one are skipped. */
struct sigreturn_frame {
	long unused;
};

#define SIGRETURN_MARK 1L

static inline void sigreturn_prepare(struct sigreturn_frame *frame, int by_iret)
{
	frame->unused = by_iret;
}

static inline long stub_sigreturn(struct sigreturn_frame *frame)
{
	(void)frame;
	return -ENOSYS;
}

#endif
