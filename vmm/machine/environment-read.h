/* SPDX-License-Identifier: BSD-3-Clause */
/* Read a machine's environment: see environment/environment.h. */
#ifndef VMM_ENVIRONMENT_READ_H
#define VMM_ENVIRONMENT_READ_H

#include "base/error.h"
#include "environment/environment.h"
#include "machine/vm.h"

/**
 * Read what is constant during a run of @vm, between vm_begin() and vm_run().
 * The caller frees @environment, also on failure. Returns 0, or -errno with
 * @error set.
 */
int environment_read(struct environment *environment, const struct vm *vm, struct error *error);

/**
 * Read what a run left behind. No vCPU runs, and all devices are drained or
 * have not begun. Returns 0, or -errno with @error set.
 */
int environment_read_left_behind(struct environment *environment, const struct vm *vm,
				 struct error *error);

/**
 * Give the writable disks new generations, durably: a copy that another program
 * changes has the former one. Returns as above.
 */
int environment_renew_disks(const struct vm *vm, struct error *error);

#endif
