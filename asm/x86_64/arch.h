/* SPDX-License-Identifier: MIT */
/*
 * x86-64: how the CPU enters the kernel and reads its counter.
 *
 * ABI card (System V AMD64 ABI, appendix A.2; Linux entry_64.S)
 *   instruction   syscall                 int $0x80 (i386 table, IDT gate)
 *   number        rax                     eax
 *   arguments     rdi rsi rdx r10 r8 r9   ebx ecx edx esi edi ebp
 *   result        rax, -errno in [-4095, -1]
 *   clobbers      rcx (return address), r11 (flags); memory
 *                 int $0x80: r8-r11 (cleared by kernels before 4.17)
 *   stack         untouched by the kernel; the red zone survives
 *   counter       rdtsc; fenced by lfence, which AMD makes dispatch
 *                 serialising too when Linux sets MSR C001_1029[1]
 *   vDSO          __vdso_*, version LINUX_2.6 (arch/x86/entry/vdso)
 *   vsyscall      a page at one address in every process; a call into it is a
 *                 page fault, which the kernel answers as the call
 *                 (arch/x86/entry/vsyscall/vsyscall_64.c)
 *   return        SYSRET, which takes rip from rcx and the flags from r11;
 *                 IRET where the registers are to come back otherwise
 *                 (arch/x86/entry/common.c, do_syscall_64); ERETU under FRED
 */
#ifndef SYSCOST_ARCH_H
#define SYSCOST_ARCH_H

#include <cpuid.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define ARCH_NAME	  "x86_64"
#define ARCH_ENTRY_NAME	  "syscall"
#define ARCH_COUNTER_NAME "tsc"
#define ARCH_HAS_COUNTER  1
#define ARCH_HAS_STUBS	  1
#define ARCH_HAS_INT80	  1
#define ARCH_HAS_PROGRAM  1
#define ARCH_HAS_TRAPS	  1
#define ARCH_HAS_VSYSCALL 1
#define ARCH_HAS_IRET	  1

/* Beyond every table, positive, without the x32 bit (0x40000000). */
#define ARCH_INVALID_NUMBER 0x3fff

/* Numbers of the i386 table (arch/x86/entry/syscalls/syscall_32.tbl). */
#define ARCH_INT80_GETPID  20
#define ARCH_INT80_GETPPID 64
#define ARCH_INT80_GETUID  199

#define ARCH_VDSO_VERSION	"LINUX_2.6"
#define ARCH_VDSO_CLOCK_GETTIME "__vdso_clock_gettime"
#define ARCH_VDSO_CLOCK_GETRES	"__vdso_clock_getres"
#define ARCH_VDSO_GETTIMEOFDAY	"__vdso_gettimeofday"
#define ARCH_VDSO_TIME		"__vdso_time"
#define ARCH_VDSO_GETCPU	"__vdso_getcpu"
#define ARCH_VDSO_GETRANDOM	"__vdso_getrandom"

/* arch/x86/include/uapi/asm/vsyscall.h */
#define ARCH_VSYSCALL_GETTIMEOFDAY 0xffffffffff600000UL
#define ARCH_VSYSCALL_TIME	   0xffffffffff600400UL
#define ARCH_VSYSCALL_GETCPU	   0xffffffffff600800UL

static inline long syscall0(long number)
{
	long result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number)
		     : "rcx", "r11", "memory");
	return result;
}

static inline long syscall1(long number, long a)
{
	long result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number), "D"(a)
		     : "rcx", "r11", "memory");
	return result;
}

static inline long syscall2(long number, long a, long b)
{
	long result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number), "D"(a), "S"(b)
		     : "rcx", "r11", "memory");
	return result;
}

static inline long syscall3(long number, long a, long b, long c)
{
	long result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c)
		     : "rcx", "r11", "memory");
	return result;
}

static inline long syscall4(long number, long a, long b, long c, long d)
{
	register long r10 asm("r10") = d;
	long result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
		     : "rcx", "r11", "memory");
	return result;
}

static inline long syscall5(long number, long a, long b, long c, long d, long e)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	long result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
		     : "rcx", "r11", "memory");
	return result;
}

static inline long syscall6(long number, long a, long b, long c, long d, long e,
			    long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
		       "r"(r9)
		     : "rcx", "r11", "memory");
	return result;
}

/* The legacy gate, with a number of the i386 table; kills the process by
 * SIGSEGV where 32-bit emulation is off: try it in a child. */
static inline long int80_syscall0(long number)
{
	int result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"((int)number)
		     : "r8", "r9", "r10", "r11", "memory");
	return result;
}

/* Three instructions that end in a signal, each of a known length: SIGSEGV
 * where the page is protected (c6 00 00), SIGILL (0f 0b), SIGTRAP (cc). */
static inline void trap_store(void *page)
{
	asm volatile("movb $0, (%%rax)" : : "a"(page) : "memory");
}

static inline void trap_undefined(void)
{
	asm volatile("ud2" : : : "memory");
}

static inline void trap_breakpoint(void)
{
	asm volatile("int3" : : : "memory");
}

#define GREG_RIP 16 /* sys/ucontext.h, REG_RIP, for those without _GNU_SOURCE */

/* A breakpoint is a trap: the saved rip is already behind it (Intel SDM vol.
 * 3A, 6.5, "Exception Classifications"). */
static inline void trap_skip(int number, void *context)
{
	ucontext_t *interrupted = context;

	interrupted->uc_mcontext.gregs[GREG_RIP] += number == SIGSEGV  ? 3
						    : number == SIGILL ? 2
								       : 0;
}

/* Nothing timed may start before this stamp: the second lfence holds it back
 * (Intel SDM vol. 2B, RDTSC: "not a serializing instruction"). */
static inline uint64_t counter_begin(void)
{
	uint32_t low, high;

	asm volatile("lfence\n\trdtsc\n\tlfence"
		     : "=a"(low), "=d"(high)
		     :
		     : "memory");
	return (uint64_t)high << 32 | low;
}

/* rdtscp waits for everything before it; the lfence keeps what follows from
 * starting before the read (Intel SDM vol. 2B, RDTSCP). */
static inline uint64_t counter_end(void)
{
	uint32_t low, high;

	asm volatile("rdtscp\n\tlfence"
		     : "=a"(low), "=d"(high)
		     :
		     : "rcx", "memory");
	return (uint64_t)high << 32 | low;
}

/* The rate the CPU or its hypervisor states, in Hz; 0 where neither does.
 * CPUID.15H (Intel SDM vol. 2A); leaf 40000010H, kHz, by VMware's convention
 * (Linux arch/x86/kernel/cpu/vmware.c). */
static inline uint64_t counter_stated_hz(void)
{
	uint32_t a, b, c, d;

	if (__get_cpuid(0x15, &a, &b, &c, &d) && a && b && c)
		return (uint64_t)c * b / a;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 31))
		return 0;
	__cpuid(0x40000000, a, b, c, d);
	if (a < 0x40000010 || a > 0x40ffffff)
		return 0;
	__cpuid(0x40000010, a, b, c, d);
	return (uint64_t)a * 1000;
}

/* CPUID.80000007H:EDX[8]: constant rate in every P-, C- and T-state. */
static inline int counter_is_invariant(void)
{
	uint32_t a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
}

#define CPUID_VENDOR_AMD  0x68747541 /* "Auth" */
#define CPUID_FAMILY_ZEN5 0x1a

/* AMD's family: the base and, for all since Zen, the extended one; 0: not AMD
 * (CPUID.1:EAX, AMD64 Architecture Programmer's Manual vol. 3). */
static inline uint32_t amd_family(void)
{
	uint32_t a, b, c, d;

	if (!__get_cpuid(0, &a, &b, &c, &d) || b != CPUID_VENDOR_AMD)
		return 0;
	__cpuid(1, a, b, c, d);
	return (a >> 8 & 0xf) + (a >> 20 & 0xff);
}

/* Core cycles a step of an empty loop takes where the core is one's own: one
 * taken branch a cycle since Nehalem and Zen (Agner Fog, Microarchitecture),
 * and twice that beside a busy sibling. 0 from Zen 5 on: its threads have a
 * front end each, and there a sibling costs the loop a tenth (measured). */
static inline int empty_loop_cycles(void)
{
	return amd_family() < CPUID_FAMILY_ZEN5;
}

/* Core cycles that 100 taken jumps take likewise, where the loop does not tell.
 * Zen 5 predicts two taken branches a cycle (AMD, Software Optimization Guide
 * for the Zen5 Microarchitecture, 58455); beside a busy sibling 120 cycles. */
static inline int hundred_jumps_cycles(void)
{
	return amd_family() == CPUID_FAMILY_ZEN5 ? 50 : 0;
}

/* The hypervisor's signature, 12 characters, "" on bare metal: CPUID leaf
 * 40000000H where CPUID.1:ECX[31] says that there is one (Linux
 * arch/x86/include/asm/cpuid/api.h, cpuid_base_hypervisor). */
static inline void hypervisor_signature(char signature[13])
{
	uint32_t a, b, c, d, words[3];

	signature[0] = '\0';
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 31))
		return;
	__cpuid(0x40000000, a, words[0], words[1], words[2]);
	__builtin_memcpy(signature, words, sizeof(words));
	signature[12] = '\0';
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

/*
 * What rt_sigreturn(2) reads from the stack: all registers, as a handler's
 * frame has them (struct rt_sigframe, arch/x86/include/asm/sigframe.h; struct
 * ucontext and sigcontext of its uapi/).
 */
struct sigreturn_frame {
	uint64_t restorer, flags, link;
	stack_t stack;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2, fpstate, reserved[8];
	uint64_t mask;
	uint64_t info[16];
};

/* The offsets that stubs.S writes to. */
_Static_assert(offsetof(struct sigreturn_frame, r12) == 80 &&
		       offsetof(struct sigreturn_frame, rbp) == 128 &&
		       offsetof(struct sigreturn_frame, rsp) == 168,
	       "stubs.S has other offsets");

#define SIGRETURN_SS_RESTORED 6UL /* UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS */
#define SIGRETURN_FLAGS	      0x50dd5UL /* FIX_EFLAGS, asm/sighandling.h */
#define SIGRETURN_MARK	      0x5157UL	/* in rcx: no address of code */

/*
 * Calls rt_sigreturn and comes back like a function, all but the frame's mask,
 * alternate stack and floating point state (none: the initial one) as before.
 * The result is what was in rcx: SIGRETURN_MARK after an IRET alone, since
 * SYSRET finds its way back by rcx.
 */
long stub_sigreturn(struct sigreturn_frame *frame);
extern const char stub_sigreturn_end[]; /* where it comes back */

/*
 * Prepares a frame: SYSRET can return to it, or IRET alone. The flags stay, but
 * for those of arithmetic. A signal that comes meanwhile has its own frame
 * below this one: leave it a stack's room there.
 */
static inline void sigreturn_prepare(struct sigreturn_frame *frame, int by_iret)
{
	uint64_t flags = __builtin_ia32_readeflags_u64() & ~SIGRETURN_FLAGS;
	uint16_t cs, ss;

	asm("mov %%cs, %0" : "=r"(cs));
	asm("mov %%ss, %0" : "=r"(ss));
	*frame = (struct sigreturn_frame){
		.flags = SIGRETURN_SS_RESTORED,
		.rip = (uint64_t)stub_sigreturn_end,
		.rcx = by_iret ? SIGRETURN_MARK : (uint64_t)stub_sigreturn_end,
		.r11 = flags,
		.eflags = flags,
		.cs = cs,
		.ss = ss,
	};
	syscall2(SYS_sigaltstack, 0, (long)&frame->stack);
	syscall4(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&frame->mask,
		 sizeof(frame->mask));
}

#endif
