/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#define DEVICE "/dev/kvm"

/* Of the host's 32 to 52 bits; a kernel without the capability has 40. */
#define IPA_BITS_DEFAULT 40

const struct kvm_requirement kvm_requirements[KVM_REQUIREMENT_COUNT] = {
	{ KVM_CAP_ONE_REG, "KVM_CAP_ONE_REG", "3.7" },
	{ KVM_CAP_ARM_PSCI_0_2, "KVM_CAP_ARM_PSCI_0_2", "3.16" },
	{ KVM_CAP_IRQFD, "KVM_CAP_IRQFD", "3.19" },
	{ KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD", "3.19" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", "4.11" },
	{ KVM_CAP_ARM_SYSTEM_SUSPEND, "KVM_CAP_ARM_SYSTEM_SUSPEND", "5.19" },
};

static int open_device(struct error *error)
{
	const int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return error_set(error, -errno,
				 "there is no " DEVICE ": this machine, or the kernel it runs, has "
				 "no KVM, or was not started at EL2");
	if (errno == EACCES || errno == EPERM)
		return error_set(error, -errno,
				 "no permission to use " DEVICE ": is your user in the group kvm?");

	return error_set(error, -errno, "cannot open " DEVICE ": %s", strerror(errno));
}

static int check(struct kvm *kvm, struct error *error)
{
	const int version = ioctl(kvm->fd, KVM_GET_API_VERSION, 0);

	if (version != KVM_API_VERSION)
		return error_set(error, -ENODEV, DEVICE " is not KVM: KVM_GET_API_VERSION says %s",
				 version < 0 ? strerror(errno) : "another version");

	/*
	 * An arm64 binary under user-mode emulation meets another machine's
	 * KVM.
	 */
	if (ioctl(kvm->fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PSCI) <= 0)
		return error_set(error, -ENODEV,
				 DEVICE " is the KVM of a machine that is not arm64");

	for (size_t i = 0; i < KVM_REQUIREMENT_COUNT; i++) {
		if (ioctl(kvm->fd, KVM_CHECK_EXTENSION, kvm_requirements[i].capability) <= 0)
			return error_set(error, -ENOTSUP,
					 "this host's Linux %s is too old: its KVM lacks %s, "
					 "which came with %s",
					 kvm->release, kvm_requirements[i].name,
					 kvm_requirements[i].since);
	}

	const int size = ioctl(kvm->fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	if (size < 0)
		return error_set(error, -errno, "KVM_GET_VCPU_MMAP_SIZE on " DEVICE ": %s",
				 strerror(errno));

	const int bits = ioctl(kvm->fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
	const int cpus = ioctl(kvm->fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);

	kvm->run_size = (size_t)size;
	kvm->ipa_bits = bits > 0 ? (unsigned int)bits : IPA_BITS_DEFAULT;
	kvm->cpus_max = cpus > 0 ? (unsigned int)cpus : 1;

	return 0;
}

int kvm_open(struct kvm *kvm, struct error *error)
{
	struct utsname name;
	int err;

	*kvm = (struct kvm){ 0 };
	if (uname(&name) == 0)
		snprintf(kvm->release, sizeof(kvm->release), "%s", name.release);
	kvm->fd = open_device(error);
	if (kvm->fd < 0)
		return kvm->fd;
	err = check(kvm, error);
	if (err)
		close(kvm->fd);

	return err;
}

void kvm_close(struct kvm *kvm)
{
	close(kvm->fd);
}

int kvm_create_vm(const struct kvm *kvm, unsigned long type, struct error *error)
{
	int fd;

	/*
	 * A pending signal ends it, such as the one by which SIGSTOP or a
	 * freezer of the host stops this thread: Linux takes all of a process's
	 * memory locks to register a notifier, and can be interrupted there.
	 */
	do {
		fd = ioctl(kvm->fd, KVM_CREATE_VM, type);
	} while (fd < 0 && errno == EINTR);

	return fd < 0 ? error_set(error, -errno, "KVM_CREATE_VM: %s", strerror(errno)) : fd;
}

void kvm_report_undecoded(int vm_fd)
{
	const struct kvm_enable_cap cap = { .cap = KVM_CAP_ARM_NISV_TO_USER };

	if (ioctl(vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_INJECT_EXT_DABT) > 0)
		(void)ioctl(vm_fd, KVM_ENABLE_CAP, &cap);
}

int kvm_report_system_suspend(int vm_fd)
{
	const struct kvm_enable_cap cap = { .cap = KVM_CAP_ARM_SYSTEM_SUSPEND };

	return ioctl(vm_fd, KVM_ENABLE_CAP, &cap) < 0 ? -errno : 0;
}
