/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's KVM and its capabilities. */
#ifndef VMM_KVM_H
#define VMM_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "base/error.h"

/* From Linux 6.4, for building with older headers. */
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

/*
 * From Linux 7.0: an LD64B or ST64B outside of memory, reported like
 * KVM_EXIT_ARM_NISV.
 */
#ifndef KVM_EXIT_ARM_LDST64B
#define KVM_EXIT_ARM_LDST64B 42
#endif

/** A capability that dormouse needs, and the Linux that introduced it. */
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
	char release[65]; /**< The host kernel's release, from uname. */
};

/**
 * Open /dev/kvm and check that dormouse can work with it. Returns 0, or -errno
 * with @error set.
 */
int kvm_open(struct kvm *kvm, struct error *error);

void kvm_close(struct kvm *kvm);

/**
 * Create a VM of @type, the size of its guest's physical addresses. Returns its
 * file descriptor, or -errno with @error set.
 */
int kvm_create_vm(const struct kvm *kvm, unsigned long type, struct error *error);

/**
 * Have KVM report accesses outside of memory that it cannot decode, if it can
 * also give the guest an abort for them. Where it cannot, KVM_RUN fails with
 * ENOSYS.
 */
void kvm_report_undecoded(int vm_fd);

/** Have KVM report SYSTEM_SUSPEND, not refuse it. Returns 0 or -errno. */
int kvm_report_system_suspend(int vm_fd);

#endif
