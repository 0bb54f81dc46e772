/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIGBUS: a page that the host cannot provide, since its memory is broken
 * (hwpoison) or the file behind it has become shorter.
 *
 * If the guest accessed it, KVM sends the signal to the vCPU's thread, which
 * continues and calls memory_error_taken(): the machine crashes, and its record
 * says why. If dormouse itself accessed it, it cannot continue: a message
 * reports it, and the signal ends the process, whose machine then counts as
 * crashed. A broken page that was not accessed yet has no effect.
 */
#ifndef VMM_MEMORY_ERROR_H
#define VMM_MEMORY_ERROR_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct kvm_run;

/**
 * Handle SIGBUS from now on, in every thread. Returns 0, or -errno with @error
 * set.
 */
int memory_error_setup(struct error *error);

/** This thread enters the guest, by KVM_RUN on @run; NULL: it has returned. */
void memory_error_in_guest(struct kvm_run *run);

/**
 * Whether the guest of this thread has accessed a broken page; @address is in
 * dormouse.
 */
bool memory_error_taken(uint64_t *address);

#endif
