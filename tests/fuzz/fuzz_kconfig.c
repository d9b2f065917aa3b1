// SPDX-License-Identifier: MIT
/* The kernel's configuration as plain text. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kconfig.h"

static void check_value(const char *text, const char *option, size_t size)
{
	char *value = fuzz_buffer(size);

	if (kconfig_value(text, option, value, size)) {
		must(strnlen(value, size) < size);
		must(!strchr(value, '\n'));
		must(strstr(text, value) || strcmp(value, "n") == 0);
		must(strstr(text, option));
	}
	free(value);
}

/* What is reported can be asked for. */
static void see(void *argument, const char *option, const char *value)
{
	const char *text = argument;
	char again[4096];

	must(strncmp(option, "CONFIG_", 7) == 0);
	must(!strpbrk(option, "= \n"));
	must(!strchr(value, '\n'));
	must(kconfig_value(text, option, again, sizeof(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	char *option = fuzz_text(data, strcspn(text, "= \n"));

	for (size_t i = 0; i < FUZZ_SIZES; i++) {
		check_value(text, "CONFIG_HZ", fuzz_sizes[i]);
		check_value(text, "CONFIG_PREEMPT", fuzz_sizes[i]);
		check_value(text, option, fuzz_sizes[i]);
	}
	kconfig_each_bearing(text, see, text);
	free(option);
	free(text);
	return 0;
}
