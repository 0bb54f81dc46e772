/* SPDX-License-Identifier: BSD-3-Clause */
/* Make a machine's environment what it was, as far as KVM lets us. */
#ifndef VMM_ENVIRONMENT_WRITE_H
#define VMM_ENVIRONMENT_WRITE_H

#include "environment/environment.h"
#include "machine/vm.h"

/**
 * Give all vCPUs the registers of @environment that say what a guest has, where
 * it knows them: another host, or another kernel on this one, may offer more.
 * What KVM refuses stays as it is, and is a difference. Before any vCPU has run.
 * The one that is restored gets them with all its others.
 */
void environment_write(const struct vm *vm, const struct environment *environment);

#endif
