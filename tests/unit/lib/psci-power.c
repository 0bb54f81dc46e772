/* SPDX-License-Identifier: BSD-3-Clause */
#include "psci-power.h"

#include <string.h>

const struct psci_idle_state power_states[POWER_STATE_COUNT] = {
	{ .power_state = POWER_STANDBY, .depth = { 1 } },
	{ .power_state = POWER_RETENTION, .depth = { 2 } },
	{ .power_state = POWER_DOWN, .depth = { 200 } },
	{ .power_state = POWER_CLUSTER_RETENTION, .depth = { 2, 3 } },
	{ .power_state = POWER_DOWN_CLUSTER_RETENTION, .depth = { 200, 3 } },
	{ .power_state = POWER_CLUSTER_DOWN, .depth = { 200, 200 } },
	{ .power_state = POWER_CLUSTER_DOWN_LAST, .depth = { 200, 200 }, .last_level = 2 },
	{ .power_state = POWER_SYSTEM_DOWN, .depth = { 200, 200, 200 } },
};

const struct psci_idle_state power_ext_states[3] = {
	{ .power_state = POWER_EXT_STANDBY, .depth = { 1 } },
	{ .power_state = POWER_EXT_DOWN, .depth = { 200 } },
	{ .power_state = POWER_EXT_CLUSTER_DOWN, .depth = { 200, 200 } },
};

uint32_t power_bit(uint32_t fid)
{
	return UINT32_C(1) << (fid & 0x1f);
}

/* All of memory except the last byte, so that both answers are possible. */
static bool memory_ok(void *ctx, uint64_t base, uint64_t length)
{
	const struct fixture *f = ctx;

	assert_true(f->locked);
	assert_int_not_equal(length, 0);
	assert_true(base + (length - 1) >= base);

	return base + (length - 1) != UINT64_MAX;
}

static uint64_t now(void *ctx)
{
	const struct power *p = ctx; /* The fixture comes first. */

	assert_true(p->f.locked);

	return p->time;
}

static bool migrate(void *ctx, void *vctx)
{
	struct power *p = ctx;

	assert_true(p->f.locked);
	p->migrated_to = vctx;

	return !p->refuses_to_migrate;
}

void power_equip(struct power *p, uint32_t means)
{
	struct psci_config *config = &p->f.config;

	p->time = 0xfeedf00d;
	p->migrated_to = NULL;
	p->refuses_to_migrate = false;
	if (means & SPEC_STATS) {
		p->f.host.now = now;
		config->stats = p->stats;
		config->stat_count = ARRAY_SIZE(p->stats);
	}
	if (means & SPEC_TRUSTED_OS) {
		p->f.host.migrate = migrate;
		config->trusted_os = PSCI_TRUSTED_OS_MIGRATABLE;
		config->trusted_os_mpidr = POWER_TRUSTED_OS_MPIDR;
	}

	if (means & SPEC_MEMORY)
		p->f.host.memory_ok = memory_ok;

	/* What is not in the version cannot be enabled. */
	if (config->version && config->version < PSCI_VERSION_1_0)
		return;
	if (means & SPEC_FREEZE)
		config->enable_functions |= power_bit(PSCI_FN32_CPU_FREEZE);
	if (means & SPEC_DEFAULT_SUSPEND)
		config->enable_functions |= power_bit(PSCI_FN32_CPU_DEFAULT_SUSPEND);
	if (means & SPEC_HW_STATE)
		config->enable_functions |= power_bit(PSCI_FN32_NODE_HW_STATE);
	if (means & SPEC_SYSTEM_SUSPEND)
		config->enable_functions |= power_bit(PSCI_FN32_SYSTEM_SUSPEND);
	if (means & SPEC_MODE)
		config->enable_functions |= power_bit(PSCI_FN32_PSCI_SET_SUSPEND_MODE);
}

void power_configure(struct power *p, uint32_t version)
{
	fixture_configure(&p->f, version);
	power_equip(p, SPEC_ALL_MEANS);
	p->f.config.idle_states = power_states;
	p->f.config.idle_state_count = POWER_STATE_COUNT;
}

void power_make(struct power *p)
{
	static const unsigned int cluster_of[] = { 0, 0, 1, 1, 2 };

	fixture_make(&p->f);
	assert_int_equal(psci_domain_init(&p->system, &p->f.machine, 2, NULL), PSCI_OK);
	for (unsigned int i = 0; i < ARRAY_SIZE(p->clusters); i++)
		assert_int_equal(psci_domain_init(&p->clusters[i], &p->f.machine, 1,
						  i < 2 ? &p->system : NULL),
				 PSCI_OK);
	for (unsigned int i = 0; i < ARRAY_SIZE(cluster_of); i++)
		assert_int_equal(psci_vcpu_place(&p->f.vcpus[i], &p->clusters[cluster_of[i]]),
				 PSCI_OK);
}

void power_boot(struct power *p, uint32_t version)
{
	const struct psci_entry boot = { .pc = FIXTURE_BOOT_ENTRY, .x0 = FIXTURE_BOOT_CONTEXT };
	struct psci_entry entry;

	power_configure(p, version);
	power_make(p);
	psci_machine_boot(&p->f.vcpus[0], &boot);
	assert_int_equal(psci_vcpu_poll(&p->f.vcpus[0], &entry), PSCI_NEXT_START);
	fixture_forget(&p->f);
}

void power_boot_many(struct power *p, unsigned int count)
{
	power_boot(p, PSCI_VERSION_1_3);
	for (unsigned int i = 1; i < count; i++)
		fixture_start(&p->f, i);
}

void power_answers_only(struct power *p, unsigned int i, struct psci_regs regs, int32_t code)
{
	struct psci_domain clusters[ARRAY_SIZE(p->clusters)];
	struct psci_stat stats[ARRAY_SIZE(p->stats)];
	struct psci_domain system;

	memcpy(clusters, p->clusters, sizeof(clusters));
	memcpy(stats, p->stats, sizeof(stats));
	memcpy(&system, &p->system, sizeof(system));
	fixture_answers_only(&p->f, i, regs, code);
	assert_memory_equal(clusters, p->clusters, sizeof(clusters));
	assert_memory_equal(stats, p->stats, sizeof(stats));
	assert_memory_equal(&system, &p->system, sizeof(system));
}

void power_suspend(struct power *p, unsigned int i, uint32_t power_state)
{
	struct psci_regs regs =
		fixture_regs(PSCI_FN64_CPU_SUSPEND, power_state, FIXTURE_ENTRY + i * 4, i);

	assert_int_equal(psci_call(&p->f.vcpus[i], &regs), PSCI_NEXT_SLEEP);
	assert_int_equal(regs.x[0], PSCI_RET_SUCCESS);
}

void power_wake(struct power *p, unsigned int i)
{
	struct psci_entry entry = { .wake = false };

	if (psci_vcpu_wake(&p->f.vcpus[i], &entry) == PSCI_NEXT_START)
		assert_true(entry.wake);
	assert_int_equal(psci_vcpu_poll(&p->f.vcpus[i], &entry), PSCI_NEXT_RUN);
}

int64_t power_hw_state(struct power *p, unsigned int by, unsigned int i, unsigned int level)
{
	return fixture_call(&p->f, by, PSCI_FN64_NODE_HW_STATE, p->f.mpidrs[i], level, 0);
}

void power_set_mode(struct power *p, unsigned int i, uint32_t mode, int32_t answer)
{
	assert_int_equal(fixture_call(&p->f, i, PSCI_FN32_PSCI_SET_SUSPEND_MODE, mode, 0, 0),
			 answer);
}
