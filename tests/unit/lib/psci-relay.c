/* SPDX-License-Identifier: BSD-3-Clause */
#include "psci-relay.h"

#include <psci/smccc.h>

#include <string.h>

static bool relay_entry_ok(void *ctx, uint64_t pc)
{
	struct relay_rig *rig = ctx;

	assert_false(rig->locked);
	rig->asked_count++;
	rig->asked_entry = pc;

	return pc != RELAY_REFUSED_ENTRY;
}

static void relay_life_ends(void *ctx, const struct psci_event *event)
{
	struct relay_rig *rig = ctx;

	assert_false(rig->locked);
	rig->end_count++;
	rig->event = *event;
}

static void relay_life_continues(void *ctx, struct psci_relay_cpu *cpu, int32_t result)
{
	struct relay_rig *rig = ctx;

	assert_false(rig->locked);
	rig->continue_count++;
	rig->continued = cpu;
	rig->continue_result = result;
}

static void relay_lock(void *ctx)
{
	struct relay_rig *rig = ctx;

	assert_false(rig->locked);
	rig->locked = true;
	rig->lock_count++;
}

static void relay_unlock(void *ctx)
{
	struct relay_rig *rig = ctx;

	assert_true(rig->locked);
	rig->locked = false;
}

/* As a 64-bit caller finds it: in 0.2 it must use the ids of its own width. */
static struct psci_client firmware_of(uint32_t version)
{
	struct psci_client client = {
		.aarch64 = true,
		.version = version,
		.smccc_version = SMCCC_VERSION_1_2,
		.suspend_features = PSCI_FEATURES_CPU_SUSPEND_OS_INITIATED,
		.off2_types = version >= PSCI_VERSION_1_3 ? PSCI_FEATURES_OFF2_HIBERNATE_OFF : 0,
	};

	for (uint32_t number = 0; number < PSCI_FN_COUNT; number++) {
		if (spec_offers(version, PSCI_FN64_BASE + number, SPEC_ALL_MEANS))
			client.fn64 |= PSCI_FN_BIT(number);
		if (spec_offers(version, PSCI_FN32_BASE + number, SPEC_ALL_MEANS) &&
		    !(version < PSCI_VERSION_1_0 && client.fn64 & PSCI_FN_BIT(number)))
			client.fn32 |= PSCI_FN_BIT(number);
	}

	return client;
}

void relay_configure(struct relay_rig *rig, uint32_t version)
{
	/* What the library does not write must not look as if it had written it. */
	memset(rig, 0xa5, sizeof(*rig));
	memcpy(rig->mpidrs, (uint64_t[])FIXTURE_MPIDRS, sizeof(rig->mpidrs));
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		rig->contexts[i] = UINT64_C(0xc0de00000000) + i;
	rig->locked = false;
	rig->lock_count = 0;
	rig->asked_count = 0;
	rig->end_count = 0;
	rig->continue_count = 0;
	rig->firmware = firmware_of(version);
	rig->config = (struct psci_relay_config){
		.size = sizeof(rig->config),
		.firmware = &rig->firmware,
		.entry = RELAY_MONITOR,
		.index = rig->index,
		.index_size = ARRAY_SIZE(rig->index),
		.ctx = rig,
		.entry_ok = relay_entry_ok,
		.life_ends = relay_life_ends,
		.life_continues = relay_life_continues,
		.lock = relay_lock,
		.unlock = relay_unlock,
	};
}

void relay_make(struct relay_rig *rig)
{
	/* In an order of no sort. */
	static const unsigned int order[FIXTURE_VCPU_COUNT] = { 3, 5, 1, 4, 2, 0 };

	assert_int_equal(psci_relay_init(&rig->relay, &rig->config), PSCI_OK);
	/* It was read during the call only. */
	memset(&rig->firmware, 0x5a, sizeof(rig->firmware));
	for (unsigned int n = 0; n < FIXTURE_VCPU_COUNT; n++) {
		const unsigned int i = order[n];

		assert_int_equal(psci_relay_cpu_init(&rig->cpus[i], &rig->relay, rig->mpidrs[i],
						     rig->contexts[i]),
				 PSCI_OK);
	}
}

void relay_boot(struct relay_rig *rig, uint32_t version)
{
	relay_configure(rig, version);
	relay_make(rig);
}

uint64_t relay_answer(struct relay_rig *rig, unsigned int i, struct psci_regs regs)
{
	const struct psci_regs before = regs;
	const struct psci_relay_cpu cpu = rig->cpus[i];
	uint64_t forward[4] = { 0x5a, 0x5a, 0x5a, 0x5a };

	assert_int_equal(psci_relay_call(&rig->cpus[i], &regs, forward), PSCI_RELAY_RETURN);
	assert_false(rig->locked);
	assert_memory_equal(&regs.x[1], &before.x[1], 3 * sizeof(regs.x[0]));
	for (unsigned int n = 0; n < ARRAY_SIZE(forward); n++)
		assert_int_equal(forward[n], 0x5a);
	/* A call that is not forwarded has left nothing behind that could be taken for a start. */
	assert_ptr_equal(rig->cpus[i].starter, cpu.starter);
	assert_int_equal(rig->cpus[i].asleep, cpu.asleep);

	return regs.x[0];
}

int64_t relay_say(struct relay_rig *rig, unsigned int i, uint32_t fid, uint64_t x1, uint64_t x2,
		  uint64_t x3)
{
	return (int64_t)relay_answer(rig, i, fixture_regs(fid, x1, x2, x3));
}

void relay_forward(struct relay_rig *rig, unsigned int i, const struct psci_regs *regs)
{
	struct psci_regs after = *regs;

	memset(rig->forward, 0x5a, sizeof(rig->forward));
	assert_int_equal(psci_relay_call(&rig->cpus[i], &after, rig->forward), PSCI_RELAY_FORWARD);
	assert_false(rig->locked);
	assert_memory_equal(after.x, regs->x, sizeof(after.x));
}

uint64_t relay_return(struct relay_rig *rig, unsigned int i, struct psci_regs regs, uint64_t x0)
{
	const struct psci_regs before = regs;

	psci_relay_return(&rig->cpus[i], &regs, x0);
	assert_false(rig->locked);
	assert_memory_equal(&regs.x[1], &before.x[1], 3 * sizeof(regs.x[0]));

	return regs.x[0];
}

uint64_t relay_complete(struct relay_rig *rig, unsigned int i, struct psci_regs regs, uint64_t x0)
{
	relay_forward(rig, i, &regs);

	return relay_return(rig, i, regs, x0);
}

int64_t relay_call(struct relay_rig *rig, unsigned int i, uint32_t fid, uint64_t x1, uint64_t x2,
		   uint64_t x3, uint64_t x0)
{
	return (int64_t)relay_complete(rig, i, fixture_regs(fid, x1, x2, x3), x0);
}

void relay_assert_forwarded(const struct relay_rig *rig, uint64_t x0, uint64_t x1, uint64_t x2,
			    uint64_t x3)
{
	assert_int_equal(rig->forward[0], x0);
	assert_int_equal(rig->forward[1], x1);
	assert_int_equal(rig->forward[2], x2);
	assert_int_equal(rig->forward[3], x3);
}

struct psci_entry relay_arrive(struct relay_rig *rig, unsigned int i)
{
	struct psci_entry entry;

	memset(&entry, 0x5a, sizeof(entry));
	assert_true(psci_relay_arrive(&rig->cpus[i], &entry));
	assert_false(rig->locked);

	return entry;
}

void relay_arrive_unasked(struct relay_rig *rig, unsigned int i)
{
	struct psci_entry entry;
	struct psci_entry before;

	memset(&entry, 0x5a, sizeof(entry));
	memcpy(&before, &entry, sizeof(before));
	assert_false(psci_relay_arrive(&rig->cpus[i], &entry));
	assert_false(rig->locked);
	assert_memory_equal(&entry, &before, sizeof(before));
}
