/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between vm_begin() and vm_fill(): compare what a guest relies on with what it
 * relied on last, and decide which
 * signature it finds.
 */
#ifndef VMM_RUN_SETTLE_H
#define VMM_RUN_SETTLE_H

#include "base/error.h"
#include "machine/vm.h"
#include "record/record.h"
#include "run/prior.h"
#include "run/run.h"

/**
 * Whether a guest that @last left would notice that its environment is another
 * one: its kernel reads the hardware signature, and it has ACPI.
 */
bool run_guest_reads_signature(const struct vm *vm, const struct record *last);

/**
 * Settle the environment and the signature of @record, which is of this run,
 * and what @vm's guest finds. Returns 0; -EPERM with @error set if the guest
 * would resume where it must not; or another -errno with @error set.
 */
int run_settle(struct vm *vm, const struct run_options *options, const struct prior_run *found,
	       struct record *record, struct error *error);

/**
 * The same after save_file_restore(), for a guest that has its environment in
 * its memory: @found is what is known of it on this host.
 */
int run_settle_restored(struct vm *vm, const struct run_options *options,
			const struct prior_run *found, struct record *record, struct error *error);

#endif
