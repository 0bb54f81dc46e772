/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM's GICv3, and how devices raise its interrupts. */
#ifndef VMM_GIC_H
#define VMM_GIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** Whether the host's KVM has a GICv3 for guests. */
bool gic_offered(int vm_fd);

/**
 * Create the interrupt controller of a KVM VM and set its addresses. Returns a
 * file descriptor, or -errno with @error set.
 */
int gic_create(int vm_fd, struct error *error);

/**
 * Initialise it, once all vCPUs exist. Returns 0, or -errno with @error set.
 */
int gic_init(int gic_fd, struct error *error);

/**
 * Make each write to the eventfd @irq_fd pulse shared peripheral interrupt
 * @spi. Returns 0, or -errno with @error set.
 */
int gic_attach(int vm_fd, int irq_fd, uint32_t spi, struct error *error);

/**
 * The part of a GIC attribute that selects a vCPU, to be added to the
 * register's offset: the affinity in its upper 32 bits, packed.
 */
uint64_t gic_affinity(uint64_t mpidr);

/**
 * Read and write a register, while no vCPU is in an ioctl: one of a
 * KVM_DEV_ARM_VGIC_GRP_, with its offset or encoding as KVM's attribute has it.
 * Those of a CPU interface are wide, 64 bits, all others 32. Both return 0 or
 * -errno.
 */
int gic_get_register(int gic_fd, uint32_t group, uint64_t attribute, uint64_t *value);
int gic_set_register(int gic_fd, uint32_t group, uint64_t attribute, uint64_t value);
bool gic_is_wide(uint32_t group);

/**
 * The private and shared peripheral interrupts that the guest has enabled and
 * that can be delivered to the vCPU of affinity @mpidr: up to @max INTIDs into
 * @intids, in order. Software generated interrupts are left out: only vCPUs
 * send those. Call it while no vCPU is in an ioctl. Returns how many.
 */
size_t gic_enabled(int gic_fd, uint64_t mpidr, uint16_t *intids, size_t max);

#endif
