/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Idle states for libpsci: those of --idle-states in its terms, and the
 * optional functions that come with them.
 */
#ifndef VMM_VPSCI_POWER_H
#define VMM_VPSCI_POWER_H

#include <psci/psci.h>

#include "machine/vm.h"

struct vpsci_power;

/**
 * Describe in @psci, whose version is already set, the idle states of the
 * configuration of @vm: power states, statistics and the functions to be
 * enabled; nothing, if it has no idle states. The result must last as long as
 * the machine. Returns NULL if memory ran out.
 */
struct vpsci_power *vpsci_power_create(const struct vm *vm, struct psci_config *psci);

/**
 * Create the clusters of @machine, whose vCPUs are @vcpus, one for each of
 * @vm's, and put these into them. Returns 0 or an enum psci_error.
 */
int vpsci_power_connect(struct vpsci_power *power, const struct vm *vm,
			struct psci_machine *machine, struct psci_vcpu *vcpus);

/** Call it when the machine is gone. NULL is allowed. */
void vpsci_power_destroy(struct vpsci_power *power);

#endif
