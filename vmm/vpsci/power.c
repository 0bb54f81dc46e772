/* SPDX-License-Identifier: BSD-3-Clause */
#include "vpsci/power.h"

#include <stdlib.h>

#include "board/idle-states.h"
#include "machine/vcpu.h"

#define DEPTH_STANDBY 1

struct vpsci_power {
	struct psci_idle_state states[IDLE_STATE_ALL_COUNT];
	struct psci_stat *stats;
	struct psci_domain *clusters;
	size_t cluster_count;
};

static void set_states(struct psci_idle_state states[IDLE_STATE_ALL_COUNT], bool extended)
{
	static const uint8_t cluster_depths[] = {
		[IDLE_CLUSTER_RUNS] = PSCI_DEPTH_RUN,
		[IDLE_CLUSTER_RETENTION] = DEPTH_STANDBY,
		[IDLE_CLUSTER_OFF] = PSCI_DEPTH_OFF,
	};

	for (size_t i = 0; i < IDLE_STATE_ALL_COUNT; i++)
		states[i] = (struct psci_idle_state){
			.power_state = idle_state_value(&idle_states[i], extended),
			.depth = { idle_states[i].powers_down ? PSCI_DEPTH_OFF : DEPTH_STANDBY,
				   cluster_depths[idle_states[i].cluster] },
		};
}

/* KVM numbers vCPUs cluster by cluster. */
static size_t count_clusters(const struct vm *vm)
{
	size_t count = 1;

	for (unsigned int i = 1; i < vm->vcpu_count; i++)
		count += IDLE_CLUSTER_OF(vm->vcpus[i].mpidr) !=
			 IDLE_CLUSTER_OF(vm->vcpus[i - 1].mpidr);

	return count;
}

/*
 * The functions about power states are offered with power states. Setting the
 * mode only makes sense if there is a domain to coordinate.
 */
static uint32_t enabled_functions(const struct config *config, uint32_t version)
{
	uint32_t enabled = PSCI_FN_BIT(PSCI_FN32_CPU_FREEZE) |
			   PSCI_FN_BIT(PSCI_FN32_CPU_DEFAULT_SUSPEND) |
			   PSCI_FN_BIT(PSCI_FN32_NODE_HW_STATE);

	if (version < PSCI_VERSION_1_0)
		return 0;

	return config->idle_clusters ? enabled | PSCI_FN_BIT(PSCI_FN32_PSCI_SET_SUSPEND_MODE)
				     : enabled;
}

struct vpsci_power *vpsci_power_create(const struct vm *vm, struct psci_config *psci)
{
	const struct config *config = vm->config;
	struct vpsci_power *power = calloc(1, sizeof(*power));
	size_t node_count = vm->vcpu_count;

	if (!power || !config->idle_states)
		return power;
	if (config->idle_clusters) {
		power->cluster_count = count_clusters(vm);
		node_count += power->cluster_count;
		power->clusters = calloc(power->cluster_count, sizeof(*power->clusters));
	}
	psci->idle_state_count = config->idle_clusters ? IDLE_STATE_ALL_COUNT : IDLE_STATE_COUNT;
	psci->stat_count = node_count * psci->idle_state_count;
	power->stats = calloc(psci->stat_count, sizeof(*power->stats));
	if (!power->stats || (power->cluster_count && !power->clusters)) {
		vpsci_power_destroy(power);

		return NULL;
	}
	psci->extended_state_id = config->psci_test.extended_state_id;
	set_states(power->states, psci->extended_state_id);
	psci->idle_states = power->states;
	psci->stats = power->stats;
	psci->enable_functions |= enabled_functions(config, psci->version);

	return power;
}

int vpsci_power_connect(struct vpsci_power *power, const struct vm *vm,
			struct psci_machine *machine, struct psci_vcpu *vcpus)
{
	size_t cluster = 0;
	int err = 0;

	for (size_t i = 0; i < power->cluster_count && !err; i++)
		err = psci_domain_init(&power->clusters[i], machine, 1, NULL);
	for (unsigned int i = 0; i < vm->vcpu_count && power->cluster_count && !err; i++) {
		if (i > 0)
			cluster += IDLE_CLUSTER_OF(vm->vcpus[i].mpidr) !=
				   IDLE_CLUSTER_OF(vm->vcpus[i - 1].mpidr);
		err = psci_vcpu_place(&vcpus[i], &power->clusters[cluster]);
	}

	return err;
}

void vpsci_power_destroy(struct vpsci_power *power)
{
	if (!power)
		return;
	free(power->clusters);
	free(power->stats);
	free(power);
}
