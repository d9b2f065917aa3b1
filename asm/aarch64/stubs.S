/* SPDX-License-Identifier: MIT */
/*
 * aarch64: out-of-line entries into the kernel, and the probes' loops.
 *
 * ABI card (AAPCS64, section 6): arguments x0-x7, result x0, callee-saved
 * x19-x29 and sp; a leaf function that touches only x0-x15 saves nothing.
 * Each entry starts a 64-byte line, as the timed loops do, so that two paths
 * differ by the path and not by their place. "bti c" is a hint that older
 * cores run as a nop; it lets the stubs be linked into a BTI program.
 */

	.macro	entry name
	.globl	\name
	.type	\name, %function
	.p2align 6
\name:
	.cfi_startproc
	hint	#34		// bti c
	.endm

	.macro	leave_out name
	.cfi_endproc
	.size	\name, . - \name
	.endm

	.text

/* long stub_syscall0(long number) */
entry stub_syscall0
	mov	x8, x0
	svc	#0
	ret
leave_out stub_syscall0

/* long stub_syscall6(long number, long a, ... long f): one argument further
 * than the kernel has them. */
entry stub_syscall6
	mov	x8, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	mov	x3, x4
	mov	x4, x5
	mov	x5, x6
	svc	#0
	ret
leave_out stub_syscall6

/* void stub_return(void): the empty function that every ladder starts from */
entry stub_return
	ret
leave_out stub_return

/* long stub_take0(void) ... stub_take6(long a, ... long f): each hands back the
 * last of its arguments; with none, what is in x0. */
	.macro	take number register
entry stub_take\number
	mov	x0, \register
	ret
leave_out stub_take\number
	.endm

	take	0, x0
	take	1, x0
	take	2, x1
	take	3, x2
	take	4, x3
	take	5, x4
	take	6, x5

/* void stub_add_chain(uint64_t hundreds): 100 dependent adds a step, one core
 * cycle each. The sum goes on from what is in x2, so that calls in a row are
 * one chain and do not overlap. */
entry stub_add_chain
	mov	x1, #1
	cbz	x0, 2f
	.p2align 6
1:
	.rept	100
	add	x2, x2, x1
	.endr
	subs	x0, x0, #1
	b.ne	1b
2:
	ret
leave_out stub_add_chain

/* void stub_count_down(uint64_t steps): the empty loop */
entry stub_count_down
	cbz	x0, 2f
	.p2align 6
1:
	subs	x0, x0, #1
	b.ne	1b
2:
	ret
leave_out stub_count_down

/* void stub_taken_jumps(uint64_t hundreds): 100 taken jumps a step, one to a
 * 16-byte block: what the front end can follow when nobody shares it. */
entry stub_taken_jumps
	cbz	x0, 2f
	.p2align 6
1:
	.rept	99
	b	9f
	.p2align 4
9:
	.endr
	subs	x0, x0, #1
	b.ne	1b
2:
	ret
leave_out stub_taken_jumps

/* void **stub_load_chain(void **cell, uint64_t loads): each load waits for the
 * one before; the last cell, so that the next turn goes on from there. */
entry stub_load_chain
	cbz	x1, 2f
	.p2align 6
1:
	ldr	x0, [x0]
	subs	x1, x1, #1
	b.ne	1b
2:
	ret
leave_out stub_load_chain

	.section .note.GNU-stack, "", %progbits
