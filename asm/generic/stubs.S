/* SPDX-License-Identifier: MIT */
/* Any Linux: no out-of-line entries; what arch.h needs stands there in C. */

#if defined(__linux__) && defined(__ELF__)
	.section .note.GNU-stack, "", %progbits
#endif
