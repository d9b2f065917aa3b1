// SPDX-License-Identifier: MIT
/* Whether the CPU is a program: by its signature, its name, or by hearsay. */
#include "emulation.h"

#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "facts.h"

/* QEMU target/i386/cpu.c: leaf 40000000H under TCG, and the name that -cpu max
 * has there. Other accelerators may leave that name (WHPX), not the leaf. */
#define TCG_SIGNATURE "TCGTCGTCGTCG"
#define TCG_NAME      "QEMU TCG CPU version "

/* QEMU target/arm/cpu64.c, aarch64_max_initfn: -cpu max, which under KVM is the
 * host's own. Implementer 0 is "reserved for software use", the part is 'Q'. */
#define TCG_IMPLEMENTER "0x00"
#define TCG_PART	"0x051"

static bool cpuinfo_is(const char *key, const char *wanted, size_t length)
{
	char value[128];

	return facts_cpuinfo(key, value, sizeof(value)) == 0 &&
	       strncmp(value, wanted, length) == 0;
}

/* What shows QEMU's TCG, as text; NULL: nothing does. */
static const char *trace_of_tcg(const char *signature)
{
	if (strcmp(signature, TCG_SIGNATURE) == 0)
		return "CPUID's signature " TCG_SIGNATURE;
	if (signature[0])
		return NULL;
	if (cpuinfo_is("model name", TCG_NAME, strlen(TCG_NAME)))
		return "the CPU's name, QEMU TCG CPU";
	if (cpuinfo_is("CPU implementer", TCG_IMPLEMENTER,
		       sizeof(TCG_IMPLEMENTER)) &&
	    cpuinfo_is("CPU part", TCG_PART, sizeof(TCG_PART)))
		return "the CPU's part " TCG_PART
		       " of no implementer, QEMU's own";
	return NULL;
}

void emulation_judge(struct emulation *emulation, const char *signature,
		     const char *said)
{
	const char *trace = trace_of_tcg(signature);
	const char *by = said ? said : trace ? "tcg" : "";

	snprintf(emulation->by, sizeof(emulation->by), "%s", by);
	snprintf(emulation->how, sizeof(emulation->how), "%s%s%s",
		 said ? "--emulated" : "", said && trace ? ", and " : "",
		 trace	? trace
		 : said ? ""
			: "nothing tells of an emulator");
	emulation->tcg = trace || strcmp(by, "tcg") == 0;
}

void emulation_find(struct emulation *emulation, const char *said)
{
	char signature[13] = "";

	if (facts_are_live())
		hypervisor_signature(signature);
	emulation_judge(emulation, signature, said);
}
