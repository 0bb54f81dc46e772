/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine whose guest has suspended itself to RAM, in a stream.
 *
 * SYSTEM_SUSPEND has brought the guest to rest: one vCPU sleeps, with the
 * address at which it shall continue, and all others are off. The guest relies
 * on its memory, the interrupt controller, its devices, the registers that the
 * one vCPU keeps in power-down, and the PSCI state.
 */
#ifndef VMM_SAVE_MACHINE_H
#define VMM_SAVE_MACHINE_H

#include "base/error.h"
#include "base/stream.h"
#include "machine/vm.h"

/**
 * Serialize it. A machine is saved with its vCPUs paused, its devices frozen
 * and @sleeper in SYSTEM_SUSPEND; it is loaded into one that has been begun
 * with its configuration and of which nothing runs. Returns 0, or -errno with
 * @error set; failures of the stream are reported there, too. Without @memory,
 * RAM is saved elsewhere.
 */
int machine_serialize(struct vm *vm, unsigned int *sleeper, bool memory, struct stream *stream,
		      struct error *error);

#endif
