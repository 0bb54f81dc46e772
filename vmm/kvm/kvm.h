/* SPDX-License-Identifier: BSD-3-Clause */
/* What the host's KVM is and can do. */
#ifndef VMM_KVM_H
#define VMM_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "base/error.h"

/* Of Linux 6.4, for building with older headers. */
#ifndef KVM_ARM_VM_SMCCC_CTRL
#define KVM_ARM_VM_SMCCC_CTRL 0
#define KVM_ARM_VM_SMCCC_FILTER 0

enum kvm_smccc_filter_action {
	KVM_SMCCC_FILTER_HANDLE = 0,
	KVM_SMCCC_FILTER_DENY,
	KVM_SMCCC_FILTER_FWD_TO_USER,
};

struct kvm_smccc_filter {
	__u32 base;
	__u32 nr_functions;
	__u8 action;
	__u8 pad[15];
};
#endif

/* Of Linux 7.0: an LD64B or ST64B outside of memory, told as KVM_EXIT_ARM_NISV is. */
#ifndef KVM_EXIT_ARM_LDST64B
#define KVM_EXIT_ARM_LDST64B 42
#endif

/** What dormouse cannot do without, and the Linux that brought it. */
struct kvm_requirement {
	int capability;
	const char *name;
	const char *since;
};

#define KVM_REQUIREMENT_COUNT 6

extern const struct kvm_requirement kvm_requirements[KVM_REQUIREMENT_COUNT];

struct kvm {
	int fd; /**< /dev/kvm */
	size_t run_size; /**< Of a vCPU's shared page, struct kvm_run. */
	unsigned int ipa_bits;
	unsigned int cpus_max;
	char release[65]; /**< The host kernel's, as uname has it. */
};

/**
 * Open /dev/kvm and see that dormouse can work with it. Returns 0, or -errno with
 * @error set.
 */
int kvm_open(struct kvm *kvm, struct error *error);

void kvm_close(struct kvm *kvm);

/**
 * Make a VM of @type, the size of its guest's physical addresses. Returns its file
 * descriptor, or -errno with @error set.
 */
int kvm_create_vm(const struct kvm *kvm, unsigned long type, struct error *error);

#endif
