/* SPDX-License-Identifier: MIT */
/*
 * aarch64: how the CPU enters the kernel and reads its counter.
 *
 * ABI card (Linux arch/arm64/kernel/entry.S, syscall.c; AAPCS64)
 *   instruction   svc #0
 *   number        x8
 *   arguments     x0 x1 x2 x3 x4 x5
 *   result        x0, -errno in [-4095, -1]
 *   clobbers      memory; every other register survives (the kernel saves
 *                 x0-x30; SVE state beyond the low 128 bits may be lost)
 *   stack         sp stays 16-byte aligned
 *   counter       cntvct_el0, fixed rate in cntfrq_el0; the isb keeps it from
 *                 being read early (arch/arm64/include/asm/arch_timer.h)
 *   vDSO          __kernel_*, version LINUX_2.6.39; no time, no getcpu
 */
#ifndef SYSCOST_ARCH_H
#define SYSCOST_ARCH_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#define ARCH_NAME	  "aarch64"
#define ARCH_ENTRY_NAME	  "svc"
#define ARCH_COUNTER_NAME "cntvct"
#define ARCH_HAS_COUNTER  1
#define ARCH_HAS_STUBS	  1
#define ARCH_HAS_INT80	  0
#define ARCH_HAS_PROGRAM  1
#define ARCH_HAS_TRAPS	  1
#define ARCH_HAS_VSYSCALL 0
#define ARCH_HAS_IRET	  0

/* Beyond every table and below the private range of 32-bit Arm (0xf0000). */
#define ARCH_INVALID_NUMBER 0x3fff

#define ARCH_INT80_GETPID  0
#define ARCH_INT80_GETPPID 0
#define ARCH_INT80_GETUID  0

#define ARCH_VDSO_VERSION	"LINUX_2.6.39"
#define ARCH_VDSO_CLOCK_GETTIME "__kernel_clock_gettime"
#define ARCH_VDSO_CLOCK_GETRES	"__kernel_clock_getres"
#define ARCH_VDSO_GETTIMEOFDAY	"__kernel_gettimeofday"
#define ARCH_VDSO_TIME		NULL
#define ARCH_VDSO_GETCPU	NULL
#define ARCH_VDSO_GETRANDOM	"__kernel_getrandom"

#define ARCH_VSYSCALL_GETTIMEOFDAY 0
#define ARCH_VSYSCALL_TIME	   0
#define ARCH_VSYSCALL_GETCPU	   0

static inline long syscall0(long number)
{
	register long x8 asm("x8") = number;
	register long x0 asm("x0");

	asm volatile("svc #0" : "=r"(x0) : "r"(x8) : "memory");
	return x0;
}

static inline long syscall1(long number, long a)
{
	register long x8 asm("x8") = number;
	register long x0 asm("x0") = a;

	asm volatile("svc #0" : "+r"(x0) : "r"(x8) : "memory");
	return x0;
}

static inline long syscall2(long number, long a, long b)
{
	register long x8 asm("x8") = number;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;

	asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
	return x0;
}

static inline long syscall3(long number, long a, long b, long c)
{
	register long x8 asm("x8") = number;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;

	asm volatile("svc #0"
		     : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2)
		     : "memory");
	return x0;
}

static inline long syscall4(long number, long a, long b, long c, long d)
{
	register long x8 asm("x8") = number;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;
	register long x3 asm("x3") = d;

	asm volatile("svc #0"
		     : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3)
		     : "memory");
	return x0;
}

static inline long syscall5(long number, long a, long b, long c, long d, long e)
{
	register long x8 asm("x8") = number;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;
	register long x3 asm("x3") = d;
	register long x4 asm("x4") = e;

	asm volatile("svc #0"
		     : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
		     : "memory");
	return x0;
}

static inline long syscall6(long number, long a, long b, long c, long d, long e,
			    long f)
{
	register long x8 asm("x8") = number;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;
	register long x3 asm("x3") = d;
	register long x4 asm("x4") = e;
	register long x5 asm("x5") = f;

	asm volatile("svc #0"
		     : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
		     : "memory");
	return x0;
}

/* There is no legacy gate here: callers ask ARCH_HAS_INT80 first. */
static inline long int80_syscall0(long number)
{
	(void)number;
	return -38; /* -ENOSYS */
}

/* Three instructions that end in a signal: SIGSEGV where the page is protected,
 * SIGILL (udf #0, for assemblers that do not know the name), SIGTRAP. */
static inline void trap_store(void *page)
{
	asm volatile("strb wzr, [%0]" : : "r"(page) : "memory");
}

static inline void trap_undefined(void)
{
	asm volatile(".inst 0" : : : "memory");
}

static inline void trap_breakpoint(void)
{
	asm volatile("brk #0" : : : "memory");
}

/* All are faults: the saved pc is the instruction's own (Arm ARM, D1, "the
 * preferred return address"). */
static inline void trap_skip(int number, void *context)
{
	ucontext_t *interrupted = context;

	(void)number;
	interrupted->uc_mcontext.pc += 4;
}

/* The second isb keeps the timed code from starting before the read (Linux
 * orders its own reads by isb or a fake dependency, vdso/gettimeofday.h). */
static inline uint64_t counter_begin(void)
{
	uint64_t ticks;

	asm volatile("isb\n\tmrs %0, cntvct_el0\n\tisb"
		     : "=r"(ticks)
		     :
		     : "memory");
	return ticks;
}

static inline uint64_t counter_end(void)
{
	uint64_t ticks;

	asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
	return ticks;
}

/* What firmware wrote, in Hz: "not interpreted by hardware" (Arm ARM,
 * CNTFRQ_EL0), so the clock is calibrated all the same. */
static inline uint64_t counter_stated_hz(void)
{
	uint64_t hz;

	asm volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz;
}

/* The system counter ticks at a fixed rate by architecture (Arm ARM, D11). */
static inline int counter_is_invariant(void)
{
	return 1;
}

/* Core cycles an empty loop takes on a core of one's own; 0: it differs from
 * one implementation to the next. */
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

/* Out-of-line entries and probes (stubs.S; asm/README.md has the contract). */
long stub_syscall0(long number);
long stub_syscall6(long number, long a, long b, long c, long d, long e, long f);
void stub_return(void);
long stub_take0(void);
long stub_take1(long a);
long stub_take2(long a, long b);
long stub_take3(long a, long b, long c);
long stub_take4(long a, long b, long c, long d);
long stub_take5(long a, long b, long c, long d, long e);
long stub_take6(long a, long b, long c, long d, long e, long f);
void stub_add_chain(uint64_t hundreds);
void stub_count_down(uint64_t steps);
void stub_taken_jumps(uint64_t hundreds);
void **stub_load_chain(void **cell, uint64_t loads);

/* A program that ends at once, as a file would hold it (exit.S, ../embed.S). */
#define ARCH_PROGRAM_STATUS 73
extern const unsigned char arch_program[], arch_program_end[];

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
	return -38; /* -ENOSYS */
}

#endif
