/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The caller's side, with the library itself as the server, and with fake servers that
 * behave as the library does not.
 */
#include "psci-power.h"

#include <psci/client.h>
#include <psci/smccc-arch.h>
#include <psci/smccc.h>

#include <string.h>

#define LOG_MAX 64

/** A guest's vCPU that calls, and the result of its last call. */
struct guest {
	struct power p;
	unsigned int vcpu;
	bool aarch32;
	enum psci_next next;
	uint64_t last[4];
	struct psci_client client;
};

/* How many arguments a call has; registers beyond them have no meaning. */
static unsigned int args_of(uint64_t fid)
{
	return fid == SMCCC_FN32_ARCH_FEATURES ? 1 : psci_arg_count((uint32_t)fid);
}

static void conduit(void *ctx, uint64_t x[4])
{
	const struct psci_smccc arch = { .version = SMCCC_VERSION_1_2 };
	struct guest *g = ctx;
	struct psci_regs regs = { .aarch32 = g->aarch32 };

	memcpy(regs.x, x, sizeof(regs.x));
	memcpy(g->last, x, sizeof(g->last));
	for (unsigned int i = 1 + args_of(x[0]); i < ARRAY_SIZE(g->last); i++)
		assert_int_equal(x[i], 0);
	g->next = PSCI_NEXT_RUN;
	if (!psci_smccc_call(&arch, &regs))
		g->next = psci_call(&g->p.f.vcpus[g->vcpu], &regs);
	x[0] = regs.x[0];
}

static void boot(struct guest *g, uint32_t version, uint32_t means)
{
	const struct psci_entry entry = { .pc = FIXTURE_BOOT_ENTRY };
	struct psci_entry start;

	fixture_configure(&g->p.f, version);
	power_equip(&g->p, means);
	g->p.f.config.idle_states = power_states;
	g->p.f.config.idle_state_count = POWER_STATE_COUNT;
	power_make(&g->p);
	psci_machine_boot(&g->p.f.vcpus[0], &entry);
	assert_int_equal(psci_vcpu_poll(&g->p.f.vcpus[0], &start), PSCI_NEXT_START);
	g->vcpu = 0;
}

static void boot_and_probe(struct guest *g, uint32_t version, bool aarch64)
{
	boot(g, version, SPEC_ALL_MEANS);
	g->aarch32 = !aarch64;
	assert_int_equal(psci_client_probe(&g->client, conduit, g, aarch64), PSCI_OK);
}

static void check_probed(struct guest *g, uint32_t version, uint32_t means)
{
	for (int aarch64 = 0; aarch64 < 2; aarch64++) {
		boot(g, version, means);
		g->aarch32 = !aarch64;
		memset(&g->client, 0x5a, sizeof(g->client));
		assert_int_equal(psci_client_probe(&g->client, conduit, g, aarch64), PSCI_OK);
		assert_int_equal(g->client.version, version);
		assert_int_equal(g->client.smccc_version, SMCCC_VERSION_1_2);
		for (uint32_t number = 0; number < 32; number++) {
			assert_int_equal(g->client.fn32 >> number & 1,
					 spec_offers(version, PSCI_FN32_BASE + number, means));
			assert_int_equal(
				g->client.fn64 >> number & 1,
				aarch64 && spec_offers(version, PSCI_FN64_BASE + number, means));
		}
		assert_int_equal(g->client.off2_types, version >= PSCI_VERSION_1_3 ? 1 : 0);
		assert_int_equal(g->client.suspend_features, means & SPEC_MODE ? 1 : 0);
	}
}

static void probe_finds_the_functions_that_the_machine_offers(void **state)
{
	struct guest g;

	for (size_t v = 1; v < spec_version_count; v++) {
		check_probed(&g, spec_versions[v], 0);
		check_probed(&g, spec_versions[v], SPEC_ALL_MEANS);
		for (uint32_t means = 1; means < SPEC_ALL_MEANS; means <<= 1)
			check_probed(&g, spec_versions[v], means);
	}
}

/* There is no PSCI_FEATURES to ask, and only ids of the caller's width are right. */
static void client_of_0_2_uses_only_function_ids_of_its_own_width(void **state)
{
	for (int aarch64 = 0; aarch64 < 2; aarch64++) {
		struct guest g;

		boot_and_probe(&g, PSCI_VERSION_0_2, aarch64);
		assert_int_equal(g.client.fn32, aarch64 ? 0x345 : 0x3ff);
		assert_int_equal(g.client.fn64, aarch64 ? 0x0ba : 0);
		assert_int_equal(g.client.smccc_version, SMCCC_VERSION_1_0);
		assert_int_equal(g.client.off2_types, 0);
		assert_int_equal(psci_client_cpu_on(&g.client, 1, FIXTURE_ENTRY, 7), 0);
		assert_int_equal(psci_client_affinity_info(&g.client, 1, 0), 2);
		assert_int_equal(psci_client_features(&g.client, PSCI_FN32_CPU_ON), -1);
		psci_client_power_off(&g.client, true);
		assert_int_equal(g.last[0], PSCI_FN32_SYSTEM_OFF);
		assert_int_equal(g.next, PSCI_NEXT_EXIT);
	}
}

static void answer_nothing(void *ctx, uint64_t x[4])
{
	x[0] = *(const uint64_t *)ctx;
}

static void probe_without_a_psci_fails(void **state)
{
	static const uint64_t answers[] = { UINT64_MAX, UINT32_MAX, 0, 1, 0x80000002 };
	struct psci_client client;
	struct psci_client before;

	memset(&client, 0x5a, sizeof(client));
	memcpy(&before, &client, sizeof(before));
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		uint64_t answer = answers[i];

		assert_int_equal(psci_client_probe(&client, answer_nothing, &answer, true),
				 PSCI_ERR_UNSUPPORTED);
		assert_memory_equal(&client, &before, sizeof(before));
	}
}

/* Each function is called with its id and its arguments in their registers. */
static void check_call(const struct guest *g, uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3)
{
	assert_int_equal(g->last[0], fid);
	assert_int_equal(g->last[1], x1);
	assert_int_equal(g->last[2], x2);
	assert_int_equal(g->last[3], x3);
}

static void client_passes_the_arguments_of_every_function(void **state)
{
	const uint64_t far = UINT64_C(0x123456780);
	const struct psci_client *c;
	struct guest g;

	boot_and_probe(&g, PSCI_VERSION_1_3, true);
	c = &g.client;
	assert_int_equal(psci_client_cpu_on(c, 1, far, 5), PSCI_RET_SUCCESS);
	check_call(&g, PSCI_FN64_CPU_ON, 1, far, 5);
	assert_int_equal(psci_client_affinity_info(c, 1, 0), PSCI_AFFINITY_INFO_ON_PENDING);
	check_call(&g, PSCI_FN64_AFFINITY_INFO, 1, 0, 0);
	assert_int_equal(psci_client_affinity_info(c, 0, 3), PSCI_AFFINITY_INFO_ON);
	check_call(&g, PSCI_FN64_AFFINITY_INFO, 0, 3, 0);
	assert_int_equal(psci_client_migrate(c, 4), PSCI_RET_NOT_PRESENT);
	check_call(&g, PSCI_FN64_MIGRATE, 4, 0, 0);
	assert_int_equal(psci_client_migrate_info_type(c), PSCI_MIGRATE_INFO_UP_MIGRATABLE);
	check_call(&g, PSCI_FN32_MIGRATE_INFO_TYPE, 0, 0, 0);
	assert_int_equal(psci_client_migrate_info_up_cpu(c), POWER_TRUSTED_OS_MPIDR);
	check_call(&g, PSCI_FN64_MIGRATE_INFO_UP_CPU, 0, 0, 0);
	assert_int_equal(psci_client_features(c, PSCI_FN64_SYSTEM_OFF2), 1);
	check_call(&g, PSCI_FN32_PSCI_FEATURES, PSCI_FN64_SYSTEM_OFF2, 0, 0);
	assert_int_equal(psci_client_cpu_default_suspend(c, far + 1, 6), PSCI_RET_INVALID_ADDRESS);
	check_call(&g, PSCI_FN64_CPU_DEFAULT_SUSPEND, far + 1, 6, 0);
	assert_int_equal(psci_client_node_hw_state(c, 1, 1), PSCI_NODE_HW_STATE_HW_ON);
	check_call(&g, PSCI_FN64_NODE_HW_STATE, 1, 1, 0);
	assert_int_equal(psci_client_system_suspend(c, far, 8), PSCI_RET_DENIED);
	check_call(&g, PSCI_FN64_SYSTEM_SUSPEND, far, 8, 0);
	assert_int_equal(psci_client_set_suspend_mode(c, 2), PSCI_RET_INVALID_PARAMETERS);
	check_call(&g, PSCI_FN32_PSCI_SET_SUSPEND_MODE, 2, 0, 0);
	assert_int_equal(psci_client_stat_residency(c, 1, POWER_DOWN), 0);
	check_call(&g, PSCI_FN64_PSCI_STAT_RESIDENCY, 1, POWER_DOWN, 0);
	assert_int_equal(psci_client_stat_count(c, 1, POWER_DOWN), 0);
	check_call(&g, PSCI_FN64_PSCI_STAT_COUNT, 1, POWER_DOWN, 0);
	assert_int_equal(psci_client_system_reset2(c, 1, far), PSCI_RET_INVALID_PARAMETERS);
	check_call(&g, PSCI_FN64_SYSTEM_RESET2, 1, far, 0);
	assert_int_equal(psci_client_mem_protect(c, true), 0);
	check_call(&g, PSCI_FN32_MEM_PROTECT, 1, 0, 0);
	assert_int_equal(psci_client_mem_protect(c, false), 1);
	assert_int_equal(psci_client_mem_protect_check_range(c, far, 0), PSCI_RET_DENIED);
	check_call(&g, PSCI_FN64_MEM_PROTECT_CHECK_RANGE, far, 0, 0);
	assert_int_equal(psci_client_system_off2(c, 2), PSCI_RET_INVALID_PARAMETERS);
	check_call(&g, PSCI_FN64_SYSTEM_OFF2, 2, 0, 0);
	assert_int_equal(psci_client_cpu_suspend(c, POWER_DOWN, far, 9), PSCI_RET_SUCCESS);
	check_call(&g, PSCI_FN64_CPU_SUSPEND, POWER_DOWN, far, 9);
	assert_int_equal(g.next, PSCI_NEXT_SLEEP);
}

static void check_leaves(int32_t (*leave)(const struct psci_client *client), uint32_t fid,
			 enum psci_next next)
{
	struct guest g;

	boot_and_probe(&g, PSCI_VERSION_1_3, true);
	leave(&g.client);
	check_call(&g, fid, 0, 0, 0);
	assert_int_equal(g.next, next);
}

static void power_off_calls_do_not_return(void **state)
{
	check_leaves(psci_client_cpu_off, PSCI_FN32_CPU_OFF, PSCI_NEXT_WAIT);
	check_leaves(psci_client_cpu_freeze, PSCI_FN32_CPU_FREEZE, PSCI_NEXT_WAIT);
	check_leaves(psci_client_system_off, PSCI_FN32_SYSTEM_OFF, PSCI_NEXT_EXIT);
	check_leaves(psci_client_system_reset, PSCI_FN32_SYSTEM_RESET, PSCI_NEXT_EXIT);
}

static void client_does_not_make_a_call_that_the_machine_does_not_offer(void **state)
{
	struct guest g;

	boot(&g, PSCI_VERSION_1_0, 0);
	g.aarch32 = false;
	assert_int_equal(psci_client_probe(&g.client, conduit, &g, true), PSCI_OK);
	g.last[0] = 0;
	assert_int_equal(psci_client_system_suspend(&g.client, 0, 0), PSCI_RET_NOT_SUPPORTED);
	assert_int_equal(psci_client_system_reset2(&g.client, 0, 0), PSCI_RET_NOT_SUPPORTED);
	assert_int_equal(psci_client_call(&g.client, PSCI_FN32_BASE + 0x20, 0, 0, 0), -1);
	assert_int_equal(psci_client_call(&g.client, SMCCC_FN32_VERSION, 0, 0, 0), -1);
	assert_int_equal(g.last[0], 0);
}

static void client_refuses_an_argument_that_does_not_fit_into_32_bits(void **state)
{
	struct guest g;

	boot_and_probe(&g, PSCI_VERSION_1_3, false);
	g.last[0] = 0;
	assert_int_equal(psci_client_cpu_on(&g.client, UINT64_C(1) << 32, 0, 0),
			 PSCI_RET_INVALID_PARAMETERS);
	assert_int_equal(psci_client_cpu_on(&g.client, 1, UINT64_C(1) << 32, 0),
			 PSCI_RET_INVALID_PARAMETERS);
	assert_int_equal(psci_client_cpu_on(&g.client, 1, 0, UINT64_C(1) << 32),
			 PSCI_RET_INVALID_PARAMETERS);
	assert_int_equal(g.last[0], 0);
	assert_int_equal(psci_client_cpu_on(&g.client, 1, FIXTURE_ENTRY | 1, 0xffffffff), 0);
	check_call(&g, PSCI_FN32_CPU_ON, 1, FIXTURE_ENTRY | 1, 0xffffffff);
}

/* The statistics have no errors: bit 31 is not a sign. */
static void residency_has_its_low_32_bits_for_aarch32(void **state)
{
	struct guest g;

	boot_and_probe(&g, PSCI_VERSION_1_3, false);
	power_suspend(&g.p, 0, POWER_STANDBY);
	g.p.time += UINT64_C(0x1fffffff0);
	power_wake(&g.p, 0);
	assert_int_equal(psci_client_stat_residency(&g.client, 0, POWER_STANDBY), 0xfffffff0);
	check_call(&g, PSCI_FN32_PSCI_STAT_RESIDENCY, 0, POWER_STANDBY, 0);
	assert_int_equal(psci_client_stat_count(&g.client, 0, POWER_STANDBY), 1);
}

static void answer_by_number(void *ctx, uint64_t x[4])
{
	const bool *probing = ctx;

	if (x[0] == PSCI_FN32_PSCI_VERSION && *probing)
		x[0] = PSCI_VERSION_1_3;
	else if (x[0] != PSCI_FN32_PSCI_FEATURES)
		x[0] = UINT32_C(0x80000000) | (uint32_t)x[0];
	else
		x[0] = x[1] == SMCCC_FN32_VERSION ? UINT32_MAX : 0;
}

/* All answers in 32 bits have a sign, except those of the three that have no errors. */
static void answers_without_error_codes_are_not_sign_extended(void **state)
{
	bool probing = true;
	struct psci_client client;

	assert_int_equal(psci_client_probe(&client, answer_by_number, &probing, false), PSCI_OK);
	probing = false;
	for (uint32_t number = 0; number <= (PSCI_FN32_SYSTEM_OFF2 & 0x1f); number++) {
		const uint32_t fid = PSCI_FN32_BASE + number;
		const bool is_unsigned = fid == PSCI_FN32_MIGRATE_INFO_UP_CPU ||
					 fid == PSCI_FN32_PSCI_STAT_RESIDENCY ||
					 fid == PSCI_FN32_PSCI_STAT_COUNT;

		if (fid == PSCI_FN32_PSCI_FEATURES)
			continue;
		assert_int_equal(psci_client_call(&client, fid, 0, 0, 0),
				 is_unsigned ? fid : fid | UINT64_C(0xffffffff) << 32);
	}
}

/** A server that answers from a script and records its calls. */
struct script {
	uint32_t off2_features;
	uint32_t smccc_version; /**< 0: it cannot be asked. */
	uint64_t log[LOG_MAX][3];
	unsigned int count;
};

static void play_script(void *ctx, uint64_t x[4])
{
	struct script *s = ctx;

	switch (x[0]) {
	case PSCI_FN32_PSCI_VERSION:
		x[0] = PSCI_VERSION_1_3;
		break;
	case PSCI_FN32_PSCI_FEATURES:
		x[0] = x[1] == PSCI_FN64_SYSTEM_OFF2			 ? s->off2_features
		       : x[1] == SMCCC_FN32_VERSION && !s->smccc_version ? UINT64_MAX
									 : 0;
		break;
	case SMCCC_FN32_VERSION:
		x[0] = s->smccc_version;
		break;
	default:
		assert_in_range(s->count, 0, LOG_MAX - 1);
		s->log[s->count][0] = x[0];
		s->log[s->count][1] = x[1];
		s->log[s->count++][2] = x[2];
		/* The upper half of an SMC32 answer has no meaning. */
		x[0] = UINT64_C(0xfeedf00d) << 32 | (uint32_t)PSCI_RET_INVALID_PARAMETERS;
		break;
	}
}

static void check_script(const struct script *s, unsigned int i, uint64_t fid, uint64_t x1)
{
	assert_in_range(i, 0, s->count - 1);
	assert_int_equal(s->log[i][0], fid);
	assert_int_equal(s->log[i][1], x1);
	/* None of these has a cookie. */
	assert_int_equal(s->log[i][2], 0);
}

static void client_takes_its_conduit_from_the_firmware_tables(void **state)
{
	static const char *const none[] = {
		"", "h", "hv", "hvcc", "smcs", "sm", "HVC", "vhc", "svc"
	};

	assert_int_equal(psci_conduit_from_method("hvc"), PSCI_CONDUIT_HVC);
	assert_int_equal(psci_conduit_from_method("smc"), PSCI_CONDUIT_SMC);
	assert_int_equal(psci_conduit_from_method(NULL), PSCI_CONDUIT_NONE);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(psci_conduit_from_method(none[i]), PSCI_CONDUIT_NONE);
	/* Other flags of ARM_BOOT_ARCH are reserved, and may get a meaning later. */
	for (uint16_t reserved = 0; reserved < 0x20; reserved += 4) {
		assert_int_equal(psci_conduit_from_acpi(reserved), PSCI_CONDUIT_NONE);
		assert_int_equal(psci_conduit_from_acpi(reserved | 1), PSCI_CONDUIT_SMC);
		assert_int_equal(psci_conduit_from_acpi(reserved | 2), PSCI_CONDUIT_NONE);
		assert_int_equal(psci_conduit_from_acpi(reserved | 3), PSCI_CONDUIT_HVC);
	}
}

/* As Linux does: only for a hibernation, only if announced, and else the ordinary way. */
static void client_announces_a_hibernation_before_it_turns_the_machine_off(void **state)
{
	struct script s = { .off2_features = 1 };
	struct psci_client client;

	assert_int_equal(psci_client_probe(&client, play_script, &s, true), PSCI_OK);
	assert_int_equal(client.smccc_version, SMCCC_VERSION_1_0);
	assert_int_equal(s.count, 0);
	assert_int_equal(psci_client_power_off(&client, true), PSCI_RET_INVALID_PARAMETERS);
	assert_int_equal(s.count, 3);
	check_script(&s, 0, PSCI_FN64_SYSTEM_OFF2, 0);
	check_script(&s, 1, PSCI_FN64_SYSTEM_OFF2, 1);
	check_script(&s, 2, PSCI_FN32_SYSTEM_OFF, 0);
	s.count = 0;
	assert_int_equal(psci_client_power_off(&client, false), PSCI_RET_INVALID_PARAMETERS);
	assert_int_equal(s.count, 1);
	check_script(&s, 0, PSCI_FN32_SYSTEM_OFF, 0);

	s = (struct script){ .off2_features = 2 };
	assert_int_equal(psci_client_probe(&client, play_script, &s, true), PSCI_OK);
	psci_client_power_off(&client, true);
	assert_int_equal(s.count, 1);
	check_script(&s, 0, PSCI_FN32_SYSTEM_OFF, 0);
}

/* SMCCC_VERSION exists since 1.1; a value below 1.0 is no version. */
static void client_accepts_only_a_version_of_the_smccc_that_exists(void **state)
{
	static const struct {
		uint32_t answer;
		uint32_t version;
	} answers[] = {
		{ 0, SMCCC_VERSION_1_0 },
		{ 0xffff, SMCCC_VERSION_1_0 },
		{ SMCCC_VERSION_1_0, SMCCC_VERSION_1_0 },
		{ SMCCC_VERSION_1_1, SMCCC_VERSION_1_1 },
		{ UINT32_MAX, SMCCC_VERSION_1_0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct script s = { .smccc_version = answers[i].answer };
		struct psci_client client;

		assert_int_equal(psci_client_probe(&client, play_script, &s, true), PSCI_OK);
		assert_int_equal(client.smccc_version, answers[i].version);
	}
}

static void restart_is_warm_if_the_machine_offers_it(void **state)
{
	struct script s = { .off2_features = 1 };
	struct psci_client client;

	assert_int_equal(psci_client_probe(&client, play_script, &s, true), PSCI_OK);
	psci_client_restart(&client, true);
	assert_int_equal(s.count, 2);
	check_script(&s, 0, PSCI_FN64_SYSTEM_RESET2, 0);
	check_script(&s, 1, PSCI_FN32_SYSTEM_RESET, 0);
	s.count = 0;
	psci_client_restart(&client, false);
	assert_int_equal(s.count, 1);
	check_script(&s, 0, PSCI_FN32_SYSTEM_RESET, 0);
}

static void client_hibernates_on_a_machine_of_the_library(void **state)
{
	struct guest g;

	boot_and_probe(&g, PSCI_VERSION_1_3, true);
	psci_client_power_off(&g.client, true);
	assert_int_equal(psci_machine_event(&g.p.f.machine).kind, PSCI_EVENT_OFF2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_takes_its_conduit_from_the_firmware_tables),
		cmocka_unit_test(probe_finds_the_functions_that_the_machine_offers),
		cmocka_unit_test(client_of_0_2_uses_only_function_ids_of_its_own_width),
		cmocka_unit_test(probe_without_a_psci_fails),
		cmocka_unit_test(client_passes_the_arguments_of_every_function),
		cmocka_unit_test(power_off_calls_do_not_return),
		cmocka_unit_test(client_does_not_make_a_call_that_the_machine_does_not_offer),
		cmocka_unit_test(client_refuses_an_argument_that_does_not_fit_into_32_bits),
		cmocka_unit_test(residency_has_its_low_32_bits_for_aarch32),
		cmocka_unit_test(answers_without_error_codes_are_not_sign_extended),
		cmocka_unit_test(client_announces_a_hibernation_before_it_turns_the_machine_off),
		cmocka_unit_test(client_accepts_only_a_version_of_the_smccc_that_exists),
		cmocka_unit_test(restart_is_warm_if_the_machine_offers_it),
		cmocka_unit_test(client_hibernates_on_a_machine_of_the_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
