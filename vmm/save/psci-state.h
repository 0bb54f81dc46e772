/* SPDX-License-Identifier: BSD-3-Clause */
/* The PSCI state of a suspended machine, in a stream. */
#ifndef VMM_PSCI_SAVE_H
#define VMM_PSCI_SAVE_H

#include "base/error.h"
#include "base/stream.h"
#include "machine/vcpu.h"
#include "machine/vm.h"

/**
 * Serialize libpsci's record, if it serves PSCI; else there is nothing. It is
 * loaded into a machine that has been begun and of which nothing runs, and must
 * describe one that @sleeper has suspended. Returns 0, or -errno with @error
 * set, except for failures of the stream.
 */
int vpsci_state_serialize(struct vm *vm, const struct vcpu *sleeper, struct stream *stream,
			  struct error *error);

#endif
