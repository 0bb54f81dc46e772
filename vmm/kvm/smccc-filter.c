/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/smccc-filter.h"

#include <psci/abi.h>
#include <psci/smccc.h>

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/** A range of function ids; KVM compares all 32 bits of an id with it. */
struct range {
	uint32_t base;
	uint32_t count;
};

/* Both conventions, without and with SVE's hint. */
static const struct range all[] = {
	{ PSCI_FN32_BASE, PSCI_FN_COUNT },
	{ PSCI_FN64_BASE, PSCI_FN_COUNT },
	{ PSCI_FN32_BASE | SMCCC_SVE_HINT_MASK, PSCI_FN_COUNT },
	{ PSCI_FN64_BASE | SMCCC_SVE_HINT_MASK, PSCI_FN_COUNT },
};

static const struct range mixed[] = {
	{ PSCI_FN32_PSCI_VERSION, 1 },
	{ PSCI_FN32_PSCI_FEATURES, 1 },
	{ PSCI_FN32_SYSTEM_OFF2, 1 },
	{ PSCI_FN64_SYSTEM_OFF2, 1 },
	{ PSCI_FN32_PSCI_VERSION | SMCCC_SVE_HINT_MASK, 1 },
	{ PSCI_FN32_PSCI_FEATURES | SMCCC_SVE_HINT_MASK, 1 },
	{ PSCI_FN32_SYSTEM_OFF2 | SMCCC_SVE_HINT_MASK, 1 },
	{ PSCI_FN64_SYSTEM_OFF2 | SMCCC_SVE_HINT_MASK, 1 },
};

bool smccc_filter_offered(int vm_fd)
{
	const struct kvm_device_attr attr = {
		.group = KVM_ARM_VM_SMCCC_CTRL,
		.attr = KVM_ARM_VM_SMCCC_FILTER,
	};

	return ioctl(vm_fd, KVM_HAS_DEVICE_ATTR, &attr) == 0;
}

static int forward(const struct kvm *kvm, int vm_fd, const struct range *ranges, size_t count,
		   struct error *error)
{
	if (!smccc_filter_offered(vm_fd))
		return error_set(
			error, -ENOTSUP,
			"this host's Linux %s cannot forward PSCI calls (its KVM has no SMCCC "
			"filter, which came with 6.4): use --psci kernel; for a VM that has run "
			"before, also give the --kernel, --flat or --firmware that it starts with",
			kvm->release);

	for (size_t i = 0; i < count; i++) {
		struct kvm_smccc_filter filter = {
			.base = ranges[i].base,
			.nr_functions = ranges[i].count,
			.action = KVM_SMCCC_FILTER_FWD_TO_USER,
		};
		const struct kvm_device_attr attr = {
			.group = KVM_ARM_VM_SMCCC_CTRL,
			.attr = KVM_ARM_VM_SMCCC_FILTER,
			.addr = (uint64_t)(uintptr_t)&filter,
		};

		if (ioctl(vm_fd, KVM_SET_DEVICE_ATTR, &attr) < 0)
			return error_set(error, -errno, "KVM_ARM_VM_SMCCC_FILTER for %#x: %s",
					 ranges[i].base, strerror(errno));
	}

	return 0;
}

int smccc_filter_forward_all(const struct kvm *kvm, int vm_fd, struct error *error)
{
	return forward(kvm, vm_fd, all, COUNT(all), error);
}

int smccc_filter_forward_mixed(const struct kvm *kvm, int vm_fd, struct error *error)
{
	return forward(kvm, vm_fd, mixed, COUNT(mixed), error);
}

bool smccc_filter_forwards_in_mixed(uint32_t fid)
{
	for (size_t i = 0; i < COUNT(mixed); i++) {
		if (mixed[i].base == fid)
			return true;
	}

	return false;
}
