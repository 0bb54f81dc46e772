/* SPDX-License-Identifier: BSD-3-Clause */
/* Which features of the CPU the vCPUs of a machine get, and how KVM is asked for them. */
#include "feature-host.h"
#include "rig.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "board/board.h"
#include "machine/cpu-features.h"
#include "machine/vcpu.h"

#define BIT(feature) (1U << KVM_ARM_VCPU_##feature)
#define ALL (BIT(PMU_V3) | BIT(PTRAUTH_ADDRESS) | BIT(PTRAUTH_GENERIC) | BIT(SVE))

/* Begin the machine anew, after something of it has changed. */
static int begin_anew(struct rig *rig, struct error *error)
{
	vm_end(&rig->vm);
	feature_host.pmus = 0;

	return vm_begin(&rig->vm, error);
}

static void must_begin_anew(struct rig *rig)
{
	struct error error = { "" };

	if (begin_anew(rig, &error) != 0)
		fail_msg("%s", error.text);
}

/* The line of the environment is this one. */
static void expect_line(const struct rig *rig, const char *line)
{
	struct environment environment = { 0 };

	assert_int_equal(cpu_features_read(&environment, &rig->vm), 0);
	if (line)
		assert_string_equal(environment.values[ENVIRONMENT_CPU_FEATURES], line);
	else
		assert_null(environment.values[ENVIRONMENT_CPU_FEATURES]);
	environment_free(&environment);
}

static void a_guest_has_what_kvm_offers(void **state)
{
	struct rig rig;

	feature_host_make();
	rig_create(&rig, 2);
	assert_int_equal(feature_host.features & ALL, ALL);
	assert_int_equal(feature_host.finalized, 2);
	assert_int_equal(feature_host.pmus, 2);
	assert_int_equal(feature_host.pmu_irq, 23);
	assert_false(feature_host.is_wrong);
	expect_line(&rig, "pmu=on\npauth=on\nsve=on\npmu-counters=2\nsve128=on\nsve256=on\n");
	rig_destroy(&rig);
}

static void a_host_without_them_has_a_guest_without_them(void **state)
{
	struct rig rig;

	feature_host_make();
	feature_host.has_pmu = false;
	feature_host.has_address_auth = false;
	feature_host.has_generic_auth = false;
	feature_host.has_sve = false;
	rig_create(&rig, 1);
	assert_int_equal(feature_host.features & ALL, 0);
	assert_int_equal(feature_host.finalized, 0);
	assert_int_equal(feature_host.pmus, 0);
	expect_line(&rig, "pmu=off\npauth=off\nsve=off\n");
	rig_destroy(&rig);
}

static void half_of_pointer_authentication_is_none(void **state)
{
	struct rig rig;

	feature_host_make();
	feature_host.has_generic_auth = false;
	rig_create(&rig, 1);
	assert_int_equal(feature_host.features & ALL, BIT(PMU_V3) | BIT(SVE));
	feature_host.has_generic_auth = true;
	feature_host.has_address_auth = false;
	must_begin_anew(&rig);
	assert_int_equal(feature_host.features & ALL, BIT(PMU_V3) | BIT(SVE));
	rig_destroy(&rig);
}

static void a_feature_that_is_taken_away_is_not_requested(void **state)
{
	struct rig rig;

	feature_host_make();
	rig_create(&rig, 1);
	rig.record.config.cpu_features_off =
		CPU_FEATURE_BIT(CPU_FEATURE_SVE) | CPU_FEATURE_BIT(CPU_FEATURE_PAUTH);
	must_begin_anew(&rig);
	assert_int_equal(feature_host.features & ALL, BIT(PMU_V3));
	assert_int_equal(feature_host.pmus, 1);
	expect_line(&rig, "pmu=on\npauth=off\nsve=off\npmu-counters=2\n");
	rig.record.config.cpu_features_off = CPU_FEATURE_BIT(CPU_FEATURE_PMU);
	must_begin_anew(&rig);
	assert_int_equal(feature_host.features & ALL, ALL & ~BIT(PMU_V3));
	assert_int_equal(feature_host.pmus, 0);
	rig_destroy(&rig);
}

static void a_machine_of_an_earlier_version_has_none(void **state)
{
	struct rig rig;

	feature_host_make();
	rig_create(&rig, 1);
	rig.record.config.machine_version = BOARD_VERSION_3 - 1;
	feature_host.extensions = 0;
	must_begin_anew(&rig);
	assert_int_equal(feature_host.extensions, 0);
	assert_int_equal(feature_host.features & ALL, 0);
	expect_line(&rig, NULL);
	rig_destroy(&rig);
}

/* --- a guest that may resume --- */

static void a_guest_gets_no_more_than_it_left_with(void **state)
{
	char line[] = "pmu=off\npauth=on\nsve=on\nsve128=on\n";
	const struct environment left = { .values = { [ENVIRONMENT_CPU_FEATURES] = line } };
	struct error error = { "" };
	struct rig rig;

	feature_host_make();
	rig_create(&rig, 2);
	rig.vm.environment = &left;
	must_begin_anew(&rig);
	assert_int_equal(feature_host.features & ALL, ALL & ~BIT(PMU_V3));
	expect_line(&rig, line);
	assert_int_equal(cpu_features_check(&rig.vm, &error), 0);
	/* A reset begins with the same. */
	must_begin_anew(&rig);
	expect_line(&rig, line);
	rig_destroy(&rig);
}

static void a_feature_that_the_host_lacks_is_a_difference(void **state)
{
	char line[] = "pmu=on\npauth=on\nsve=on\npmu-counters=2\nsve128=on\nsve256=on\nsve512=on\n";
	const struct environment left = { .values = { [ENVIRONMENT_CPU_FEATURES] = line } };
	struct error error = { "" };
	struct rig rig;

	feature_host_make();
	rig_create(&rig, 1);
	assert_int_equal(cpu_features_check(&rig.vm, &error), 0);
	rig.vm.environment = &left;
	must_begin_anew(&rig);
	expect_line(&rig, "pmu=on\npauth=on\nsve=on\npmu-counters=2\nsve128=on\nsve256=on\n");
	assert_int_equal(cpu_features_check(&rig.vm, &error), -ENOTSUP);
	assert_string_equal(error.text, "the CPU feature sve512: on, not none");
	feature_host.has_sve = false;
	must_begin_anew(&rig);
	assert_int_equal(cpu_features_check(&rig.vm, &error), -ENOTSUP);
	assert_string_equal(error.text, "the CPU feature sve: on, not off");
	expect_line(&rig, "pmu=on\npauth=on\nsve=off\npmu-counters=2\n");
	feature_host.has_pmu = false;
	must_begin_anew(&rig);
	assert_int_equal(cpu_features_check(&rig.vm, &error), -ENOTSUP);
	assert_string_equal(error.text, "the CPU feature pmu: on, not off");
	rig_destroy(&rig);
}

/* A guest of an earlier dormouse, whose machine becomes one of this version. */
static void a_guest_of_which_nothing_is_known_gets_all(void **state)
{
	const struct environment left = { { NULL } };
	struct error error = { "" };
	struct rig rig;

	feature_host_make();
	rig_create(&rig, 1);
	rig.vm.environment = &left;
	must_begin_anew(&rig);
	assert_int_equal(feature_host.features & ALL, ALL);
	assert_int_equal(cpu_features_check(&rig.vm, &error), 0);
	rig_destroy(&rig);
}

/* --- failures --- */

static void expect_failure(struct rig *rig, int err, const char *message)
{
	struct error error = { "" };

	assert_int_equal(begin_anew(rig, &error), -err);
	assert_string_equal(error.text, message);
}

static void a_request_that_kvm_refuses_is_named(void **state)
{
	struct rig rig;

	feature_host_make();
	rig_create(&rig, 1);
	feature_host.finalize_err = EINVAL;
	expect_failure(&rig, EINVAL, "KVM_ARM_VCPU_FINALIZE of vCPU 0 with SVE: Invalid argument");
	feature_host.finalize_err = 0;
	feature_host.pmu_err = EBUSY;
	expect_failure(&rig, EBUSY,
		       "KVM_SET_DEVICE_ATTR PMU_V3 of vCPU 0: Device or resource busy");
	feature_host.pmu_err = 0;
	feature_host.init_err = EINVAL;
	expect_failure(&rig, EINVAL, "KVM_ARM_VCPU_INIT of vCPU 0: Invalid argument");
	feature_host.init_err = ENODEV;
	expect_failure(&rig, ENODEV,
		       "KVM_ARM_VCPU_INIT of vCPU 0: No such device, perhaps for want of a PMU: "
		       "see --cpu-features pmu=off");
	rig.record.config.cpu_features_off = CPU_FEATURE_BIT(CPU_FEATURE_PMU);
	expect_failure(&rig, ENODEV, "KVM_ARM_VCPU_INIT of vCPU 0: No such device");
	feature_host.init_err = 0;
	must_begin_anew(&rig);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_has_what_kvm_offers),
		cmocka_unit_test(a_host_without_them_has_a_guest_without_them),
		cmocka_unit_test(half_of_pointer_authentication_is_none),
		cmocka_unit_test(a_feature_that_is_taken_away_is_not_requested),
		cmocka_unit_test(a_machine_of_an_earlier_version_has_none),
		cmocka_unit_test(a_guest_gets_no_more_than_it_left_with),
		cmocka_unit_test(a_feature_that_the_host_lacks_is_a_difference),
		cmocka_unit_test(a_guest_of_which_nothing_is_known_gets_all),
		cmocka_unit_test(a_request_that_kvm_refuses_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
