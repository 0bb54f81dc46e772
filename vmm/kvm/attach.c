/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/attach.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kvm/gic.h"

static int attach_doorbell(int vm_fd, int fd, uint64_t address, struct error *error)
{
	const struct kvm_ioeventfd doorbell = {
		.addr = address,
		.len = sizeof(uint32_t),
		.fd = fd,
	};

	if (ioctl(vm_fd, KVM_IOEVENTFD, &doorbell) < 0)
		return error_set(error, -errno, "KVM_IOEVENTFD at %#llx: %s",
				 (unsigned long long)address, strerror(errno));

	return 0;
}

int kvm_attach_device(int vm_fd, const struct device *device, struct error *error)
{
	int err = 0;

	if (device->doorbell_fd >= 0)
		err = attach_doorbell(vm_fd, device->doorbell_fd, device->base + device->doorbell,
				      error);
	if (!err && device->irq_fd >= 0)
		err = gic_attach(vm_fd, device->irq_fd, device->spi, error);

	return err;
}
