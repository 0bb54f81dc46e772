/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making, running and interrupting a vCPU, by file descriptors. Its registers
 * are in registers.h. For the thread that owns the vCPU. All return 0 or -errno
 * unless said.
 */
#ifndef VMM_KVM_VCPU_H
#define VMM_KVM_VCPU_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

/** Make vCPU @index of a VM. Returns its file descriptor or -errno. */
int kvm_create_vcpu(int vm_fd, unsigned int index);

/**
 * The argument of kvm_init_vcpu(), on this host, for a vCPU with PSCI; with
 * @power_off for one that KVM, if it keeps power states, keeps off until
 * another vCPU turns it on.
 */
int kvm_preferred_init(int vm_fd, bool power_off, struct kvm_vcpu_init *init);

/** Reset it to what it is after power-on. */
int kvm_init_vcpu(int vcpu_fd, const struct kvm_vcpu_init *init);

/** Run the guest until KVM has an exit to handle: see struct kvm_run. */
static inline int kvm_run_vcpu(int vcpu_fd)
{
	/* It is here since each exit of a guest comes this way. */
	return ioctl(vcpu_fd, KVM_RUN, 0) < 0 ? -errno : 0;
}

/** A physical SError, which is in no register while it is pending. */
struct kvm_serror {
	bool pending;
	bool has_esr;
	uint64_t esr; /**< Its syndrome, if it has one. */
};

/**
 * Read it. None is pending if this KVM cannot report it: then only dormouse
 * could have set one.
 */
void kvm_get_serror(int vcpu_fd, struct kvm_serror *serror);

/** Make one pending, if @serror says so. */
int kvm_set_serror(int vcpu_fd, const struct kvm_serror *serror);

/** Answer the access that KVM has just reported with an external abort. */
int kvm_inject_data_abort(int vcpu_fd);

#endif
