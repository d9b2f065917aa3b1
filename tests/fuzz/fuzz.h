/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share: what must hold, and texts and files of the
 * bytes that a target is given. */
#ifndef SYSCOST_FUZZ_H
#define SYSCOST_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls, and driver.c: always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert, but in every build. */
#define must(condition)                                                        \
	((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *condition, const char *file, int line);

/* The bytes up to the first NUL as a text to be freed, just as long as it is:
 * a sanitizer sees the first byte that is read behind it. */
char *fuzz_text(const uint8_t *data, size_t size);

/* A buffer to be freed, full of what no parser writes. */
void *fuzz_buffer(size_t size);

/* The sizes of output that each input is tried with. */
#define FUZZ_SIZES 5
extern const size_t fuzz_sizes[FUZZ_SIZES];

/* The path of a file that holds the bytes, until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
