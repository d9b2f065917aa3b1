// SPDX-License-Identifier: MIT
/* Finds functions of the vDSO: ELF dynamic symbols, versions checked. */
#include "vdso.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

/* The parts of the loaded object that a look-up needs. */
struct object {
	uintptr_t bias; /* loaded minus linked address */
	const char *strings;
	const ElfW(Sym) * symbols;
	size_t count;
	const ElfW(Versym) * versions; /* NULL: the object has none */
	const ElfW(Verdef) * definitions;
};

static const void *at(const struct object *object, ElfW(Addr) address)
{
	return (const void *)(object->bias + address);
}

/* The number of symbols is stated by DT_HASH alone; where an object carries
 * only DT_GNU_HASH (Linux 6.6 and later), it is one past the end of the last
 * chain (the chain's end has its lowest bit set). */
static size_t count_gnu_hash(const uint32_t *table)
{
	uint32_t buckets = table[0], first = table[1], bloom = table[2];
	const uint32_t *bucket =
		table + 4 + bloom * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
	const uint32_t *chain = bucket + buckets;
	uint32_t last = 0;

	for (uint32_t i = 0; i < buckets; i++)
		if (bucket[i] > last)
			last = bucket[i];
	if (last < first)
		return first;
	while (!(chain[last - first] & 1))
		last++;
	return last + 1;
}

static void read_dynamic(struct object *object, const ElfW(Dyn) * entry)
{
	for (; entry->d_tag != DT_NULL; entry++) {
		const void *table = at(object, entry->d_un.d_ptr);

		if (entry->d_tag == DT_STRTAB)
			object->strings = table;
		else if (entry->d_tag == DT_SYMTAB)
			object->symbols = table;
		else if (entry->d_tag == DT_VERSYM)
			object->versions = table;
		else if (entry->d_tag == DT_VERDEF)
			object->definitions = table;
		else if (entry->d_tag == DT_HASH)
			object->count = ((const uint32_t *)table)[1];
		else if (entry->d_tag == DT_GNU_HASH && !object->count)
			object->count = count_gnu_hash(table);
	}
}

static bool read_object(struct object *object, uintptr_t base)
{
	const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)base;
	const ElfW(Phdr) *segment =
		(const ElfW(Phdr) *)(base + header->e_phoff);
	const ElfW(Phdr) *dynamic = NULL;
	bool loaded = false;

	*object = (struct object){ 0 };
	for (int i = 0; i < header->e_phnum; i++, segment++) {
		if (segment->p_type == PT_LOAD && !loaded) {
			object->bias =
				base + segment->p_offset - segment->p_vaddr;
			loaded = true;
		} else if (segment->p_type == PT_DYNAMIC) {
			dynamic = segment;
		}
	}
	if (!loaded || !dynamic)
		return false;
	read_dynamic(object, (const ElfW(Dyn) *)(base + dynamic->p_offset));
	return object->strings && object->symbols && object->count;
}

static bool version_matches(const struct object *object, size_t symbol,
			    const char *version)
{
	const ElfW(Verdef) *definition = object->definitions;
	const ElfW(Verdaux) * name;
	ElfW(Versym) wanted;

	if (!object->versions || !definition)
		return true;
	wanted = object->versions[symbol] & 0x7fff;
	while ((definition->vd_flags & VER_FLG_BASE) ||
	       (definition->vd_ndx & 0x7fff) != wanted) {
		if (!definition->vd_next)
			return false;
		definition = (const void *)((const char *)definition +
					    definition->vd_next);
	}
	name = (const void *)((const char *)definition + definition->vd_aux);
	return strcmp(object->strings + name->vda_name, version) == 0;
}

void *vdso_symbol(const char *name, const char *version)
{
	uintptr_t base = getauxval(AT_SYSINFO_EHDR);
	struct object object;

	if (!name || !version || !base || !read_object(&object, base))
		return NULL;
	for (size_t i = 0; i < object.count; i++) {
		const ElfW(Sym) *symbol = &object.symbols[i];

		if (symbol->st_shndx != SHN_UNDEF &&
		    strcmp(object.strings + symbol->st_name, name) == 0 &&
		    version_matches(&object, i, version))
			return (void *)(object.bias + symbol->st_value);
	}
	return NULL;
}
