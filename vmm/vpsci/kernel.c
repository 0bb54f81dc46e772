/* SPDX-License-Identifier: BSD-3-Clause */
#include "vpsci/server.h"

#include <errno.h>
#include <string.h>

#include "vpsci/suspend.h"

/* Hold KVM at a version, so that it means the same on every kernel. */
static int hold_kvm(struct vm *vm, uint32_t version, struct error *error)
{
	char newest[CONFIG_VERSION_TEXT_SIZE];
	char asked[CONFIG_VERSION_TEXT_SIZE];
	const int err = kvm_set_register(vm->vcpus[0].fd, KVM_REG_ARM_PSCI_VERSION, version);

	if (err == -EINVAL) {
		config_format_psci_version(vm->psci_kvm_version, newest);
		config_format_psci_version(version, asked);

		return error_set(
			error, -ENOTSUP,
			"the KVM of this host's Linux %s has PSCI up to %s, and %s needs %s: "
			"start it on a host whose KVM has that, or with --psci userspace; for a "
			"VM that has run before, also give the --kernel, --flat or --firmware "
			"that it starts with",
			vm->kvm->release, newest, vm->name, asked);
	}
	if (err)
		return error_set(error, err, "KVM_REG_ARM_PSCI_VERSION: %s", strerror(-err));

	return 0;
}

int vpsci_begin_kvm(struct vm *vm, uint64_t pc, uint64_t x0, uint32_t version, struct error *error)
{
	int err = hold_kvm(vm, version, error);

	if (err)
		return err;
	err = kvm_report_system_suspend(vm->fd);
	if (err)
		return error_set(error, err, "KVM_CAP_ARM_SYSTEM_SUSPEND: %s", strerror(-err));
	err = vcpu_reset(&vm->vcpus[0], pc, x0, false);
	if (err)
		return error_set(error, err, "cannot set the registers of vCPU 0: %s",
				 strerror(-err));

	return 0;
}

static int kernel_begin(struct vm *vm, uint64_t pc, uint64_t x0, struct error *error)
{
	const int err = vpsci_set_version(vm, 0, error);

	return err ? err : vpsci_begin_kvm(vm, pc, x0, vm->psci_version, error);
}

static void kernel_end(struct vm *vm)
{
	/* KVM keeps all state. */
}

/* KVM forwards no call, since no filter is set. */
static enum vcpu_next kernel_call(struct vcpu *vcpu)
{
	return vpsci_call_failed(vcpu, -EPROTO);
}

const struct vpsci_server vpsci_kernel = {
	.name = PSCI_SERVER_KERNEL,
	.kvm_keeps_power = true,
	.begin = kernel_begin,
	.end = kernel_end,
	.may_suspend = vpsci_suspend_kvm_may,
	.resume = vpsci_suspend_kvm_resume,
	.poll = vpsci_suspend_kvm_poll,
	.call = kernel_call,
	.wake = vpsci_suspend_kvm_wake,
	.system_event = vpsci_system_event,
};
