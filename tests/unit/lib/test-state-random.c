/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A property: a machine that was restored behaves, from then on, as the saved one does.
 *
 * Random calls, polls, wakes and host requests are made on three machines at once: one
 * that was never restored, one that was a while ago, and one that is restored from the
 * first before each step. All answers, kicks and records must agree. Each run has these
 * sequences again.
 */
#include "psci-power.h"

#include <psci/state.h>

#include <string.h>

#define STEPS 600
#define SEEDS 6
/* After so many steps the second machine is restored anew. */
#define FAR 60
#define RECORD_MAX 4096

/** What one step does. */
struct step {
	enum {
		CALL,
		POLL,
		WAKE,
		BOOT,
		WAKE_MACHINE,
		DENY,
		SET_AVAILABILITY,
		KIND_COUNT,
	} kind;
	unsigned int vcpu;
	struct psci_regs regs;
	enum psci_vcpu_availability availability;
	uint64_t time; /**< Time that passes before it. */
};

/** All that can be observed of it. */
struct seen {
	int64_t answer;
	uint64_t x[4];
	uint64_t entry_pc, entry_x0, entry_flags;
	unsigned int kicks[FIXTURE_VCPU_COUNT];
	enum psci_event_kind event;
	bool is_protected;
	size_t record_size;
	uint8_t record[RECORD_MAX];
};

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;

	return *seed >> 11;
}

static uint64_t pick(uint64_t *seed, uint64_t count)
{
	return next_random(seed) % count;
}

static uint64_t pick_entry(uint64_t *seed)
{
	static const uint64_t entries[] = {
		FIXTURE_ENTRY, FIXTURE_ENTRY, FIXTURE_ENTRY, FIXTURE_ENTRY | 1, 0xdeadf000,
	};

	return entries[pick(seed, ARRAY_SIZE(entries))];
}

static uint64_t pick_target(uint64_t *seed, const struct fixture *f)
{
	const uint64_t i = pick(seed, FIXTURE_VCPU_COUNT + 1);

	return i < FIXTURE_VCPU_COUNT ? f->mpidrs[i] : FIXTURE_ABSENT_MPIDR;
}

static uint64_t pick_power_state(uint64_t *seed)
{
	const uint64_t i = pick(seed, POWER_STATE_COUNT + 1);

	return i < POWER_STATE_COUNT ? power_states[i].power_state : 0xfeed;
}

static struct psci_regs pick_call(uint64_t *seed, const struct fixture *f)
{
	const uint32_t convention = pick(seed, 4) ? PSCI_FN64_BASE : PSCI_FN32_BASE;
	const uint32_t number = (uint32_t)pick(seed, 0x17);
	/* Steps that end a power cycle are rare, or no others would be tested. */
	const bool ends = number == 0x08 || number == 0x09 || number == 0x12 || number == 0x15;
	uint32_t fid = convention + (ends && pick(seed, 12) ? 0x03 : number);
	struct psci_regs regs = fixture_regs(fid, 0, 0, pick(seed, 1000));

	if (!spec_offers(PSCI_VERSION_1_3, fid, SPEC_ALL_MEANS))
		regs.x[0] = fid & ~UINT32_C(0x40000000);
	regs.big_endian = pick(seed, 2);
	switch (fid & 0x1f) {
	case 0x01:
		regs.x[1] = pick_power_state(seed);
		regs.x[2] = pick_entry(seed);
		break;
	case 0x0c:
	case 0x0e:
		regs.x[1] = pick_entry(seed);
		regs.x[2] = pick(seed, 1000);
		break;
	case 0x0f:
	case 0x13:
	case 0x15:
		regs.x[1] = pick(seed, 2);
		break;
	case 0x0d:
		regs.x[1] = pick_target(seed, f);
		regs.x[2] = pick(seed, 3);
		break;
	case 0x10:
	case 0x11:
		regs.x[1] = pick_target(seed, f);
		regs.x[2] = pick_power_state(seed);
		break;
	default:
		regs.x[1] = pick_target(seed, f);
		regs.x[2] = pick_entry(seed);
		break;
	}

	return regs;
}

static struct step pick_step(uint64_t *seed, const struct fixture *f)
{
	static const unsigned char kinds[] = {
		CALL,
		CALL,
		CALL,
		CALL,
		CALL,
		CALL,
		CALL,
		CALL,
		CALL,
		CALL,
		CALL,
		CALL,
		POLL,
		POLL,
		POLL,
		POLL,
		WAKE,
		WAKE,
		WAKE,
		WAKE,
		WAKE_MACHINE,
		DENY,
		SET_AVAILABILITY,
		BOOT,
	};
	struct step step = {
		.kind = kinds[pick(seed, ARRAY_SIZE(kinds))],
		.vcpu = (unsigned int)pick(seed, FIXTURE_VCPU_COUNT),
		.regs = pick_call(seed, f),
		.availability = pick(seed, 4) ? PSCI_VCPU_AVAILABLE
					      : (enum psci_vcpu_availability)pick(seed, 3),
		.time = pick(seed, 1000),
	};

	/* A power cycle that ends at once is short; one that has stopped needs an end. */
	if (step.kind == BOOT && f->machine.event.kind == PSCI_EVENT_NONE && pick(seed, 8))
		step.kind = POLL;

	return step;
}

static int64_t carry_out(struct power *p, const struct step *step, struct psci_regs *regs,
			 struct psci_entry *entry)
{
	const struct psci_entry boot = { .pc = FIXTURE_BOOT_ENTRY, .x0 = step->time };
	struct psci_vcpu *vcpu = &p->f.vcpus[step->vcpu];

	switch (step->kind) {
	case CALL:
		return psci_call(vcpu, regs);
	case POLL:
		return psci_vcpu_poll(vcpu, entry);
	case WAKE:
		return psci_vcpu_wake(vcpu, entry);
	case BOOT:
		psci_machine_boot(vcpu, &boot);
		return 0;
	case WAKE_MACHINE:
		return psci_machine_wake(&p->f.machine);
	case DENY:
		return psci_machine_deny(&p->f.machine);
	case SET_AVAILABILITY:
		psci_vcpu_set_availability(vcpu, step->availability);
		return 0;
	case KIND_COUNT:
		break;
	}

	return 0;
}

/* Of an entry, what is compared as bytes: a struct's padding has any. */
static void note_entry(struct seen *seen, const struct psci_entry *entry)
{
	seen->entry_pc = entry->pc;
	seen->entry_x0 = entry->x0;
	seen->entry_flags = (uint64_t)entry->aarch32 | (uint64_t)entry->t32 << 1 |
			    (uint64_t)entry->big_endian << 2 | (uint64_t)entry->wake << 3;
}

static void do_step(struct power *p, const struct step *step, struct seen *seen)
{
	struct psci_regs regs = step->regs;
	struct psci_entry entry = { 0 };

	memset(seen, 0, sizeof(*seen));
	fixture_forget(&p->f);
	p->time += step->time;
	seen->answer = carry_out(p, step, &regs, &entry);
	note_entry(seen, &entry);
	memcpy(seen->x, regs.x, sizeof(seen->x));
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		seen->kicks[i] = fixture_kicks(&p->f, i);
	seen->event = psci_machine_event(&p->f.machine).kind;
	seen->is_protected = psci_machine_memory_protected(&p->f.machine);
	seen->record_size = psci_machine_save_size(&p->f.machine);
	assert_in_range(seen->record_size, 1, RECORD_MAX);
	assert_int_equal(psci_machine_save(&p->f.machine, seen->record, seen->record_size),
			 PSCI_OK);
}

static void make(struct power *p, uint64_t time)
{
	power_configure(p, PSCI_VERSION_1_3);
	p->f.config.trusted_os_mpidr = 0x1;
	power_make(p);
	p->time = time;
}

static void restore(struct power *p, const struct seen *seen, uint64_t time)
{
	make(p, time);
	assert_int_equal(psci_machine_restore(&p->f.machine, seen->record, seen->record_size),
			 PSCI_OK);
}

static void play(uint64_t seed, unsigned int *kinds)
{
	static struct seen now;
	static struct seen other;
	const struct step boot = { .kind = BOOT };
	struct power never;
	struct power once;
	struct power always;

	make(&never, 1000);
	do_step(&never, &boot, &now);
	for (unsigned int i = 0; i < STEPS; i++) {
		const struct step step = pick_step(&seed, &never.f);

		if (i % FAR == 0)
			restore(&once, &now, 5);
		restore(&always, &now, UINT64_MAX - 100);
		do_step(&never, &step, &now);
		do_step(&once, &step, &other);
		assert_memory_equal(&now, &other, sizeof(now));
		do_step(&always, &step, &other);
		assert_memory_equal(&now, &other, sizeof(now));
		if (step.kind == CALL && now.answer != PSCI_NEXT_RUN)
			kinds[now.answer]++;
		if (now.answer == PSCI_NEXT_START && (step.kind == POLL || step.kind == WAKE))
			kinds[PSCI_NEXT_START]++;
		if (step.kind != CALL)
			continue;
		kinds[PSCI_NEXT_RUN] += now.answer == PSCI_NEXT_RUN && now.x[0] == 0;
	}
}

static void restored_machine_behaves_as_the_saved_one_would(void **state)
{
	unsigned int kinds[PSCI_NEXT_EXIT + 1] = { 0 };

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		play(seed * UINT64_C(0x9e3779b97f4a7c15), kinds);
	/*
	 * The sequences reached everything: calls that worked, starts, waits, sleeps,
	 * ends. A whole machine, whose vCPUs must all be off but one, is suspended more
	 * rarely.
	 */
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		assert_in_range(kinds[i], i == PSCI_NEXT_SYSTEM_SUSPEND ? 2 : 10, STEPS * SEEDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restored_machine_behaves_as_the_saved_one_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
