// SPDX-License-Identifier: MIT
/* Whether this is a guest of a hypervisor, emulated, or in a container, and of
 * which. */
#include <errno.h>
#include <string.h>

#include "arch.h"
#include "environment_parts.h"
#include "facts.h"
#include "sheet.h"

/* What a container leaves behind, by the engine's name. */
static const struct {
	const char *engine;
	const char *file;
} marks[] = {
	{ "docker", "/.dockerenv" },
	{ "podman", "/run/.containerenv" },
};

/* Names of engines in the paths of the first process's control group. */
static const char *const groups[] = {
	"docker", "kubepods", "libpod", "containerd", "lxc",
};

static void say(const struct sheet *guest, const char *container,
		const char *evidence)
{
	sheet_text(guest, "container", container);
	sheet_text(guest, "container_by", evidence);
}

static bool find_mark(const struct sheet *guest)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (!facts_exist(marks[i].file))
			continue;
		say(guest, marks[i].engine, marks[i].file);
		return true;
	}
	return false;
}

/* systemd writes down which engine started it. */
static bool find_systemd(const struct sheet *guest)
{
	static const char file[] = "/run/systemd/container";
	char engine[64];

	if (facts_line(file, engine, sizeof(engine)) || !engine[0])
		return false;
	say(guest, engine, file);
	return true;
}

static bool find_group(const struct sheet *guest)
{
	static const char file[] = "/proc/1/cgroup";
	char text[4096];

	if (facts_file(file, text, sizeof(text)) < 0)
		return false;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (!strstr(text, groups[i]))
			continue;
		say(guest, groups[i], file);
		return true;
	}
	return false;
}

static void read_signature(const struct sheet *guest)
{
	char signature[13];

	if (!facts_are_live()) {
		sheet_null(guest, "signature", -ENODATA);
		return;
	}
	hypervisor_signature(signature);
	sheet_text(guest, "signature", signature);
}

void environment_guest(json_t *environment, const struct emulation *emulation)
{
	struct sheet guest = sheet_begin(environment, "guest");

	read_signature(&guest);
	sheet_line(&guest, "hypervisor", "/sys/hypervisor/type");
	sheet_line(&guest, "vendor", "/sys/class/dmi/id/sys_vendor");
	sheet_line(&guest, "product", "/sys/class/dmi/id/product_name");
	sheet_text(&guest, "emulated_by",
		   emulation_is_known(emulation) ? emulation->by : "none");
	sheet_text(&guest, "emulated_how", emulation->how);
	if (!find_mark(&guest) && !find_systemd(&guest) && !find_group(&guest))
		say(&guest, "none", "no mark of an engine was found");
}
