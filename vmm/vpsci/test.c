/* SPDX-License-Identifier: BSD-3-Clause */
#include "vpsci/test.h"

#include <errno.h>
#include <stdatomic.h>

int vpsci_test_check(const struct vm *vm, struct error *error)
{
	const struct config *config = vm->config;
	const unsigned int cpu = config_psci_test_highest_cpu(&config->psci_test);

	if (!config_psci_test_given(&config->psci_test))
		return 0;
	if (vm->server->name != PSCI_SERVER_USERSPACE)
		return error_set(error, -ENOTSUP,
				 "--psci-test needs libpsci, and here KVM serves PSCI to %s",
				 vm->name);
	if (cpu >= config->cpus)
		return error_set(error, -EINVAL, "--psci-test names CPU %u, and %s has %u CPUs",
				 cpu, vm->name, config->cpus);
	if (config->psci_test.extended_state_id &&
	    (!config->idle_states || config->psci_version == PSCI_VERSION_0_2))
		return error_set(error, -EINVAL,
				 "--psci-test extended-state-id needs --idle-states and PSCI 1.0");

	return 0;
}

static bool is_held(const struct vcpu *vcpu)
{
	return vcpu->index > 0 && vcpu->index == vcpu->vm->config->psci_test.held_cpu;
}

/* For CPU_ON and MIGRATE. */
static bool on_start_ok(void *ctx, void *vctx)
{
	const struct vm *vm = ctx;
	const struct vcpu *vcpu = vctx;

	return vcpu->index == 0 || vcpu->index != vm->config->psci_test.failing_cpu;
}

static bool names(const struct psci_trace *call, const struct vcpu *vcpu)
{
	switch ((uint32_t)call->x[0]) {
	case PSCI_FN32_CPU_ON:
		return (uint32_t)call->x[1] == vcpu->mpidr;
	case PSCI_FN64_CPU_ON:
		return call->x[1] == vcpu->mpidr;
	default:
		return false;
	}
}

/* A caller has seen ON_PENDING of the held vCPU: release it. */
static void on_trace(void *ctx, const struct psci_trace *call)
{
	struct vm *vm = ctx;
	struct vcpu *vcpu = &vm->vcpus[vm->config->psci_test.held_cpu];

	if ((int64_t)call->result != PSCI_RET_ON_PENDING || !names(call, vcpu))
		return;
	atomic_store(&vm->psci_held, false);
	vcpu_kick(vcpu);
}

void vpsci_test_prepare(struct vm *vm, struct psci_host *host, struct psci_config *config)
{
	static const enum psci_trusted_os kinds[] = {
		[CONFIG_TRUSTED_OS_NONE] = PSCI_TRUSTED_OS_NONE,
		[CONFIG_TRUSTED_OS_MIGRATABLE] = PSCI_TRUSTED_OS_MIGRATABLE,
		[CONFIG_TRUSTED_OS_FIXED] = PSCI_TRUSTED_OS_FIXED,
	};
	const struct config_psci_test *test = &vm->config->psci_test;

	if (test->failing_cpu)
		host->start_ok = on_start_ok;
	if (test->trusted_os == CONFIG_TRUSTED_OS_MIGRATABLE)
		host->migrate = on_start_ok;
	config->trusted_os = kinds[test->trusted_os];
	if (test->trusted_os != CONFIG_TRUSTED_OS_NONE)
		config->trusted_os_mpidr = vm->vcpus[0].mpidr;
	/* It is held until a caller has seen ON_PENDING. */
	if (test->held_cpu)
		host->trace = on_trace;
	if (test->held_cpu || test->on_pending)
		config->hide_on_pending = false;
	atomic_store(&vm->psci_held, test->held_cpu != 0);
}

void vpsci_test_set_availability(const struct vm *vm)
{
	const struct config_psci_test *test = &vm->config->psci_test;

	if (test->denied_cpu)
		psci_vcpu_set_availability(vm->vcpus[test->denied_cpu].psci, PSCI_VCPU_DENIED);
	if (test->disabled_cpu)
		psci_vcpu_set_availability(vm->vcpus[test->disabled_cpu].psci, PSCI_VCPU_DISABLED);
}

bool vpsci_test_holds(const struct vcpu *vcpu)
{
	return is_held(vcpu) && atomic_load(&vcpu->vm->psci_held);
}
