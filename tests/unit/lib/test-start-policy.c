/* SPDX-License-Identifier: BSD-3-Clause */
/* vCPUs that the host does not let start: DENIED, INTERNAL_FAILURE and DISABLED. */
#include "psci-fixture.h"
#include "psci-spec.h"

static const uint32_t on_fids[] = { PSCI_FN32_CPU_ON, PSCI_FN64_CPU_ON };

/* CPU_ON of vCPU 1 in the convention that every version accepts from AArch64. */
static struct psci_regs on_regs(void)
{
	return fixture_regs(PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0);
}

static void cpu_on_that_the_host_forbids_is_denied_since_1_2(void **state)
{
	for (size_t v = 0; v < spec_version_count; v++) {
		struct psci_entry entry;
		struct fixture f;

		fixture_boot(&f, spec_versions[v]);
		psci_vcpu_set_availability(&f.vcpus[1], PSCI_VCPU_DENIED);
		fixture_answers_only(&f, 0, on_regs(),
				     spec_versions[v] < PSCI_VERSION_1_2 ? PSCI_RET_INTERNAL_FAILURE
									 : PSCI_RET_DENIED);
		assert_int_equal(fixture_affinity_info(&f, 1), PSCI_AFFINITY_INFO_OFF);
		assert_int_equal(fixture_all_kicks(&f), 0);
		assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_WAIT);
		/* It was plugged in: now it may start. */
		psci_vcpu_set_availability(&f.vcpus[1], PSCI_VCPU_AVAILABLE);
		assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0), 0);
	}
}

static void faulty_vcpu_is_disabled_and_cannot_be_started(void **state)
{
	for (size_t v = 0; v < spec_version_count; v++) {
		struct fixture f;

		fixture_boot(&f, spec_versions[v]);
		psci_vcpu_set_availability(&f.vcpus[1], PSCI_VCPU_DISABLED);
		fixture_answers_only(&f, 0, on_regs(), PSCI_RET_INTERNAL_FAILURE);
		assert_int_equal(fixture_affinity_info(&f, 1), PSCI_RET_DISABLED);
	}
}

/* A vCPU that runs continues: availability concerns the next start. */
static void availability_does_not_change_a_vcpu_that_is_on(void **state)
{
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0), 0);
	psci_vcpu_set_availability(&f.vcpus[1], PSCI_VCPU_DISABLED);
	assert_int_equal(fixture_affinity_info(&f, 1), PSCI_AFFINITY_INFO_ON_PENDING);
	fixture_answers_only(&f, 0, on_regs(), PSCI_RET_ON_PENDING);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_int_equal(fixture_affinity_info(&f, 1), PSCI_AFFINITY_INFO_ON);
	fixture_answers_only(&f, 0, on_regs(), PSCI_RET_ALREADY_ON);
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_affinity_info(&f, 1), PSCI_RET_DISABLED);
	/* The setting survives the power cycle in which it was made. */
	psci_machine_boot(&f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&f.vcpus[0], &entry), PSCI_NEXT_START);
	fixture_answers_only(&f, 0, on_regs(), PSCI_RET_INTERNAL_FAILURE);
}

/* A cluster is DISABLED if all of it is; a disabled vCPU hides no other. */
static void affinity_info_of_a_cluster_is_disabled_only_if_all_its_vcpus_are(void **state)
{
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 4);
	assert_int_equal(fixture_leave(&f, 0, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	/* Aff1 to Aff3 zero: vCPUs 0 and 1. */
	for (unsigned int i = 0; i < 2; i++) {
		psci_vcpu_set_availability(&f.vcpus[i], PSCI_VCPU_DISABLED);
		psci_vcpu_set_availability(&f.vcpus[1 - i], PSCI_VCPU_AVAILABLE);
		assert_int_equal(fixture_call(&f, 4, PSCI_FN64_AFFINITY_INFO, 0, 1, 0),
				 PSCI_AFFINITY_INFO_OFF);
		assert_int_equal(
			fixture_call(&f, 4, PSCI_FN64_CPU_ON, f.mpidrs[1 - i], FIXTURE_ENTRY, 0),
			0);
		assert_int_equal(fixture_call(&f, 4, PSCI_FN64_AFFINITY_INFO, 0, 1, 0),
				 PSCI_AFFINITY_INFO_ON_PENDING);
		assert_int_equal(psci_vcpu_poll(&f.vcpus[1 - i], &entry), PSCI_NEXT_START);
		assert_int_equal(fixture_call(&f, 4, PSCI_FN64_AFFINITY_INFO, 0, 1, 0),
				 PSCI_AFFINITY_INFO_ON);
		assert_int_equal(fixture_leave(&f, 1 - i, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	}
	psci_vcpu_set_availability(&f.vcpus[0], PSCI_VCPU_DISABLED);
	psci_vcpu_set_availability(&f.vcpus[1], PSCI_VCPU_DISABLED);
	assert_int_equal(fixture_call(&f, 4, PSCI_FN64_AFFINITY_INFO, 0, 1, 0), PSCI_RET_DISABLED);
}

/* The order of faults: target, entry point, state, and only then the host's policy. */
static void cpu_on_at_a_bad_entry_of_a_forbidden_vcpu_is_an_invalid_address(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	psci_vcpu_set_availability(&f.vcpus[1], PSCI_VCPU_DENIED);
	for (size_t c = 0; c < ARRAY_SIZE(on_fids); c++)
		fixture_answers_only(&f, 0, fixture_regs(on_fids[c], 1, f.refused_entry, 0),
				     PSCI_RET_INVALID_ADDRESS);
}

/** A host that cannot start one of its vCPUs. */
struct broken {
	struct fixture f;
	void *refused;
	unsigned int asked;
};

static bool start_ok(void *ctx, void *vctx)
{
	struct broken *broken = ctx; /* The fixture comes first. */

	assert_true(broken->f.locked);
	broken->asked++;

	return vctx != broken->refused;
}

static void cpu_on_of_a_vcpu_that_the_host_cannot_start_is_an_internal_failure(void **state)
{
	struct broken b = { .asked = 0 };
	struct psci_entry entry;

	fixture_configure(&b.f, PSCI_VERSION_1_3);
	b.f.host.start_ok = start_ok;
	b.refused = &b.f.threads[1];
	fixture_make(&b.f);
	psci_machine_boot(&b.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(b.asked, 0);
	fixture_answers_only(&b.f, 0, on_regs(), PSCI_RET_INTERNAL_FAILURE);
	assert_int_equal(b.asked, 1);
	fixture_start(&b.f, 2);
	/* The host is asked about vCPUs that are off only. */
	b.asked = 0;
	fixture_answers_only(&b.f, 0, fixture_regs(PSCI_FN64_CPU_ON, 0x100, FIXTURE_ENTRY, 0),
			     PSCI_RET_ALREADY_ON);
	assert_int_equal(b.asked, 0);
	b.refused = NULL;
	fixture_start(&b.f, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PSCI_TEST("PSCI-CPU_ON-31 PSCI-CPU_ON-32",
			  cpu_on_that_the_host_forbids_is_denied_since_1_2),
		PSCI_TEST("PSCI-AFFINITY_INFO-31", faulty_vcpu_is_disabled_and_cannot_be_started),
		cmocka_unit_test(availability_does_not_change_a_vcpu_that_is_on),
		cmocka_unit_test(affinity_info_of_a_cluster_is_disabled_only_if_all_its_vcpus_are),
		cmocka_unit_test(cpu_on_at_a_bad_entry_of_a_forbidden_vcpu_is_an_invalid_address),
		PSCI_TEST("PSCI-CPU_ON-33",
			  cpu_on_of_a_vcpu_that_the_host_cannot_start_is_an_internal_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
