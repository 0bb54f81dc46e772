/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/vcpu.h"

int kvm_create_vcpu(int vm_fd, unsigned int index)
{
	const int fd = ioctl(vm_fd, KVM_CREATE_VCPU, index);

	return fd < 0 ? -errno : fd;
}

int kvm_preferred_init(int vm_fd, bool power_off, struct kvm_vcpu_init *init)
{
	if (ioctl(vm_fd, KVM_ARM_PREFERRED_TARGET, init) < 0)
		return -errno;
	init->features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2;
	if (power_off)
		init->features[0] |= 1U << KVM_ARM_VCPU_POWER_OFF;

	return 0;
}

int kvm_init_vcpu(int vcpu_fd, const struct kvm_vcpu_init *init)
{
	return ioctl(vcpu_fd, KVM_ARM_VCPU_INIT, init) < 0 ? -errno : 0;
}

void kvm_get_serror(int vcpu_fd, struct kvm_serror *serror)
{
	struct kvm_vcpu_events events = { 0 };

	*serror = (struct kvm_serror){ 0 };
	if (ioctl(vcpu_fd, KVM_GET_VCPU_EVENTS, &events) < 0)
		return;
	serror->pending = events.exception.serror_pending != 0;
	serror->has_esr = events.exception.serror_has_esr != 0;
	serror->esr = events.exception.serror_esr;
}

int kvm_set_serror(int vcpu_fd, const struct kvm_serror *serror)
{
	const struct kvm_vcpu_events events = {
		.exception.serror_pending = serror->pending,
		.exception.serror_has_esr = serror->has_esr,
		.exception.serror_esr = serror->esr,
	};

	if (!serror->pending)
		return 0;

	return ioctl(vcpu_fd, KVM_SET_VCPU_EVENTS, &events) < 0 ? -errno : 0;
}

int kvm_inject_data_abort(int vcpu_fd)
{
	const struct kvm_vcpu_events events = { .exception.ext_dabt_pending = 1 };

	return ioctl(vcpu_fd, KVM_SET_VCPU_EVENTS, &events) < 0 ? -errno : 0;
}
