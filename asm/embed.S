/* SPDX-License-Identifier: MIT */
/* The architecture's exit.S as the linker made a program of it, in this one:
 * what a row starts needs no file beside it. Any architecture. */
	.section .rodata
	.globl	arch_program
	.globl	arch_program_end
arch_program:
	.incbin	ARCH_PROGRAM_FILE
arch_program_end:

	.section .note.GNU-stack, "", %progbits
