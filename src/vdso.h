/* SPDX-License-Identifier: MIT */
/* Finds functions of the vDSO, the shared object the kernel maps for us. */
#ifndef SYSCOST_VDSO_H
#define SYSCOST_VDSO_H

/*
 * The address of `name` with `version`, or NULL: no vDSO (vdso=0, some
 * emulators), no such symbol, or another version. `name` may be NULL.
 * Source: AT_SYSINFO_EHDR, getauxval(3), vdso(7).
 */
void *vdso_symbol(const char *name, const char *version);

#endif
