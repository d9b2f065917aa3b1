/* SPDX-License-Identifier: MIT */
/* The parts of the environment; for environment*.c only. Each adds its
 * sections to the object it is given. */
#ifndef SYSCOST_ENVIRONMENT_PARTS_H
#define SYSCOST_ENVIRONMENT_PARTS_H

#include <jansson.h>
#include <stdbool.h>

#include "emulation.h"
#include "kconfig.h"

/* Files of one line, by a table: kernel's settings, frequency, idle, ... */
void environment_lines(json_t *environment, int cpu);

/* Folders of the same many times: idle states, caches, batteries, zones. */
void environment_lists(json_t *environment, int cpu);

/* Release, command line, configuration; that is read into `config`, which the
 * caller frees. */
void environment_kernel(json_t *environment, bool anonymous,
			struct kconfig *config);

/* The CPU, how it enters the kernel, and which mitigations are on that way, by
 * what the sections kernel and task have and by the kernel's configuration. */
void environment_cpu(json_t *environment, const struct kconfig *config);

/* Hypervisor, emulator and container. */
void environment_guest(json_t *environment, const struct emulation *emulation);

/* What no file tells, so that it is null for a recorded machine: this task's
 * limits and controls, who watches system calls. */
void environment_task(json_t *environment);

#endif
