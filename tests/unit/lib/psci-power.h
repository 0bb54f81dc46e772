/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fixture's machine with power domains and a table of power states, and a way to give
 * it everything that a host can provide.
 *
 *	system (level 2)
 *	 |- cluster 0 (level 1)   vCPUs 0 and 1
 *	 `- cluster 1             vCPUs 2 and 3
 *	cluster 2, on its own     vCPU 4
 *	nowhere                   vCPU 5
 */
#ifndef TESTS_PSCI_POWER_H
#define TESTS_PSCI_POWER_H

#include "psci-fixture.h"
#include "psci-spec.h"

/* The power states, by the depths of the levels: core, cluster, system. */
#define POWER_STANDBY 0x00000000 /* 1 */
#define POWER_RETENTION 0x00000002 /* 2 */
#define POWER_DOWN 0x00010003 /* 200 */
#define POWER_CLUSTER_RETENTION 0x01000022 /* 2, 3 */
#define POWER_DOWN_CLUSTER_RETENTION 0x01010023 /* 200, 3 */
#define POWER_CLUSTER_DOWN 0x01010033 /* 200, 200 */
#define POWER_CLUSTER_DOWN_LAST 0x01012033 /* as above, and the last in the system */
#define POWER_SYSTEM_DOWN 0x02010333 /* 200, 200, 200 */
#define POWER_STATE_COUNT 8

/* The extended format's. */
#define POWER_EXT_STANDBY 0x00000001 /* 1 */
#define POWER_EXT_DOWN 0x40000003 /* 200 */
#define POWER_EXT_CLUSTER_DOWN 0x40000033 /* 200, 200 */

extern const struct psci_idle_state power_states[POWER_STATE_COUNT];
extern const struct psci_idle_state power_ext_states[3];

/* Where the trusted OS is that power_equip() makes: on none of the vCPUs. */
#define POWER_TRUSTED_OS_MPIDR FIXTURE_ABSENT_MPIDR

/** A machine with domains. The fixture comes first: functions that take one take this one's. */
struct power {
	struct fixture f;
	struct psci_domain clusters[3];
	struct psci_domain system;
	struct psci_stat stats[(FIXTURE_VCPU_COUNT + 5) * POWER_STATE_COUNT];
	uint64_t time; /**< The time by the host's clock, in microseconds. */
	void *migrated_to; /**< The last argument of migrate(), ... */
	bool refuses_to_migrate; /**< ... and its answer. */
};

/** Bit of a function in psci_config.enable_functions and disable_functions. */
uint32_t power_bit(uint32_t fid);

/** Fill in what @means asks of host and configuration, which fixture_configure() began. */
void power_equip(struct power *p, uint32_t means);

/** Configure with all means and the power states above. */
void power_configure(struct power *p, uint32_t version);

/** Make machine, domains and vCPUs. */
void power_make(struct power *p);

/** All of it, then boot vCPU 0 and poll it, as fixture_boot(). */
void power_boot(struct power *p, uint32_t version);

/** As power_boot(), then start the first @count vCPUs. */
void power_boot_many(struct power *p, unsigned int count);

/** As fixture_answers_only(); domains and statistics are unchanged, too. */
void power_answers_only(struct power *p, unsigned int i, struct psci_regs regs, int32_t code);

/** vCPU @i suspends with an entry point of its own, x0 = @i. Must succeed. */
void power_suspend(struct power *p, unsigned int i, uint32_t power_state);

/** vCPU @i wakes; asserts that it continues, or starts with psci_entry.wake. */
void power_wake(struct power *p, unsigned int i);

/** NODE_HW_STATE as vCPU @by sees it. */
int64_t power_hw_state(struct power *p, unsigned int by, unsigned int i, unsigned int level);

/** vCPU @i chooses a mode and gets this answer. */
void power_set_mode(struct power *p, unsigned int i, uint32_t mode, int32_t answer);

#endif
