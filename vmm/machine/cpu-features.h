/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which of the features of board/cpu-features.h the vCPUs of a machine have:
 * those of the host's KVM, less those that the configuration takes away. A
 * guest that may resume gets no more than it left with, so that it finds the
 * same CPU on a host that has more; what the host lacks is a difference of its
 * environment.
 */
#ifndef VMM_MACHINE_CPU_FEATURES_H
#define VMM_MACHINE_CPU_FEATURES_H

#include "base/error.h"
#include "environment/environment.h"
#include "machine/vm.h"

/**
 * Set vm->features, once the VM exists in KVM and before its vCPUs do. Without
 * vector lengths in it the vCPUs get all that KVM has, and add them.
 */
void cpu_features_choose(struct vm *vm);

/**
 * Initialise a vCPU that its creator has prepared, with these features. Returns
 * 0, or -errno with @error set.
 */
int cpu_features_init_vcpu(struct vcpu *vcpu, struct error *error);

/**
 * Initialise the vCPUs' PMUs, if they have them, once the GIC is. Returns 0, or
 * -errno with @error set.
 */
int cpu_features_init_pmus(const struct vm *vm, struct error *error);

/**
 * Set the line of the environment, between vm_begin() and vm_run(). Machines of
 * a version without these features have no such line. Returns 0 or -ENOMEM.
 */
int cpu_features_read(struct environment *environment, const struct vm *vm);

/**
 * Whether the vCPUs have the features in vm->environment, if it has the line.
 * Returns 0; or -ENOTSUP, with @error set to what a guest of it needs, such as
 * "the CPU feature sve: on, not off"; or -ENOMEM with @error set.
 */
int cpu_features_check(const struct vm *vm, struct error *error);

#endif
