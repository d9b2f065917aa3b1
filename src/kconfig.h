/* SPDX-License-Identifier: MIT */
/* The running kernel's configuration, where it can be read. */
#ifndef SYSCOST_KCONFIG_H
#define SYSCOST_KCONFIG_H

#include <stdbool.h>
#include <stddef.h>

#define KCONFIG_HASH_BYTES 65 /* SHA-256 in hex */

struct kconfig {
	char *text;
	size_t length;
	char source[256]; /* the file it was read from */
};

/* Tries /proc/config.gz, /boot/config-RELEASE and /lib/modules/RELEASE/config.
 * 0, or why the last could not be read; kconfig_free releases it. */
int kconfig_read(struct kconfig *config, const char *release);
void kconfig_free(struct kconfig *config);

/* SHA-256 of the plain text. */
void kconfig_hash(const struct kconfig *config, char *hex);

/* The value of an option: "y", "m", "250", a quoted text; "n" where the text
 * says "is not set". false: the text does not name it. */
bool kconfig_value(const char *text, const char *option, char *value,
		   size_t size);

/* Calls `see` for each option that bears on an entry, an exit or how they are
 * measured. */
void kconfig_each_bearing(const char *text,
			  void (*see)(void *argument, const char *option,
				      const char *value),
			  void *argument);

#endif
