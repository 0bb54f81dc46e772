/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A trusted OS that runs on one CPU at a time: which CPU may move it, and where to. This
 * must be requested, since it moves the OS (dormouse has --psci-test trusted-os=). Each
 * test that moves it brings it back.
 */
#include <stddef.h>

#include "test.h"

static int64_t type(void)
{
	return call0(PSCI_FN32_MIGRATE_INFO_TYPE);
}

static uint64_t home(void)
{
	return (uint64_t)call0(PSCI_FN64_MIGRATE_INFO_UP_CPU);
}

static int64_t migrate(const struct cpu *to)
{
	return call1(PSCI_FN64_MIGRATE, to->affinity);
}

/* NULL, or why the test cannot run. */
static const char *cannot(void)
{
	if (type() != PSCI_MIGRATE_INFO_UP_MIGRATABLE)
		return "no trusted OS can migrate";
	if (!other_cpu(1))
		return "one CPU only";

	return home() == this_cpu()->affinity ? NULL : "the trusted OS is on another CPU";
}

/* --- the types --- */

/* Aim: an OS that can migrate has a function for it, in both conventions. */
static enum verdict migratable_has_both(void)
{
	if (type() != PSCI_MIGRATE_INFO_UP_MIGRATABLE)
		return skip("no trusted OS can migrate");
	if (!offers(PSCI_FN64_MIGRATE) || !offers(PSCI_FN64_MIGRATE_INFO_UP_CPU))
		return target.version < PSCI_VERSION_1_0 ? pass() : fail("MIGRATE is not there");

	return pass();
}

/* Aim: one that cannot is DENIED to migrate, and a caller can ask where it is. */
static enum verdict fixed_is_denied(void)
{
	int64_t result;

	if (type() != PSCI_MIGRATE_INFO_UP_NOT_MIGRATABLE)
		return skip("no trusted OS stays where it is");
	result = migrate(this_cpu());
	if (result == PSCI_RET_NOT_SUPPORTED)
		return observe("there is no MIGRATE, and nothing could");

	return result == PSCI_RET_DENIED
		       ? pass()
		       : fail_result("MIGRATE of what stays", PSCI_RET_DENIED, result);
}

/* Aim: it is on a CPU that exists. */
static enum verdict fixed_is_somewhere(void)
{
	if (type() != PSCI_MIGRATE_INFO_UP_NOT_MIGRATABLE)
		return skip("no trusted OS stays where it is");
	for (unsigned int i = 0; i < board.cpu_count; i++) {
		if (home() == board.affinities[i])
			return pass();
	}

	return fail("expected a CPU from MIGRATE_INFO_UP_CPU, came %lx", home());
}

/* --- moving it --- */

static void migrate_there(struct cpu *cpu)
{
	cpu->result = call1(cpu->argument, cpus[0].affinity);
}

/* Move it back from the CPU that has it, by this function. */
static int64_t bring_back(struct cpu *other, uint32_t fid)
{
	cpu_give(other, migrate_there, fid);

	return cpu_finished(other) ? other->result : PSCI_RET_INTERNAL_FAILURE;
}

/*
 * Aim: it moves to the target, which is reported; SMC32 does so too and ignores upper
 * halves.
 */
static enum verdict it_moves(void)
{
	const char *trouble = cannot();
	struct cpu *other = other_cpu(1);
	int64_t result;

	if (trouble)
		return skip("%s", trouble);
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	if (target.version < PSCI_VERSION_1_0)
		result = migrate(other);
	else
		result = call1(PSCI_FN32_MIGRATE, UPPER | other->affinity);
	if (result != PSCI_RET_SUCCESS)
		return fail_result("MIGRATE", PSCI_RET_SUCCESS, result);
	result = bring_back(other, PSCI_FN64_MIGRATE);

	return result == PSCI_RET_SUCCESS ? pass()
					  : fail_result("MIGRATE back", PSCI_RET_SUCCESS, result);
}

/* Aim: a caller can find out where it is after each move. */
static enum verdict it_can_be_followed(void)
{
	const char *trouble = cannot();
	struct cpu *other = other_cpu(1);
	uint64_t there;
	uint64_t back;

	if (trouble)
		return skip("%s", trouble);
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	if (migrate(other) != PSCI_RET_SUCCESS)
		return fail("the trusted OS could not be moved");
	there = home();
	bring_back(other, PSCI_FN64_MIGRATE);
	back = home();
	if (there != other->affinity || back != this_cpu()->affinity)
		return fail("expected %lx and %lx again from MIGRATE_INFO_UP_CPU, came %lx and %lx",
			    other->affinity, this_cpu()->affinity, there, back);

	return pass();
}

/* Aim: only the CPU that has it can move it away. */
static enum verdict elsewhere_is_not_present(void)
{
	const char *trouble = cannot();
	struct cpu *other = other_cpu(1);
	int64_t result;

	if (trouble)
		return skip("%s", trouble);
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	result = bring_back(other, PSCI_FN64_MIGRATE);

	return result == PSCI_RET_NOT_PRESENT
		       ? pass()
		       : fail_result("MIGRATE from a CPU that does not have it",
				     PSCI_RET_NOT_PRESENT, result);
}

static enum verdict absent_is_invalid(void)
{
	const char *trouble = cannot();
	int64_t result;

	if (trouble)
		return skip("%s", trouble);
	result = call1(PSCI_FN64_MIGRATE, absent_affinity());

	return result == PSCI_RET_INVALID_PARAMETERS
		       ? pass()
		       : fail_result("MIGRATE to no core", PSCI_RET_INVALID_PARAMETERS, result);
}

/* Aim: it does not move to where it cannot run. */
static enum verdict failure_leaves_it(void)
{
	const char *trouble = cannot();
	const struct cpu *broken;
	int64_t result;

	if (trouble)
		return skip("%s", trouble);
	broken = cpu_that_fails();
	if (!broken)
		return skip("no CPU fails to start");
	result = migrate(broken);
	if (result != PSCI_RET_INTERNAL_FAILURE)
		return fail_result("MIGRATE to a CPU that fails", PSCI_RET_INTERNAL_FAILURE,
				   result);

	return home() == this_cpu()->affinity
		       ? pass()
		       : fail("MIGRATE has failed, and the trusted OS is elsewhere");
}

/* --- what its CPU must not do --- */

static void leave_there(struct cpu *cpu)
{
	atomic_store(&cpu->running, false);
	cpu->result = call0(cpu->argument);
	atomic_store(&cpu->running, true);
}

/* By CPU 1, so that one CPU is left if it is not refused. */
static enum verdict check_leaving(uint32_t fid)
{
	const char *trouble = cannot();
	struct cpu *other = other_cpu(1);
	int64_t result;

	if (trouble)
		return skip("%s", trouble);
	if (!offers(fid))
		return skip("the function %x is not there", fid);
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	if (migrate(other) != PSCI_RET_SUCCESS)
		return fail("the trusted OS could not be moved");
	cpu_give(other, leave_there, fid);
	if (!cpu_finished(other))
		return fail("expected DENIED, but CPU 1 is gone, and the trusted OS with it");
	result = other->result;
	if (bring_back(other, PSCI_FN64_MIGRATE) != PSCI_RET_SUCCESS)
		return fail("the trusted OS could not be moved back");

	return result == PSCI_RET_DENIED
		       ? pass()
		       : fail_result("the call on the trusted OS's CPU", PSCI_RET_DENIED, result);
}

static enum verdict off_is_denied(void)
{
	struct cpu *other = other_cpu(1);
	const enum verdict verdict = check_leaving(PSCI_FN32_CPU_OFF);

	if (verdict != VERDICT_PASS)
		return verdict;

	return affinity_info(other) == PSCI_AFFINITY_INFO_ON
		       ? pass()
		       : fail("AFFINITY_INFO says that CPU 1, which was DENIED to leave, is not ON");
}

static enum verdict freeze_is_denied(void)
{
	return check_leaving(PSCI_FN32_CPU_FREEZE);
}

static const struct test tests[] = {
	{ "PSCI-MIGRATE_INFO_TYPE-30", "type 0: MIGRATE is there", migratable_has_both },
	{ "PSCI-MIGRATE_INFO_TYPE-31", "type 1: it is on a CPU that there is", fixed_is_somewhere },
	{ "PSCI-MIGRATE-31", "type 1: MIGRATE is DENIED", fixed_is_denied },
	{ "PSCI-MIGRATE-30", "MIGRATE moves it; SMC32 drops upper halves", it_moves },
	{ "PSCI-MIGRATE_INFO_UP_CPU-30", "MIGRATE_INFO_UP_CPU follows it", it_can_be_followed },
	{ "PSCI-MIGRATE-32", "MIGRATE from another CPU is NOT_PRESENT", elsewhere_is_not_present },
	{ "PSCI-MIGRATE-33", "MIGRATE to a core that does not exist is INVALID_PARAMETERS",
	  absent_is_invalid },
	{ "PSCI-MIGRATE-34", "MIGRATE that fails is INTERNAL_FAILURE and leaves it",
	  failure_leaves_it },
	{ "PSCI-CPU_OFF-30", "CPU_OFF of its CPU is DENIED", off_is_denied },
	{ "PSCI-CPU_FREEZE-30", "CPU_FREEZE of its CPU is DENIED", freeze_is_denied },
};

const struct group group_trusted_os = GROUP("trusted-os", tests);
