/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/power.h - power states and power domains: how vCPUs sleep
 *
 * A host that wants more than plain standby describes two things: the power
 * states that CPU_SUSPEND accepts, and the tree of power domains (clusters and
 * what is above them) that contain the vCPUs. Both are optional. psci.h has the
 * conventions and includes this file. References are to DEN0022F.b by section
 * name.
 */
#ifndef PSCI_POWER_H
#define PSCI_POWER_H

#include <psci/env.h>

#ifdef __cplusplus
extern "C" {
#endif

struct psci_machine;
struct psci_vcpu;

/** Power levels: 0 is a core, 1 the domain that contains it, and so on up. */
#define PSCI_POWER_LEVEL_COUNT 4

/*
 * How deep a core or domain sleeps, in numbers of the host's choice from 1 to
 * 255: a larger number is a deeper sleep. From PSCI_DEPTH_OFF on it has lost
 * its contents, which at level 0 are the vCPU's registers. NODE_HW_STATE
 * distinguishes the three ranges.
 */
#define PSCI_DEPTH_RUN 0
#define PSCI_DEPTH_OFF 128
#define PSCI_DEPTH_MAX 255 /**< What CPU_OFF asks for, at every level. */

/** One power state that CPU_SUSPEND accepts: a combination of depths. */
struct psci_idle_state {
	/**
	 * What the guest passes (and reads from its device tree or _LPI). In
	 * the original format its PowerLevel is the highest level with a depth.
	 */
	uint32_t power_state;
	/**
	 * The depth of each level. PSCI_DEPTH_RUN, which is 0, means that the
	 * level has none and continues to run. Level 0 has a depth, and so does
	 * each level up to the highest that has one. At level 0 it is
	 * PSCI_DEPTH_OFF or more if, and only if, @power_state is of type
	 * power-down.
	 */
	uint8_t depth[PSCI_POWER_LEVEL_COUNT];
	/**
	 * OS-initiated mode: the level up to which this value says that the
	 * caller is the last to sleep, if that is above the highest level with
	 * a depth. Else 0.
	 */
	uint8_t last_level;
};

/** What PSCI_STAT_RESIDENCY and PSCI_STAT_COUNT tell of a node's state. */
struct psci_stat {
	uint64_t residency; /**< In microseconds. */
	uint64_t count; /**< Of stays. A stay that still lasts is in neither. */
};

struct psci_domain;

/** A core or a domain, as a node of the tree. Private. */
struct psci_node {
	struct psci_domain *parent;
	struct psci_node *sibling;
	struct psci_stat *stats;
	uint64_t since;
	uint8_t request[PSCI_POWER_LEVEL_COUNT];
	uint8_t level;
	bool counted;
};

/** A power domain. Private. */
struct psci_domain {
	struct psci_node node;
	struct psci_node *children;
	struct psci_domain *next;
	uint32_t number;
	uint32_t awake;
	uint64_t reserved[2];
};

/**
 * psci_domain_init() - add a power domain to a machine
 * @domain: storage; its contents are ignored
 * @machine: where it belongs; none of its vCPUs may have run yet
 * @level: 1 to 3
 * @parent: the domain of the next higher level that contains it, of the same
 *	machine, or NULL
 *
 * From any thread, before psci_machine_boot() and psci_machine_restore().
 *
 * Return: 0, or
 *   PSCI_ERR_INVALID: @level is not 1 to 3, @parent is not a domain of @machine
 *   one level above it, or @machine has been booted or restored;
 *   PSCI_ERR_FULL: psci_config.stats has no slot left.
 */
int psci_domain_init(struct psci_domain *domain, struct psci_machine *machine, unsigned int level,
		     struct psci_domain *parent);

/**
 * psci_vcpu_place() - put a vCPU into a power domain
 * @vcpu: one that has not run yet and has not been placed
 * @domain: of level 1, of the same machine
 *
 * A vCPU that is never placed has power states of its own level only. From any
 * thread, before psci_machine_boot() and psci_machine_restore().
 *
 * Return: 0, or
 *   PSCI_ERR_INVALID: @domain is not a domain of level 1 of the vCPU's machine,
 *   @vcpu has one already, or the machine has been booted or restored.
 */
int psci_vcpu_place(struct psci_vcpu *vcpu, struct psci_domain *domain);

#ifdef __cplusplus
}
#endif

#endif /* PSCI_POWER_H */
