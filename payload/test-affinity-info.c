/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AFFINITY_INFO: which CPUs, and which groups of CPUs, are on.
 */
#include <stddef.h>

#include "../arch/arm64/sysreg.h"
#include "../arch/arm64/timer.h"
#include "test.h"

/* Affinity fields that count at a level, the level of a group being their lowest. */
static uint64_t fields_from(unsigned int level)
{
	static const uint64_t masks[] = {
		PSCI_TARGET_MASK,
		PSCI_TARGET_AFF3_MASK | PSCI_TARGET_AFF2_MASK | PSCI_TARGET_AFF1_MASK,
		PSCI_TARGET_AFF3_MASK | PSCI_TARGET_AFF2_MASK,
		PSCI_TARGET_AFF3_MASK,
	};

	return masks[level];
}

/* Aim: a CPU that can ask is on, also if it asks in the other convention. */
static enum verdict self_is_on(void)
{
	const int64_t info = affinity_info(this_cpu());

	return info == PSCI_AFFINITY_INFO_ON
		       ? pass()
		       : fail_result("AFFINITY_INFO of the caller", PSCI_AFFINITY_INFO_ON, info);
}

/* Aim: a CPU that was never started counts as OFF. */
static enum verdict others_are_off(void)
{
	if (!other_cpu(1))
		return skip("one CPU only");
	for (unsigned int i = 1; i < board.cpu_count; i++) {
		const int64_t info = affinity_info(&cpus[i]);

		if (info != PSCI_AFFINITY_INFO_OFF)
			return fail_result("AFFINITY_INFO of a CPU that is off",
					   PSCI_AFFINITY_INFO_OFF, info);
	}

	return pass();
}

/* Aim: once a CPU runs, and while it does, it is ON for others. */
static enum verdict started_is_on(void)
{
	struct cpu *other = other_cpu(1);

	if (!other)
		return skip("one CPU only");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");

	const int64_t info = affinity_info(other);

	return info == PSCI_AFFINITY_INFO_ON ? pass()
					     : fail_result("AFFINITY_INFO of a CPU that runs",
							   PSCI_AFFINITY_INFO_ON, info);
}

/*
 * Aim: between CPU_ON and arrival there is only ON_PENDING and ON. The specification
 * leaves open which: KVM counts a CPU as ON as soon as a CPU_ON of it has been accepted.
 */
static enum verdict starting_is_pending_or_on(void)
{
	struct cpu *other = other_cpu(1);
	bool pending = false;

	if (!other)
		return skip("one CPU only");
	for (unsigned int i = 0; i < 8; i++) {
		const unsigned int before = atomic_load(&other->arrivals);
		int64_t info;

		if (cpu_on(other, i) != PSCI_RET_SUCCESS)
			return fail("CPU 1 could not be started");
		info = affinity_info(other);
		if (!cpu_arrived(other, before))
			return fail("CPU 1 did not arrive");
		if (info != PSCI_AFFINITY_INFO_ON && info != PSCI_AFFINITY_INFO_ON_PENDING)
			return fail_result("AFFINITY_INFO of a CPU that is started",
					   PSCI_AFFINITY_INFO_ON_PENDING, info);
		pending = pending || info == PSCI_AFFINITY_INFO_ON_PENDING;
		if (!cpu_stop(other))
			return fail("CPU 1 could not be turned off");
	}

	return pending ? pass() : observe("in 8 starts the CPU was ON at once, as with KVM");
}

/* Aim: OFF is reported of a CPU that runs no code of ours any more, and of no other. */
static enum verdict running_is_never_off(void)
{
	struct cpu *other = other_cpu(1);

	if (!other)
		return skip("one CPU only");
	for (unsigned int i = 0; i < 24; i++) {
		const uint64_t deadline = timer_deadline(20 * SECOND);
		int64_t info;

		if (!cpu_start(other))
			return fail("CPU 1 could not be started");
		/* The last flag that it set says that it does not run. */
		atomic_store(&other->off_wanted, true);
		sev();
		do {
			info = affinity_info(other);
		} while (info == PSCI_AFFINITY_INFO_ON && !timer_passed(deadline));
		if (info != PSCI_AFFINITY_INFO_OFF)
			return fail_result("AFFINITY_INFO of a CPU that turns itself off",
					   PSCI_AFFINITY_INFO_OFF, info);
		if (atomic_load(&other->running))
			return fail("AFFINITY_INFO says OFF while CPU 1 still runs");
	}

	return pass();
}

/* Aim: a core that does not exist has no state; the answer is an error. */
static enum verdict absent_is_invalid(void)
{
	const int64_t info = call2(PSCI_FN64_AFFINITY_INFO, absent_affinity(), 0);

	return info == PSCI_RET_INVALID_PARAMETERS
		       ? pass()
		       : fail_result("AFFINITY_INFO of no core", PSCI_RET_INVALID_PARAMETERS, info);
}

/* Aim: bits of target_affinity outside its fields must be zero. */
static enum verdict reserved_bits_are_invalid(void)
{
	static const unsigned char bits[] = { 24, 30, 31, 40, 63 };

	for (size_t i = 0; i < sizeof(bits); i++) {
		const uint64_t affinity = this_cpu()->affinity | UINT64_C(1) << bits[i];
		const int64_t info = call2(PSCI_FN64_AFFINITY_INFO, affinity, 0);

		if (info != PSCI_RET_INVALID_PARAMETERS)
			return fail_result("AFFINITY_INFO with a reserved bit",
					   PSCI_RET_INVALID_PARAMETERS, info);
	}

	return pass();
}

/* Aim: they must be zero at the levels above, too, where not all fields count. */
static enum verdict reserved_bits_of_groups_are_invalid(void)
{
	for (unsigned int level = 1; level <= PSCI_AFFINITY_LEVEL_MAX; level++) {
		const uint64_t affinity = this_cpu()->affinity | UINT64_C(1) << 31;
		const int64_t info = call2(PSCI_FN64_AFFINITY_INFO, affinity, level);

		if (info != PSCI_RET_INVALID_PARAMETERS)
			return fail_result("AFFINITY_INFO of a group with a reserved bit",
					   PSCI_RET_INVALID_PARAMETERS, info);
	}

	return pass();
}

/* Aim: there are four levels. */
static enum verdict level_is_checked(void)
{
	static const uint32_t levels[] = { 4, 99, 0x80000000, 0xffffffff };

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		const int64_t info =
			call2(PSCI_FN64_AFFINITY_INFO, this_cpu()->affinity, levels[i]);

		if (info != PSCI_RET_INVALID_PARAMETERS)
			return fail_result("AFFINITY_INFO with a level above 3",
					   PSCI_RET_INVALID_PARAMETERS, info);
	}

	return pass();
}

/* Since 1.0 an implementation may know level 0 only. */
static bool knows_level(unsigned int level)
{
	return target.version < PSCI_VERSION_1_0 ||
	       call2(PSCI_FN64_AFFINITY_INFO, this_cpu()->affinity, level) !=
		       PSCI_RET_INVALID_PARAMETERS;
}

/* Aim: a group with the caller in it is ON, whatever the fields below its level hold. */
static enum verdict groups_are_on(void)
{
	/* Each bit differs from the caller's in one of them. */
	static const uint64_t below[] = { 0x5a5a5a5a5a, ~UINT64_C(0x5a5a5a5a5a) };
	bool refused = false;

	for (unsigned int i = 0; i < 2 * PSCI_AFFINITY_LEVEL_MAX; i++) {
		const unsigned int level = i / 2 + 1;
		const uint64_t fields = fields_from(level);
		const uint64_t affinity = (this_cpu()->affinity & fields) |
					  (below[i % 2] & PSCI_TARGET_MASK & ~fields);
		int64_t info;

		if (!knows_level(level)) {
			refused = true;
			continue;
		}
		info = call2(PSCI_FN64_AFFINITY_INFO, affinity, level);
		if (info != PSCI_AFFINITY_INFO_ON)
			return fail_result("AFFINITY_INFO of the caller's group",
					   PSCI_AFFINITY_INFO_ON, info);
	}

	return refused ? observe("levels above 0 are refused, as they may be") : pass();
}

/* Aim: a group is OFF once all of its cores are, which needs one without the caller. */
static enum verdict group_of_others_is_off(void)
{
	for (unsigned int level = 1; level <= PSCI_AFFINITY_LEVEL_MAX; level++) {
		const uint64_t fields = fields_from(level);

		for (unsigned int i = 1; i < board.cpu_count; i++) {
			int64_t info;

			if (((cpus[i].affinity ^ this_cpu()->affinity) & fields) == 0 ||
			    !knows_level(level))
				continue;
			info = call2(PSCI_FN64_AFFINITY_INFO, cpus[i].affinity, level);
			if (info != PSCI_AFFINITY_INFO_OFF)
				return fail_result("AFFINITY_INFO of a group whose cores are off",
						   PSCI_AFFINITY_INFO_OFF, info);

			return pass();
		}
	}

	return skip("no group of CPUs without the caller");
}

static bool is_group(uint64_t affinity, uint64_t fields)
{
	for (unsigned int i = 0; i < board.cpu_count; i++) {
		if (((board.affinities[i] ^ affinity) & fields) == 0)
			return true;
	}

	return false;
}

/*
 * Aim: a group without a core is an error; a level that is refused is one, too. Each bit
 * that counts at a level makes another group.
 */
static enum verdict absent_groups_are_invalid(void)
{
	for (unsigned int level = 1; level <= PSCI_AFFINITY_LEVEL_MAX; level++) {
		const uint64_t fields = fields_from(level);

		for (unsigned int bit = 0; bit < 64; bit++) {
			const uint64_t affinity = this_cpu()->affinity ^ UINT64_C(1) << bit;
			int64_t info;

			if (!(fields >> bit & 1) || is_group(affinity, fields))
				continue;
			info = call2(PSCI_FN64_AFFINITY_INFO, affinity, level);
			if (info != PSCI_RET_INVALID_PARAMETERS)
				return fail_result("AFFINITY_INFO of a group without cores",
						   PSCI_RET_INVALID_PARAMETERS, info);
		}
	}

	return pass();
}

/* Aim: the upper halves are not part of an SMC32 call. */
static enum verdict smc32_drops_upper_halves(void)
{
	int64_t info;

	if (target.version < PSCI_VERSION_1_0)
		return skip("PSCI 0.2 has no SMC32 call for an AArch64 caller");
	if (this_cpu()->affinity >> 32)
		return skip("the caller's affinity does not fit in 32 bits");
	info = call2(PSCI_FN32_AFFINITY_INFO, UPPER | this_cpu()->affinity, UPPER);

	return info == PSCI_AFFINITY_INFO_ON ? pass()
					     : fail_result("AFFINITY_INFO (SMC32) of the caller",
							   PSCI_AFFINITY_INFO_ON, info);
}

/* Aim: lowest_affinity_level is a uint32 in the SMC64 call, too. */
static enum verdict level_is_32_bits(void)
{
	const int64_t info = call2(PSCI_FN64_AFFINITY_INFO, this_cpu()->affinity, UPPER);

	if (info == PSCI_AFFINITY_INFO_ON)
		return pass();

	return observe("a level with garbage above bit 31 answers %ld %s", info, result_name(info));
}

static const struct test tests[] = {
	{ "PSCI-AFFINITY_INFO-01", "the caller is ON", self_is_on },
	{ "PSCI-AFFINITY_INFO-02", "a CPU that was not started is OFF", others_are_off },
	{ "PSCI-AFFINITY_INFO-03", "a CPU that runs is ON", started_is_on },
	{ "PSCI-AFFINITY_INFO-04", "a CPU that is being started is ON_PENDING or ON",
	  starting_is_pending_or_on },
	{ "PSCI-AFFINITY_INFO-14", "a CPU is not OFF before it has stopped", running_is_never_off },
	{ "PSCI-AFFINITY_INFO-05", "a core that does not exist is INVALID_PARAMETERS",
	  absent_is_invalid },
	{ "PSCI-AFFINITY_INFO-06", "reserved bits in the affinity are INVALID_PARAMETERS",
	  reserved_bits_are_invalid },
	{ "PSCI-AFFINITY_INFO-07", "a level above 3 is INVALID_PARAMETERS", level_is_checked },
	{ "PSCI-AFFINITY_INFO-08", "a group with the caller in it is ON", groups_are_on },
	{ "PSCI-AFFINITY_INFO-09", "a group without cores is INVALID_PARAMETERS",
	  absent_groups_are_invalid },
	{ "PSCI-AFFINITY_INFO-10", "the SMC32 call drops upper halves", smc32_drops_upper_halves },
	{ "PSCI-AFFINITY_INFO-11", "the level is 32 bits wide in the SMC64 call",
	  level_is_32_bits },
	{ "PSCI-AFFINITY_INFO-12", "reserved bits in a group's affinity are INVALID_PARAMETERS",
	  reserved_bits_of_groups_are_invalid },
	{ "PSCI-AFFINITY_INFO-13", "a group whose cores are off is OFF", group_of_others_is_off },
};

const struct group group_affinity_info = GROUP("affinity-info", tests);
