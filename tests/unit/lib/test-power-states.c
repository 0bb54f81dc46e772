/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_SUSPEND and CPU_DEFAULT_SUSPEND with the power states that a host described:
 * formats, standby and power-down, which event wakes which vCPU.
 */
#include "psci-power.h"

#include <string.h>

static const uint32_t suspend_fids[] = { PSCI_FN32_CPU_SUSPEND, PSCI_FN64_CPU_SUSPEND };
static const uint32_t default_fids[] = {
	PSCI_FN32_CPU_DEFAULT_SUSPEND,
	PSCI_FN64_CPU_DEFAULT_SUSPEND,
};

/* --- the description --- */

static int init_with(const struct psci_idle_state *states, size_t count, bool extended,
		     uint32_t version)
{
	struct fixture f;

	fixture_configure(&f, version);
	f.config.idle_states = states;
	f.config.idle_state_count = count;
	f.config.extended_state_id = extended;

	return psci_machine_init(&f.machine, &f.config);
}

static void check_state(struct psci_idle_state idle, bool extended, int expected)
{
	assert_int_equal(init_with(&idle, 1, extended, PSCI_VERSION_1_3), expected);
}

static void power_state_whose_depths_contradict_it_is_refused(void **state)
{
	static const struct psci_idle_state bad[] = {
		{ .power_state = 0, .depth = { 0 } }, /* no state at all */
		{ .power_state = 0, .depth = { 128 } }, /* standby that loses the core */
		{ .power_state = 0x00010000, .depth = { 127 } }, /* power-down that keeps it */
		{ .power_state = 0x01000000, .depth = { 1 } }, /* level 1 without a depth */
		{ .power_state = 0x00000000, .depth = { 1, 1 } }, /* level 0 with one more */
		{ .power_state = 0x02000000, .depth = { 1, 0, 1 } }, /* a gap */
		{ .power_state = 0x01000000, .depth = { 0, 1 } }, /* the core runs */
		{ .power_state = 0x01000000,
		  .depth = { 1, 1 },
		  .last_level = 1 }, /* says nothing */
		{ .power_state = 0x00000000, .depth = { 1 }, .last_level = 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_state(bad[i], false, PSCI_ERR_INVALID);
	for (unsigned int bit = 0; bit < 32; bit++) {
		const bool is_id = bit < 16;

		check_state((struct psci_idle_state){ .power_state = 1U << bit, .depth = { 1 } },
			    false, is_id ? PSCI_OK : PSCI_ERR_INVALID);
	}
	check_state((struct psci_idle_state){ .power_state = 0x00010000, .depth = { 128 } }, false,
		    PSCI_OK);
	check_state(
		(struct psci_idle_state){ .power_state = 0x03010000, .depth = { 128, 1, 1, 1 } },
		false, PSCI_OK);
	check_state((struct psci_idle_state){ .power_state = 0, .depth = { 1 }, .last_level = 3 },
		    false, PSCI_OK);
}

static void power_state_with_reserved_bits_of_its_format_is_refused(void **state)
{
	for (unsigned int bit = 0; bit < 32; bit++) {
		const bool is_id = bit < 28;

		check_state((struct psci_idle_state){ .power_state = 1U << bit, .depth = { 1 } },
			    true, is_id ? PSCI_OK : PSCI_ERR_INVALID);
		check_state((struct psci_idle_state){ .power_state = 1U << bit | 0x40000000,
						      .depth = { 128 } },
			    true, is_id || bit == 30 ? PSCI_OK : PSCI_ERR_INVALID);
	}
	/* The level is not part of it. */
	check_state((struct psci_idle_state){ .power_state = 5, .depth = { 1, 1, 1, 1 } }, true,
		    PSCI_OK);
}

static void incomplete_table_of_power_states_is_refused(void **state)
{
	static const struct psci_idle_state twice[] = {
		{ .power_state = 1, .depth = { 1 } },
		{ .power_state = 2, .depth = { 2 } },
		{ .power_state = 1, .depth = { 3 } },
	};

	assert_int_equal(init_with(NULL, 0, false, 0), PSCI_OK);
	assert_int_equal(init_with(NULL, 1, false, 0), PSCI_ERR_INVALID);
	assert_int_equal(init_with(NULL, 0, true, 0), PSCI_ERR_INVALID);
	assert_int_equal(init_with(twice, 0, false, 0), PSCI_ERR_INVALID);
	assert_int_equal(init_with(twice, 2, false, 0), PSCI_OK);
	assert_int_equal(init_with(twice, 3, false, 0), PSCI_ERR_INVALID);
	/* The extended format exists since 1.0. */
	assert_int_equal(init_with(twice, 2, true, PSCI_VERSION_0_2), PSCI_ERR_INVALID);
	assert_int_equal(init_with(twice, 2, false, PSCI_VERSION_0_2), PSCI_OK);
	assert_int_equal(init_with(twice, 2, true, PSCI_VERSION_1_0), PSCI_OK);
}

static void offering_a_function_that_needs_no_offer_is_refused(void **state)
{
	for (size_t v = 0; v < spec_version_count; v++) {
		for (uint32_t number = 0; number < 32; number++) {
			const struct spec_function *spec = spec_find(number);
			struct fixture f;

			fixture_configure(&f, spec_versions[v]);
			f.config.enable_functions = 1U << number;
			assert_int_equal(psci_machine_init(&f.machine, &f.config),
					 spec && spec->since <= spec_versions[v] &&
							 spec->means != SPEC_NOTHING &&
							 spec->means <= SPEC_MODE
						 ? PSCI_OK
						 : PSCI_ERR_INVALID);
		}
	}
}

static void default_suspend_without_a_state_of_a_core_alone_is_refused(void **state)
{
	struct power p;

	power_configure(&p, PSCI_VERSION_1_3);
	p.f.config.idle_states = &power_states[3];
	p.f.config.idle_state_count = 5;
	assert_int_equal(psci_machine_init(&p.f.machine, &p.f.config), PSCI_ERR_INVALID);
	p.f.config.enable_functions &= ~power_bit(PSCI_FN32_CPU_DEFAULT_SUSPEND);
	assert_int_equal(psci_machine_init(&p.f.machine, &p.f.config), PSCI_OK);
}

static void domain_or_vcpu_under_a_domain_of_the_wrong_level_is_refused(void **state)
{
	struct psci_domain domain;
	struct psci_domain before;
	struct power p;

	power_configure(&p, PSCI_VERSION_1_3);
	power_make(&p);
	memset(&domain, 0x5a, sizeof(domain));
	memcpy(&before, &domain, sizeof(before));
	assert_int_equal(psci_domain_init(&domain, &p.f.machine, 0, NULL), PSCI_ERR_INVALID);
	assert_int_equal(psci_domain_init(&domain, &p.f.machine, 4, NULL), PSCI_ERR_INVALID);
	assert_int_equal(psci_domain_init(&domain, &p.f.machine, 2, &p.system), PSCI_ERR_INVALID);
	assert_int_equal(psci_domain_init(&domain, &p.f.machine, 1, &p.clusters[0]),
			 PSCI_ERR_INVALID);
	assert_int_equal(psci_domain_init(&domain, &p.f.machine, 3, &p.system), PSCI_ERR_INVALID);
	assert_memory_equal(&domain, &before, sizeof(before));
	assert_int_equal(psci_vcpu_place(&p.f.vcpus[5], &p.system), PSCI_ERR_INVALID);
	assert_int_equal(psci_vcpu_place(&p.f.vcpus[0], &p.clusters[2]), PSCI_ERR_INVALID);
	assert_int_equal(psci_domain_init(&domain, &p.f.machine, 3, NULL), PSCI_OK);
}

/* --- CPU_SUSPEND --- */

/* Returns whether the table has it, and vCPU 0 the domains for it. */
static bool is_known(uint32_t power_state)
{
	for (size_t i = 0; i < POWER_STATE_COUNT; i++) {
		if (power_states[i].power_state == power_state)
			return true;
	}

	return false;
}

static void cpu_suspend_of_a_state_outside_of_the_table_is_an_invalid_parameter(void **state)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	for (size_t i = 0; i < POWER_STATE_COUNT; i++) {
		for (unsigned int bit = 0; bit < 32; bit++) {
			const uint32_t other = power_states[i].power_state ^ 1U << bit;

			if (is_known(other))
				continue;
			for (size_t c = 0; c < ARRAY_SIZE(suspend_fids); c++)
				power_answers_only(
					&p, 0,
					fixture_regs(suspend_fids[c], other, FIXTURE_ENTRY, 0),
					PSCI_RET_INVALID_PARAMETERS);
		}
	}
}

static void cpu_suspend_of_a_level_without_a_domain_is_an_invalid_parameter(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	for (size_t i = 3; i < POWER_STATE_COUNT; i++)
		power_answers_only(&p, 5,
				   fixture_regs(PSCI_FN64_CPU_SUSPEND, power_states[i].power_state,
						FIXTURE_ENTRY, 0),
				   PSCI_RET_INVALID_PARAMETERS);
	/* vCPU 4 has a cluster, but no system above it. */
	power_answers_only(&p, 4,
			   fixture_regs(PSCI_FN64_CPU_SUSPEND, POWER_SYSTEM_DOWN, FIXTURE_ENTRY, 0),
			   PSCI_RET_INVALID_PARAMETERS);
	power_answers_only(
		&p, 4,
		fixture_regs(PSCI_FN64_CPU_SUSPEND, POWER_CLUSTER_DOWN_LAST, FIXTURE_ENTRY, 0),
		PSCI_RET_INVALID_PARAMETERS);
	power_suspend(&p, 4, POWER_CLUSTER_DOWN);
	power_suspend(&p, 5, POWER_DOWN);
}

static void wake_from_power_down_is_at_the_entry_and_from_standby_at_the_call(void **state)
{
	for (size_t i = 0; i < POWER_STATE_COUNT; i++) {
		for (size_t c = 0; c < ARRAY_SIZE(suspend_fids); c++) {
			struct psci_entry entry = { .pc = 0xfeedf00d };
			const bool down = power_states[i].depth[0] >= PSCI_DEPTH_OFF;
			struct psci_regs regs =
				fixture_regs(suspend_fids[c], power_states[i].power_state,
					     FIXTURE_ENTRY, 0x12345678);
			struct power p;

			regs.big_endian = true;
			power_boot(&p, PSCI_VERSION_1_3);
			assert_int_equal(psci_call(&p.f.vcpus[0], &regs), PSCI_NEXT_SLEEP);
			assert_int_equal(regs.x[0], PSCI_RET_SUCCESS);
			assert_int_equal(p.f.asked_count, down ? 1 : 0);
			/* A kick is no wake-up event. */
			assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_SLEEP);
			assert_int_equal(entry.pc, 0xfeedf00d);
			assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry),
					 down ? PSCI_NEXT_START : PSCI_NEXT_RUN);
			if (down) {
				assert_int_equal(entry.pc, FIXTURE_ENTRY);
				assert_int_equal(entry.x0, 0x12345678);
				assert_true(entry.big_endian);
				assert_true(entry.wake);
			} else {
				assert_int_equal(entry.pc, 0xfeedf00d);
			}
			assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_RUN);
			assert_int_equal(fixture_all_kicks(&p.f), 0);
		}
	}
}

static void cpu_suspend_checks_the_entry_for_power_down_only(void **state)
{
	for (size_t v = 0; v < spec_version_count; v++) {
		const int32_t invalid = spec_versions[v] < PSCI_VERSION_1_0
						? PSCI_RET_INVALID_PARAMETERS
						: PSCI_RET_INVALID_ADDRESS;
		struct power p;

		power_boot(&p, spec_versions[v]);
		for (size_t i = 0; i < POWER_STATE_COUNT; i++) {
			const uint32_t value = power_states[i].power_state;
			struct psci_regs regs =
				fixture_regs(PSCI_FN64_CPU_SUSPEND, value, p.f.refused_entry, 0);

			if (power_states[i].depth[0] < PSCI_DEPTH_OFF) {
				assert_int_equal(psci_call(&p.f.vcpus[0], &regs), PSCI_NEXT_SLEEP);
				power_wake(&p, 0);
				continue;
			}
			power_answers_only(&p, 0, regs, invalid);
			for (uint64_t low = 1; low < 4; low++) {
				regs.x[2] = FIXTURE_ENTRY | low;
				power_answers_only(&p, 0, regs, invalid);
			}
		}
	}
}

/* The vCPU comes back in the caller's own state, as for CPU_ON. */
static void wake_from_power_down_is_in_the_instruction_set_of_an_aarch32_caller(void **state)
{
	struct psci_regs regs =
		fixture_regs(PSCI_FN32_CPU_SUSPEND, POWER_DOWN, FIXTURE_ENTRY | 1, 0xfeedf00d);
	struct psci_entry entry;
	struct power p;

	regs.aarch32 = true;
	power_boot(&p, PSCI_VERSION_1_3);
	assert_int_equal(psci_call(&p.f.vcpus[0], &regs), PSCI_NEXT_SLEEP);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
	assert_int_equal(entry.x0, 0xfeedf00d);
	assert_true(entry.aarch32);
	assert_true(entry.t32);
	assert_true(entry.wake);
}

static void extended_format_of_power_states_is_served_and_announced(void **state)
{
	struct psci_regs regs =
		fixture_regs(PSCI_FN64_CPU_SUSPEND, POWER_EXT_CLUSTER_DOWN, FIXTURE_ENTRY, 0);
	const struct psci_entry boot = { .pc = FIXTURE_BOOT_ENTRY };
	struct psci_entry entry;
	struct power p;

	power_configure(&p, PSCI_VERSION_1_0);
	p.f.config.idle_states = power_ext_states;
	p.f.config.idle_state_count = ARRAY_SIZE(power_ext_states);
	p.f.config.extended_state_id = true;
	power_make(&p);
	psci_machine_boot(&p.f.vcpus[0], &boot);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_false(entry.wake);
	/* OS-initiated mode is offered, and the format is the extended one. */
	assert_int_equal(
		fixture_call(&p.f, 0, PSCI_FN32_PSCI_FEATURES, PSCI_FN64_CPU_SUSPEND, 0, 0), 0x3);
	for (unsigned int bit = 0; bit < 32; bit++) {
		regs.x[1] = POWER_EXT_CLUSTER_DOWN ^ 1U << bit;
		if (regs.x[1] != POWER_EXT_DOWN)
			power_answers_only(&p, 0, regs, PSCI_RET_INVALID_PARAMETERS);
	}
	power_suspend(&p, 0, POWER_EXT_CLUSTER_DOWN);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
}

static void original_format_of_power_states_is_announced_by_no_flag(void **state)
{
	struct power p;

	power_configure(&p, PSCI_VERSION_1_3);
	p.f.config.disable_functions = power_bit(PSCI_FN32_PSCI_SET_SUSPEND_MODE);
	power_make(&p);
	psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	assert_int_equal(
		fixture_call(&p.f, 0, PSCI_FN32_PSCI_FEATURES, PSCI_FN64_CPU_SUSPEND, 0, 0), 0);
}

static void vcpu_in_power_down_is_on_and_already_on_to_cpu_on(void **state)
{
	struct psci_entry entry;
	struct power p;

	power_boot_many(&p, 2);
	power_suspend(&p, 1, POWER_SYSTEM_DOWN);
	assert_int_equal(fixture_affinity_info(&p.f, 1), PSCI_AFFINITY_INFO_ON);
	power_answers_only(&p, 0,
			   fixture_regs(PSCI_FN64_CPU_ON, p.f.mpidrs[1], FIXTURE_ENTRY + 8, 9),
			   PSCI_RET_ALREADY_ON);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY + 4);
	assert_int_equal(entry.x0, 1);
}

/* The flag belongs to one wake-up: the next start is an ordinary one. */
static void start_by_cpu_on_after_a_wake_is_not_reported_as_a_wake(void **state)
{
	const struct psci_entry boot = { .pc = FIXTURE_BOOT_ENTRY, .wake = true };
	struct psci_entry entry;
	struct power p;

	power_boot_many(&p, 2);
	power_suspend(&p, 1, POWER_DOWN);
	power_wake(&p, 1);
	assert_int_equal(fixture_leave(&p.f, 1, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_call(&p.f, 0, PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0), 0);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_false(entry.wake);
	psci_machine_boot(&p.f.vcpus[1], &boot);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_false(entry.wake);
}

static void power_down_from_before_a_boot_does_not_wake_after_it(void **state)
{
	struct psci_entry entry;
	struct power p;

	power_boot_many(&p, 2);
	power_suspend(&p, 1, POWER_DOWN);
	psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[1], &entry), PSCI_NEXT_WAIT);
}

static void vcpu_in_power_down_exits_once_the_machine_has_stopped(void **state)
{
	struct psci_entry entry = { .pc = 0xfeedf00d };
	struct power p;

	power_boot_many(&p, 2);
	power_suspend(&p, 1, POWER_DOWN);
	assert_int_equal(fixture_leave(&p.f, 0, PSCI_FN32_SYSTEM_OFF, 0, 0), PSCI_NEXT_EXIT);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[1], &entry), PSCI_NEXT_EXIT);
	assert_int_equal(entry.pc, 0xfeedf00d);
}

/* --- CPU_DEFAULT_SUSPEND --- */

static void check_default(const struct psci_idle_state *states, size_t count, bool down)
{
	for (size_t c = 0; c < ARRAY_SIZE(default_fids); c++) {
		struct psci_regs regs =
			fixture_regs(default_fids[c], FIXTURE_ENTRY, 0x12345678, 0xfeedf00d);
		const struct psci_entry boot = { .pc = FIXTURE_BOOT_ENTRY };
		struct psci_entry entry;
		struct power p;

		power_configure(&p, PSCI_VERSION_1_3);
		p.f.config.idle_states = states;
		p.f.config.idle_state_count = count;
		power_make(&p);
		psci_machine_boot(&p.f.vcpus[0], &boot);
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
		assert_int_equal(psci_call(&p.f.vcpus[0], &regs), PSCI_NEXT_SLEEP);
		assert_int_equal(regs.x[0], PSCI_RET_SUCCESS);
		assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry),
				 down ? PSCI_NEXT_START : PSCI_NEXT_RUN);
		if (down) {
			assert_int_equal(entry.pc, FIXTURE_ENTRY);
			assert_int_equal(entry.x0, 0x12345678);
			assert_true(entry.wake);
		}
	}
}

static void default_suspend_uses_the_first_state_of_a_core_alone(void **state)
{
	check_default(NULL, 0, false);
	check_default(power_states, POWER_STATE_COUNT, false);
	check_default(&power_states[2], POWER_STATE_COUNT - 2, true);
}

static void default_suspend_at_a_bad_entry_is_an_invalid_address(void **state)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	for (size_t c = 0; c < ARRAY_SIZE(default_fids); c++) {
		power_answers_only(&p, 0, fixture_regs(default_fids[c], p.f.refused_entry, 0, 0),
				   PSCI_RET_INVALID_ADDRESS);
		power_answers_only(&p, 0, fixture_regs(default_fids[c], FIXTURE_ENTRY | 2, 0, 0),
				   PSCI_RET_INVALID_ADDRESS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_state_whose_depths_contradict_it_is_refused),
		cmocka_unit_test(power_state_with_reserved_bits_of_its_format_is_refused),
		cmocka_unit_test(incomplete_table_of_power_states_is_refused),
		cmocka_unit_test(offering_a_function_that_needs_no_offer_is_refused),
		cmocka_unit_test(default_suspend_without_a_state_of_a_core_alone_is_refused),
		cmocka_unit_test(domain_or_vcpu_under_a_domain_of_the_wrong_level_is_refused),
		PSCI_TEST("PSCI-CPU_SUSPEND-30",
			  cpu_suspend_of_a_state_outside_of_the_table_is_an_invalid_parameter),
		cmocka_unit_test(cpu_suspend_of_a_level_without_a_domain_is_an_invalid_parameter),
		PSCI_TEST("PSCI-CPU_SUSPEND-11",
			  wake_from_power_down_is_at_the_entry_and_from_standby_at_the_call),
		PSCI_TEST("PSCI-CPU_SUSPEND-31 PSCI-CPU_SUSPEND-32 PSCI-CPU_SUSPEND-06",
			  cpu_suspend_checks_the_entry_for_power_down_only),
		cmocka_unit_test(
			wake_from_power_down_is_in_the_instruction_set_of_an_aarch32_caller),
		PSCI_TEST("PSCI-CPU_SUSPEND-36 PSCI-PSCI_FEATURES-30",
			  extended_format_of_power_states_is_served_and_announced),
		cmocka_unit_test(original_format_of_power_states_is_announced_by_no_flag),
		PSCI_TEST("PSCI-CPU_SUSPEND-12", vcpu_in_power_down_is_on_and_already_on_to_cpu_on),
		cmocka_unit_test(start_by_cpu_on_after_a_wake_is_not_reported_as_a_wake),
		cmocka_unit_test(power_down_from_before_a_boot_does_not_wake_after_it),
		cmocka_unit_test(vcpu_in_power_down_exits_once_the_machine_has_stopped),
		cmocka_unit_test(default_suspend_uses_the_first_state_of_a_core_alone),
		PSCI_TEST("PSCI-CPU_DEFAULT_SUSPEND-30",
			  default_suspend_at_a_bad_entry_is_an_invalid_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
