/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of a device that KVM emulates. */
#ifndef VMM_KVM_ATTACH_H
#define VMM_KVM_ATTACH_H

#include "base/error.h"
#include "board/device.h"

/**
 * Connect a device with a new KVM VM, once that has its GIC: its doorbell, for
 * which a vCPU need not leave the kernel, and its interrupt. Returns 0, or
 * -errno with @error set.
 */
int kvm_attach_device(int vm_fd, const struct device *device, struct error *error);

#endif
