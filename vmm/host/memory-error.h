/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIGBUS: a page that the host cannot give, since its memory is broken (hwpoison) or the
 * file behind it has become shorter.
 *
 * If the guest touched it, KVM sends the signal to the vCPU's thread, which goes on and
 * is told by memory_error_taken(): the machine crashes, and its record says why. If
 * dormouse itself touched it, nothing can be done without it: a sentence says so, and
 * the signal ends the process, whose record is then that of one that died. Of a page
 * that is broken but that nobody has touched yet nothing is made.
 */
#ifndef VMM_MEMORY_ERROR_H
#define VMM_MEMORY_ERROR_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct kvm_run;

/** Handle SIGBUS from now on, in every thread. Returns 0, or -errno with @error set. */
int memory_error_setup(struct error *error);

/** This thread enters the guest, by KVM_RUN on @run; NULL: it has come back. */
void memory_error_in_guest(struct kvm_run *run);

/** Whether the guest of this thread has touched a broken page: @address is dormouse's. */
bool memory_error_taken(uint64_t *address);

#endif
