/* SPDX-License-Identifier: MIT */
/*
 * x86-64: out-of-line entries into the kernel, and the probes' loops.
 *
 * ABI card (System V AMD64 ABI, section 3.2): arguments rdi rsi rdx rcx r8 r9
 * then the stack, result rax, callee-saved rbx rbp r12-r15; a leaf function
 * that touches only rax, rcx, rdx, rsi, rdi, r8-r11 saves nothing.
 * Each entry starts a 64-byte line, as the timed loops do, so that two paths
 * differ by the path and not by their place.
 */

	.macro	entry name
	.globl	\name
	.type	\name, @function
	.p2align 6
\name:
	.cfi_startproc
	.endm

	.macro	leave_out name
	.cfi_endproc
	.size	\name, . - \name
	.endm

	.text

/* long stub_syscall0(long number) */
entry stub_syscall0
	mov	%rdi, %rax
	syscall
	ret
leave_out stub_syscall0

/* long stub_syscall6(long number, long a, ... long f): one argument further
 * than the kernel has them, the sixth on the stack. */
entry stub_syscall6
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	syscall
	ret
leave_out stub_syscall6

/* long stub_sigreturn(struct sigreturn_frame *frame): the registers that C
 * keeps go into the frame, the rest of which stands there already; the kernel
 * takes the frame from a word below the stack's end, as a handler's return
 * leaves it. Offsets as in arch.h. */
	.set	frame_r12, 80
	.set	frame_r13, 88
	.set	frame_r14, 96
	.set	frame_r15, 104
	.set	frame_rbp, 128
	.set	frame_rbx, 136
	.set	frame_rsp, 168
	.globl	stub_sigreturn_end
entry stub_sigreturn
	mov	%rbx, frame_rbx(%rdi)
	mov	%rbp, frame_rbp(%rdi)
	mov	%r12, frame_r12(%rdi)
	mov	%r13, frame_r13(%rdi)
	mov	%r14, frame_r14(%rdi)
	mov	%r15, frame_r15(%rdi)
	mov	%rsp, frame_rsp(%rdi)
	lea	8(%rdi), %rsp
	mov	$15, %eax
	syscall
stub_sigreturn_end:
	mov	%rcx, %rax
	ret
leave_out stub_sigreturn

/* void stub_return(void): the empty function that every ladder starts from */
entry stub_return
	ret
leave_out stub_return

/* long stub_take0(void) ... stub_take6(long a, ... long f): each hands back the
 * last of its arguments; with none, what is in rdi. */
	.macro	take number register
entry stub_take\number
	mov	%\register, %rax
	ret
leave_out stub_take\number
	.endm

	take	0, rdi
	take	1, rdi
	take	2, rsi
	take	3, rdx
	take	4, rcx
	take	5, r8
	take	6, r9

/* void stub_add_chain(uint64_t hundreds): 100 dependent adds a step, one core
 * cycle each. Register operands: Golden Cove and later drop adds of a small
 * immediate at rename, so those would take no time at all. The sum goes on from
 * what is in rax, so that calls in a row are one chain: from 0 each would begin
 * beside the last one's end, and 1,000 adds take 960 cycles. */
entry stub_add_chain
	mov	$1, %edx
	test	%rdi, %rdi
	jz	2f
	.p2align 6
1:
	.rept	100
	add	%rdx, %rax
	.endr
	dec	%rdi
	jnz	1b
2:
	ret
leave_out stub_add_chain

/* void stub_count_down(uint64_t steps): the empty loop, one taken jump a cycle
 * on a core of one's own */
entry stub_count_down
	test	%rdi, %rdi
	jz	2f
	.p2align 6
1:
	dec	%rdi
	jnz	1b
2:
	ret
leave_out stub_count_down

/* void stub_taken_jumps(uint64_t hundreds): 100 taken jumps a step, one to a
 * 16-byte block: what the front end can follow when nobody shares it. */
entry stub_taken_jumps
	test	%rdi, %rdi
	jz	2f
	.p2align 6
1:
	.rept	99
	jmp	9f
	.p2align 4
9:
	.endr
	dec	%rdi
	jnz	1b
2:
	ret
leave_out stub_taken_jumps

/* void **stub_load_chain(void **cell, uint64_t loads): each load waits for the
 * one before; the last cell, so that the next turn goes on from there. */
entry stub_load_chain
	mov	%rdi, %rax
	test	%rsi, %rsi
	jz	2f
	.p2align 6
1:
	mov	(%rax), %rax
	dec	%rsi
	jnz	1b
2:
	ret
leave_out stub_load_chain

	.section .note.GNU-stack, "", @progbits
