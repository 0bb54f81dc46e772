/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine whose guest has suspended itself to RAM, in a stream.
 *
 * By SYSTEM_SUSPEND a guest has brought itself to rest: one vCPU sleeps, with
 * the address where it shall go on, and all others are off. What it relies on
 * is its memory, the interrupt controller, its devices, what the one vCPU keeps
 * in power-down, and what PSCI knows of it all.
 */
#ifndef VMM_SAVE_MACHINE_H
#define VMM_SAVE_MACHINE_H

#include "base/error.h"
#include "base/stream.h"
#include "machine/vm.h"

/**
 * Serialize it. What is written is of a machine whose vCPUs are held up and
 * whose devices are frozen, with @sleeper in SYSTEM_SUSPEND; what is read goes
 * to one that has been begun as its configuration says, of which nothing runs.
 * Returns 0, or -errno with @error set; failures of the stream show there, too.
 */
int machine_serialize(struct vm *vm, unsigned int *sleeper, struct stream *stream,
		      struct error *error);

#endif
