/* SPDX-License-Identifier: MIT */
/* Which binary this is and what it was built with. */
#ifndef SYSCOST_BUILD_H
#define SYSCOST_BUILD_H

#include <stddef.h>

/* The linker's hash over this program's contents, in hex; "" if it left none.
 * Source: the NT_GNU_BUILD_ID note (ld manual, --build-id). */
void build_id(char *hex, size_t size);

#endif
