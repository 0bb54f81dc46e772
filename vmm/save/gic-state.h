/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The GICv3 of a KVM VM in a stream, without LPIs, which the board does not
 * have.
 */
#ifndef VMM_SAVE_GIC_STATE_H
#define VMM_SAVE_GIC_STATE_H

#include "base/error.h"
#include "base/stream.h"
#include "machine/vm.h"

/**
 * Serialize it: the guest's configuration, pending and active interrupts; not
 * the lines, which the devices raise again. No vCPU is in KVM. State is loaded
 * into a new GIC. Returns 0, or -errno with @error set, except for failures of
 * the stream.
 */
int gic_state_serialize(const struct vm *vm, struct stream *stream, struct error *error);

#endif
