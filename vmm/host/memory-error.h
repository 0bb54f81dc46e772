/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages that the host cannot provide: its memory is broken (hwpoison), or the
 * file behind them has become shorter. Whatever accesses one gets SIGBUS; KVM
 * and system calls get EFAULT.
 *
 * If the guest accessed a broken page, KVM sends the signal to the vCPU's
 * thread, which continues and calls memory_error_taken(): the machine crashes,
 * and its record says why. Pages of the guest's RAM that a file had are reported
 * to memory_error_watch()'s caller, whichever thread accessed them. If dormouse
 * itself accessed another page, it cannot continue: a message reports it, and
 * the signal ends the process, whose machine then counts as crashed. A broken
 * page that was not accessed yet has no effect.
 */
#ifndef VMM_MEMORY_ERROR_H
#define VMM_MEMORY_ERROR_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
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

/** RAM whose pages may get lost. */
struct memory_error_watch {
	const uint8_t *host;
	size_t size;
	/**
	 * Called by the thread that accessed @at, perhaps in a signal's handler:
	 * async-signal-safe. When it returns the page has zeros.
	 */
	void (*lost)(void *context, const void *at);
	void *context;
};

/**
 * Watch RAM from now on, or no longer if @watch is NULL. No other thread may
 * access RAM meanwhile. There is one at a time.
 */
void memory_error_watch(const struct memory_error_watch *watch);

/**
 * A system call had EFAULT for memory at @at: report it if that is watched. From
 * any thread. Returns whether it is: the machine ends.
 */
bool memory_error_report(const void *at);

#endif
