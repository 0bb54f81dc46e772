/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU's registers in a stream: all that KVM lists, and an SError that is
 * pending.
 *
 * On another host they must have the values that they had, or the guest would
 * find another CPU: a register that KVM cannot set so prevents the restore.
 * Registers that this host's KVM does not list are skipped: the registers that
 * identify the CPU match, and so do the features that the guest has.
 *
 * The guest's counters continue meanwhile, as they do while it sleeps.
 */
#ifndef VMM_SAVE_VCPU_STATE_H
#define VMM_SAVE_VCPU_STATE_H

#include "base/error.h"
#include "base/stream.h"
#include "machine/vcpu.h"

/**
 * Serialize them. @elapsed is the time in nanoseconds since they were saved,
 * when loading. The vCPU's thread is paused or does not exist. Returns 0, or
 * -errno with @error set, except for failures of the stream.
 */
int vcpu_state_serialize(struct vcpu *vcpu, struct stream *stream, uint64_t elapsed,
			 struct error *error);

#endif
