// SPDX-License-Identifier: MIT
/* Which binary this is: the build id among the program's ELF notes. */
#define _GNU_SOURCE
#include "build.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct output {
	char *hex;
	size_t size;
};

static size_t padded(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

static void read_notes(const char *note, size_t left, struct output *output)
{
	while (left >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *header = (const void *)note;
		const char *name = note + sizeof(*header);
		const uint8_t *value =
			(const uint8_t *)name + padded(header->n_namesz);
		size_t whole = sizeof(*header) + padded(header->n_namesz) +
			       padded(header->n_descsz);

		if (whole > left)
			return;
		if (header->n_type == NT_GNU_BUILD_ID &&
		    header->n_namesz == 4 && memcmp(name, "GNU", 4) == 0)
			for (size_t i = 0;
			     i < header->n_descsz && 2 * i + 2 < output->size;
			     i++)
				sprintf(output->hex + 2 * i, "%02x", value[i]);
		note += whole;
		left -= whole;
	}
}

/* The first object that is reported is the program itself. */
static int read_program(struct dl_phdr_info *info, size_t size, void *output)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_NOTE)
			read_notes((const char *)info->dlpi_addr +
					   info->dlpi_phdr[i].p_vaddr,
				   info->dlpi_phdr[i].p_memsz, output);
	return 1;
}

void build_id(char *hex, size_t size)
{
	struct output output = { hex, size };

	hex[0] = '\0';
	dl_iterate_phdr(read_program, &output);
}
