// SPDX-License-Identifier: MIT
/* Who am I: the usual null calls, by every way into the kernel. */
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

/* One group: the same rows around another call. The C library once cached
 * getpid (glibc 2.3.4 to 2.24): the counted entries of its row tell. */
// clang-format off
#define IDENTITY_GROUP(call, number, number_int80, in_scaling, text)	\
	BENCHMARK_LOOP(call##_libc, call());				\
	BENCHMARK_LOOP(call##_syscall, syscall(number));		\
	BENCHMARK_LOOP(call##_inline, syscall0(number));		\
	BENCHMARK_LOOP(call##_stub, stub_syscall0(number));		\
	BENCHMARK_LOOP(call##_int80, int80_syscall0(number_int80));	\
									\
	static const char *call##_verify(struct context *context)	\
	{								\
		long expected = (long)call();				\
									\
		(void)context;						\
		if (syscall(number) != expected ||			\
		    syscall0(number) != expected ||			\
		    stub_syscall0(number) != expected)			\
			return "the ways in disagree about the result";	\
		return NULL;						\
	}								\
									\
	static const char *call##_verify_int80(struct context *context)	\
	{								\
		(void)context;						\
		if (int80_syscall0(number_int80) != (long)call())	\
			return "int $0x80 returns another result";	\
		return NULL;						\
	}								\
									\
	BENCHMARK_GROUP(call, text,					\
		{ .path = "libc",    .run = call##_libc,		\
		  .verify = call##_verify, .entries = 1,		\
		  .summary = "the C library's wrapper" },		\
		{ .path = "syscall", .run = call##_syscall,		\
		  .verify = call##_verify, .entries = 1,		\
		  .summary = "libc's syscall()" },			\
		{ .path = "inline",  .run = call##_inline,		\
		  .verify = call##_verify, .entries = 1,		\
		  .scales = in_scaling,					\
		  .summary = "one " ARCH_ENTRY_NAME " in the loop" },	\
		{ .path = "stub",    .run = call##_stub,		\
		  .verify = call##_verify, .entries = 1,		\
		  .supported = needs_stubs,				\
		  .summary = "the same out of line" },			\
		{ .path = "int80",   .run = call##_int80,		\
		  .verify = call##_verify_int80, .entries = 1,		\
		  .supported = needs_int80,				\
		  .summary = "x86's legacy gate" })
// clang-format on

IDENTITY_GROUP(getppid, SYS_getppid, ARCH_INT80_GETPPID, true,
	       "the parent's process id: the usual null call");
IDENTITY_GROUP(getuid, SYS_getuid, ARCH_INT80_GETUID, false,
	       "the user id: a null call through the user namespace");
IDENTITY_GROUP(getpid, SYS_getpid, ARCH_INT80_GETPID, false,
	       "the process id: the null call that libraries once cached");
