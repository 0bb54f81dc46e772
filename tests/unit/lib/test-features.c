/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI_FEATURES: a function is announced if, and only if, it is carried out.
 */
#include "psci-fixture.h"
#include "psci-power.h"
#include "psci-spec.h"

#include <psci/smccc.h>

/** How a machine came to have the functions that it has. */
struct terms {
	uint32_t version;
	uint32_t disabled; /**< By psci_config.disable_functions ... */
	uint32_t means; /**< enum spec_means */
	uint32_t gone; /**< ... and what goes with that. */
};

static void boot_on_terms(struct power *p, struct terms terms)
{
	struct fixture *f = &p->f;
	struct psci_entry entry;

	fixture_configure(f, terms.version);
	power_equip(p, terms.means);
	f->config.disable_functions = terms.disabled;
	fixture_make(f);
	psci_machine_boot(&f->vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&f->vcpus[0], &entry), PSCI_NEXT_START);
}

/* Returns whether a call, on a machine of its own, gives anything but NOT_SUPPORTED. */
static bool is_carried_out(struct terms terms, uint32_t fid, bool aarch32)
{
	/* The argument of PSCI_FEATURES must be one that it knows. */
	struct psci_regs regs = fixture_regs(fid, PSCI_FN32_PSCI_VERSION, 0, 0);
	struct power p;

	regs.aarch32 = aarch32;
	boot_on_terms(&p, terms);

	return psci_call(&p.f.vcpus[0], &regs) != PSCI_NEXT_RUN ||
	       (int32_t)regs.x[0] != PSCI_RET_NOT_SUPPORTED;
}

static int32_t features(struct terms terms, uint32_t fid, bool aarch32)
{
	struct power p;

	boot_on_terms(&p, terms);

	return aarch32 ? (int32_t)fixture_call_aarch32(&p.f, 0, PSCI_FN32_PSCI_FEATURES, fid, 0, 0)
		       : (int32_t)fixture_call(&p.f, 0, PSCI_FN32_PSCI_FEATURES, fid, 0, 0);
}

/* CPU_SUSPEND alone has flags that depend on another function. */
static int32_t expected_features(struct terms terms, const struct spec_function *spec)
{
	const bool mode =
		spec_offers(terms.version, PSCI_FN32_PSCI_SET_SUSPEND_MODE, terms.means) &&
		!(terms.disabled & power_bit(PSCI_FN32_PSCI_SET_SUSPEND_MODE));

	return spec->number == 1 && mode ? 1 : spec->features;
}

/* One id against the specification, as a call and as an argument of PSCI_FEATURES. */
static void check_id(struct terms terms, uint32_t fid, bool aarch32)
{
	const bool smc64 = fid & SMCCC_SMC64_MASK;
	const bool callable = !(aarch32 && smc64 && terms.version >= PSCI_VERSION_1_0);
	const bool offered = callable && spec_offers(terms.version, fid, terms.means) &&
			     !((terms.disabled | terms.gone) >> (fid & 0x1f) & 1);

	assert_int_equal(is_carried_out(terms, fid, aarch32), offered);
	if (terms.version < PSCI_VERSION_1_0)
		return; /* There is no PSCI_FEATURES to ask. */

	const int32_t answer = features(terms, fid, aarch32);

	assert_int_equal(answer, offered ? expected_features(terms, spec_find(fid & 0x1f))
					 : PSCI_RET_NOT_SUPPORTED);
}

static void check_all_ids(struct terms terms)
{
	for (uint32_t number = 0; number < PSCI_FN_COUNT; number++) {
		for (unsigned int variant = 0; variant < 8; variant++) {
			const uint32_t base = variant & 1 ? PSCI_FN64_BASE : PSCI_FN32_BASE;
			const uint32_t hint = variant & 2 ? SMCCC_SVE_HINT_MASK : 0;

			check_id(terms, base | hint | number, variant & 4);
		}
	}
}

static void psci_features_announces_what_each_version_carries_out(void **state)
{
	for (size_t v = 0; v < spec_version_count; v++)
		check_all_ids((struct terms){ .version = spec_versions[v] });
}

/* With each of them alone, with all but it, and with all. */
static void function_is_offered_only_if_the_host_has_what_it_needs(void **state)
{
	for (size_t v = 0; v < spec_version_count; v++) {
		check_all_ids((struct terms){ spec_versions[v], 0, SPEC_ALL_MEANS, 0 });
		for (uint32_t means = 1; means < SPEC_ALL_MEANS; means <<= 1) {
			check_all_ids((struct terms){ spec_versions[v], 0, means, 0 });
			check_all_ids(
				(struct terms){ spec_versions[v], 0, SPEC_ALL_MEANS & ~means, 0 });
		}
	}
}

/* Which functions come together: statistics and MEM_PROTECT come in pairs. */
static uint32_t disabled_with(uint32_t number)
{
	static const uint32_t pairs[] = { 0x3U << 0x10, 0x3U << 0x13 };
	const uint32_t bit = 1U << number;

	/* MIGRATE is not there without MIGRATE_INFO_UP_CPU; the reverse is possible. */
	if (number == 0x07)
		return bit | 1U << 0x05;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (pairs[i] & bit)
			return pairs[i];
	}

	return bit;
}

static void disabled_function_is_neither_announced_nor_carried_out(void **state)
{
	uint32_t optional = 0;

	for (size_t v = 0; v < spec_version_count; v++) {
		optional = 0;
		for (size_t i = 0; i < spec_function_count; i++) {
			const struct spec_function *spec = &spec_functions[i];

			if (spec->mandatory || spec->since > spec_versions[v])
				continue;
			optional |= 1U << spec->number;
			check_all_ids((struct terms){ .version = spec_versions[v],
						      .disabled = 1U << spec->number });
			check_all_ids((struct terms){ spec_versions[v], 1U << spec->number,
						      SPEC_ALL_MEANS,
						      disabled_with(spec->number) });
		}
		check_all_ids((struct terms){ spec_versions[v], optional, SPEC_ALL_MEANS, 0 });
	}
	/* MIGRATE_INFO_TYPE, SYSTEM_RESET2 and SYSTEM_OFF2 were among them. */
	assert_int_equal(optional & 0x240040, 0x240040);
}

static void psci_features_of_an_id_outside_of_psci_is_not_supported(void **state)
{
	static const uint32_t fids[] = {
		0x00000000, 0x04000003, 0x80000001, 0x80008000, 0x84000050, 0x84020003,
		0x84a0000a, 0x8600ff01, 0xc0000000, 0xc400a011, 0xc5000020, 0xffffffff,
	};
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(fids); i++)
		fixture_answers_only(&f, 0, fixture_regs(PSCI_FN32_PSCI_FEATURES, fids[i], 0, 0),
				     PSCI_RET_NOT_SUPPORTED);
}

/* The host serves SMCCC_VERSION; only by this answer can a guest discover it. */
static void psci_features_announces_smccc_version_since_1_0(void **state)
{
	for (size_t v = 1; v < spec_version_count; v++) {
		assert_int_equal(features((struct terms){ .version = spec_versions[v] },
					  SMCCC_FN32_VERSION, false),
				 0);
		assert_int_equal(features((struct terms){ .version = spec_versions[v] },
					  SMCCC_FN32_VERSION, true),
				 0);
	}
	assert_int_equal(
		features((struct terms){ .version = PSCI_VERSION_0_2 }, SMCCC_FN32_VERSION, false),
		PSCI_RET_NOT_SUPPORTED);
}

static void psci_features_ignores_the_upper_half_of_its_argument(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN32_PSCI_FEATURES,
				      UINT64_C(0xfeedf00d) << 32 | PSCI_FN64_CPU_ON, 0, 0),
			 0);
}

/* Linux uses HIBERNATE_OFF if the answer is not negative and has bit 0. */
static void psci_features_of_system_off2_announces_hibernate_off(void **state)
{
	assert_int_equal(features((struct terms){ .version = PSCI_VERSION_1_3 },
				  PSCI_FN64_SYSTEM_OFF2, false),
			 0x1);
	assert_int_equal(features((struct terms){ .version = PSCI_VERSION_1_3 },
				  PSCI_FN32_SYSTEM_OFF2, false),
			 0x1);
	assert_int_equal(features((struct terms){ .version = PSCI_VERSION_1_2 },
				  PSCI_FN64_SYSTEM_OFF2, false),
			 -1);
}

/* Original StateID format, platform-coordinated mode only. */
static void psci_features_of_cpu_suspend_announces_no_flag_by_default(void **state)
{
	assert_int_equal(features((struct terms){ .version = PSCI_VERSION_1_3 },
				  PSCI_FN64_CPU_SUSPEND, false),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PSCI_TEST("PSCI-PSCI_FEATURES-02",
			  psci_features_of_an_id_outside_of_psci_is_not_supported),
		cmocka_unit_test(disabled_function_is_neither_announced_nor_carried_out),
		PSCI_TEST(
			"PSCI-PSCI_FEATURES-05 PSCI-PSCI_FEATURES-06 PSCI-PSCI_FEATURES-11 PSCI-PSCI_FEATURES-12",
			psci_features_announces_what_each_version_carries_out),
		cmocka_unit_test(function_is_offered_only_if_the_host_has_what_it_needs),
		PSCI_TEST("PSCI-PSCI_FEATURES-10", psci_features_announces_smccc_version_since_1_0),
		PSCI_TEST("PSCI-PSCI_FEATURES-09",
			  psci_features_ignores_the_upper_half_of_its_argument),
		PSCI_TEST("PSCI-SYSTEM_OFF2-05",
			  psci_features_of_system_off2_announces_hibernate_off),
		cmocka_unit_test(psci_features_of_cpu_suspend_announces_no_flag_by_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
