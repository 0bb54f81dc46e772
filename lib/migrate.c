/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MIGRATE, MIGRATE_INFO_TYPE and MIGRATE_INFO_UP_CPU: a trusted OS that runs on one
 * vCPU at a time, if the guest has one.
 */
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>

const char *psci_trusted_os_problem(const struct psci_config *config)
{
	switch (config->trusted_os) {
	case PSCI_TRUSTED_OS_NONE:
		return NULL;
	case PSCI_TRUSTED_OS_MIGRATABLE:
		if (!config->host->migrate)
			return "psci_host.migrate is NULL, and the trusted OS can migrate";
		break;
	case PSCI_TRUSTED_OS_FIXED:
		break;
	default:
		return "psci_config.trusted_os is not a value of enum psci_trusted_os";
	}

	return is_affinity(config->trusted_os_mpidr)
		       ? NULL
		       : "psci_config.trusted_os_mpidr has a bit outside PSCI_TARGET_MASK";
}

bool psci_trusted_os_is_on(struct locked m, const struct psci_vcpu *vcpu)
{
	return m.machine->trusted_os != PSCI_TRUSTED_OS_NONE &&
	       m.machine->trusted_os_mpidr == vcpu->mpidr;
}

/* DEN0022F.b, MIGRATE. IMPLEMENTATION DEFINED: the order of the three faults. */
struct outcome psci_fn_migrate(struct locked m, const struct args *a)
{
	const struct psci_host *host = &m.machine->host;
	const struct psci_vcpu *target = psci_index_find(m, a->arg[0]);

	if (m.machine->trusted_os == PSCI_TRUSTED_OS_FIXED)
		return run_with(PSCI_RET_DENIED);
	if (!psci_trusted_os_is_on(m, a->caller))
		return run_with(PSCI_RET_NOT_PRESENT);
	if (!target)
		return run_with(PSCI_RET_INVALID_PARAMETERS);
	if (!host->migrate(m.machine->ctx, target->vctx))
		return run_with(PSCI_RET_INTERNAL_FAILURE);

	m.machine->trusted_os_mpidr = target->mpidr;

	return run_with(PSCI_RET_SUCCESS);
}

/* DEN0022F.b, MIGRATE_INFO_TYPE: the answer never changes, not even by a reset. */
struct outcome psci_fn_migrate_info_type(struct locked m, const struct args *a)
{
	switch ((enum psci_trusted_os)m.machine->trusted_os) {
	case PSCI_TRUSTED_OS_MIGRATABLE:
		return run_with(PSCI_MIGRATE_INFO_UP_MIGRATABLE);
	case PSCI_TRUSTED_OS_FIXED:
		return run_with(PSCI_MIGRATE_INFO_UP_NOT_MIGRATABLE);
	case PSCI_TRUSTED_OS_NONE:
		break;
	}

	return run_with(PSCI_MIGRATE_INFO_NOT_REQUIRED);
}

/* DEN0022F.b, MIGRATE_INFO_UP_CPU. The answer to an SMC32 caller has no room for Aff3. */
struct outcome psci_fn_migrate_info_up_cpu(struct locked m, const struct args *a)
{
	const uint64_t mpidr = m.machine->trusted_os_mpidr;

	return run_with((int64_t)(a->smc64 ? mpidr : (uint32_t)mpidr));
}
