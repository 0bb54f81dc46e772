/* SPDX-License-Identifier: BSD-3-Clause */
/* The GICv3 of a KVM VM in a stream, without LPIs, which the board has not. */
#ifndef VMM_SAVE_GIC_STATE_H
#define VMM_SAVE_GIC_STATE_H

#include "base/error.h"
#include "base/stream.h"
#include "machine/vm.h"

/**
 * Serialize it: what the guest has configured, what is pending and what is active; not
 * the lines, which are the devices' to raise. No vCPU is in KVM. What is read goes
 * to a GIC that is new. Returns 0, or -errno with @error set, but for failures of
 * the stream.
 */
int gic_state_serialize(const struct vm *vm, struct stream *stream, struct error *error);

#endif
