/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU's registers in a stream: all that KVM lists, whatever it lists; and an SError
 * that is pending.
 *
 * On another host they must come out as they were, or the guest would find
 * another CPU than the one it knows: what KVM cannot make so is a reason not to
 * restore. Nobody misses what this host's KVM does not list: the registers that
 * identify the CPU are the same, and so are the features that the guest has.
 *
 * The guest's counters go on meanwhile, as they do while it sleeps.
 */
#ifndef VMM_SAVE_VCPU_STATE_H
#define VMM_SAVE_VCPU_STATE_H

#include "base/error.h"
#include "base/stream.h"
#include "machine/vcpu.h"

/**
 * Serialize them. @elapsed is the time in nanoseconds since they were saved, if they
 * are read. The vCPU's thread is held up or does not exist. Returns 0, or -errno
 * with @error set, but for failures of the stream.
 */
int vcpu_state_serialize(struct vcpu *vcpu, struct stream *stream, uint64_t elapsed,
			 struct error *error);

#endif
