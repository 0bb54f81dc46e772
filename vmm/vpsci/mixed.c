/* SPDX-License-Identifier: BSD-3-Clause */
#include "vpsci/mixed.h"

#include <psci/smccc.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "kvm/smccc-filter.h"
#include "vpsci/suspend.h"
#include "machine/vcpu.h"

/** A vCPU, alone in its machine. */
struct solo {
	struct psci_machine machine;
	struct psci_vcpu vcpu;
	struct psci_vcpu *index[1];
};

struct psci_mixed {
	struct solo *solos; /**< One for each vCPU, by its index. */
};

/** What PSCI leaves optional and KVM's PSCI 1.1 does not have. */
static const struct {
	uint32_t fid;
	uint32_t since;
} absent[] = {
	{ PSCI_FN32_MIGRATE, PSCI_VERSION_0_2 },
	{ PSCI_FN32_MIGRATE_INFO_UP_CPU, PSCI_VERSION_0_2 },
	{ PSCI_FN32_CPU_FREEZE, PSCI_VERSION_1_0 },
	{ PSCI_FN32_CPU_DEFAULT_SUSPEND, PSCI_VERSION_1_0 },
	{ PSCI_FN32_NODE_HW_STATE, PSCI_VERSION_1_0 },
	{ PSCI_FN32_PSCI_SET_SUSPEND_MODE, PSCI_VERSION_1_0 },
	{ PSCI_FN32_PSCI_STAT_RESIDENCY, PSCI_VERSION_1_0 },
	{ PSCI_FN32_PSCI_STAT_COUNT, PSCI_VERSION_1_0 },
	{ PSCI_FN32_MEM_PROTECT, PSCI_VERSION_1_1 },
	{ PSCI_FN32_MEM_PROTECT_CHECK_RANGE, PSCI_VERSION_1_1 },
};

static uint32_t withheld(uint32_t version)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		if (absent[i].since <= version)
			bits |= UINT32_C(1) << (absent[i].fid - PSCI_FN32_BASE);
	}

	return bits;
}

static int begin(struct solo *solo, struct vcpu *vcpu, uint32_t version,
		 const struct psci_host *host)
{
	const struct psci_config config = {
		.size = sizeof(config),
		.version = version,
		.withheld = withheld(version),
		.offered = psci_suspend_offered(version),
		.index = solo->index,
		.index_size = 1,
		.host = host,
		.ctx = vcpu->vm,
	};
	struct psci_entry entry = { 0 };
	int err = psci_machine_init(&solo->machine, &config);

	if (!err)
		err = psci_vcpu_init(&solo->vcpu, &solo->machine, vcpu->mpidr, vcpu);
	/* On from here to the end: where it starts is between the guest and KVM. */
	if (!err)
		err = psci_machine_boot(&solo->vcpu, &entry);
	if (err)
		return err;
	psci_vcpu_poll(&solo->vcpu, &entry);
	vcpu->psci = &solo->vcpu;

	return 0;
}

int psci_mixed_create(struct vm *vm, uint32_t version, const struct psci_host *host,
		      struct psci_mixed **created, struct error *error)
{
	struct psci_mixed *mixed = calloc(1, sizeof(*mixed));
	int err = 0;

	if (mixed)
		mixed->solos = calloc(vm->vcpu_count, sizeof(*mixed->solos));
	if (!mixed || !mixed->solos) {
		free(mixed);

		return error_set(error, -ENOMEM, "out of memory");
	}
	for (unsigned int i = 0; i < vm->vcpu_count && !err; i++)
		err = begin(&mixed->solos[i], &vm->vcpus[i], version, host);
	if (err) {
		psci_mixed_destroy(mixed);

		return error_set(error, -EINVAL, "PSCI %#x: %s", version, psci_strerror(err));
	}
	*created = mixed;

	return 0;
}

void psci_mixed_destroy(struct psci_mixed *mixed)
{
	if (!mixed)
		return;
	free(mixed->solos);
	free(mixed);
}

uint32_t psci_mixed_kvm_version(uint32_t version)
{
	return version < PSCI_VERSION_1_1 ? version : PSCI_VERSION_1_1;
}

bool psci_mixed_is_unserved(const struct psci_regs *regs)
{
	const uint32_t fid = (uint32_t)regs->x[0] & ~(uint32_t)SMCCC_SVE_HINT_MASK;
	const uint32_t asked = (uint32_t)regs->x[1];

	return fid == PSCI_FN32_PSCI_FEATURES && asked & SMCCC_SVE_HINT_MASK &&
	       !psci_filter_is_one_of_few(asked);
}

struct psci_event psci_mixed_event(struct psci_mixed *mixed, unsigned int vcpu)
{
	return psci_machine_event(&mixed->solos[vcpu].machine);
}
