/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/cpu-features.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "board/board.h"
#include "kvm/registers.h"

#define PPI_FIRST_INTID 16

/* KVM has pointer authentication of addresses and generic, or neither. */
static const struct {
	enum cpu_feature feature;
	int capability;
	unsigned int bit;
} requests[] = {
	{ CPU_FEATURE_PMU, KVM_CAP_ARM_PMU_V3, KVM_ARM_VCPU_PMU_V3 },
	{ CPU_FEATURE_PAUTH, KVM_CAP_ARM_PTRAUTH_ADDRESS, KVM_ARM_VCPU_PTRAUTH_ADDRESS },
	{ CPU_FEATURE_PAUTH, KVM_CAP_ARM_PTRAUTH_GENERIC, KVM_ARM_VCPU_PTRAUTH_GENERIC },
	{ CPU_FEATURE_SVE, KVM_CAP_ARM_SVE, KVM_ARM_VCPU_SVE },
};

#define REQUEST_COUNT (sizeof(requests) / sizeof(requests[0]))

unsigned int kvm_cpu_features_offered(int vm_fd)
{
	unsigned int offered = 0;
	unsigned int lacking = 0;

	for (size_t i = 0; i < REQUEST_COUNT; i++) {
		const unsigned int feature = CPU_FEATURE_BIT(requests[i].feature);

		if (ioctl(vm_fd, KVM_CHECK_EXTENSION, requests[i].capability) > 0)
			offered |= feature;
		else
			lacking |= feature;
	}

	return offered & ~lacking;
}

void kvm_request_cpu_features(struct kvm_vcpu_init *init, unsigned int features)
{
	for (size_t i = 0; i < REQUEST_COUNT; i++)
		if (features & CPU_FEATURE_BIT(requests[i].feature))
			init->features[0] |= 1U << requests[i].bit;
}

int kvm_finalize_sve(int vcpu_fd, const uint64_t *wanted, uint64_t lengths[SVE_LENGTH_WORDS])
{
	int feature = KVM_ARM_VCPU_SVE;

	/* Refused if the host lacks one, or has one between these. */
	if (wanted)
		(void)kvm_set_register_bytes(vcpu_fd, KVM_REG_ARM64_SVE_VLS, wanted);
	if (ioctl(vcpu_fd, KVM_ARM_VCPU_FINALIZE, &feature) < 0)
		return -errno;

	return kvm_get_register_bytes(vcpu_fd, KVM_REG_ARM64_SVE_VLS, lengths);
}

int kvm_init_pmu(int vcpu_fd)
{
	const uint32_t intid = PPI_FIRST_INTID + BOARD_PMU_PPI;
	struct kvm_device_attr attr = {
		.group = KVM_ARM_VCPU_PMU_V3_CTRL,
		.attr = KVM_ARM_VCPU_PMU_V3_IRQ,
		.addr = (uint64_t)(uintptr_t)&intid,
	};

	if (ioctl(vcpu_fd, KVM_SET_DEVICE_ATTR, &attr) < 0)
		return -errno;
	attr.attr = KVM_ARM_VCPU_PMU_V3_INIT;
	attr.addr = 0;

	return ioctl(vcpu_fd, KVM_SET_DEVICE_ATTR, &attr) < 0 ? -errno : 0;
}
