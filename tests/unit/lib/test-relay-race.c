/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real threads, one for each CPU of a relay, as on a real machine, above the library as
 * its firmware. Relay and firmware lock with a mutex each. ThreadSanitizer watches this
 * program in `make tsan`.
 */
#include "psci-race.h"
#include "psci-relay.h"

#include <psci/client.h>

#include <pthread.h>
#include <stdlib.h>

#define CALLERS 3
#define TARGET CALLERS
#define RACE_CPU_COUNT (CALLERS + 1)
#define ROUNDS 2000
#define CALL_COUNT 4

struct relay_race {
	struct psci_relay relay;
	struct psci_relay_cpu cpus[RACE_CPU_COUNT];
	struct psci_relay_cpu *relay_index[RACE_CPU_COUNT];
	struct psci_machine machine;
	struct psci_vcpu vcpus[RACE_CPU_COUNT];
	struct psci_vcpu *index[4];
	struct psci_host host;
	pthread_mutex_t relay_mutex;
	pthread_mutex_t firmware_mutex;
	bool is_lost; /**< The firmware was given another entry point than the monitor's. */
	/** Filled in by each caller's thread, read after the end of the round. */
	int64_t answers[CALLERS][CALL_COUNT];
	unsigned int features[CALLERS];
	/** Filled in by the target's thread. */
	struct psci_entry started_at;
	unsigned int starts;
	unsigned int surprises;
	void (*play)(struct relay_race *race, unsigned int i, unsigned int round);
	void (*check)(struct relay_race *race, unsigned int round);
};

static void relay_race_lock(void *ctx)
{
	pthread_mutex_lock(&((struct relay_race *)ctx)->relay_mutex);
}

static void relay_race_unlock(void *ctx)
{
	pthread_mutex_unlock(&((struct relay_race *)ctx)->relay_mutex);
}

static void firmware_lock(void *ctx)
{
	pthread_mutex_lock(&((struct relay_race *)ctx)->firmware_mutex);
}

static void firmware_unlock(void *ctx)
{
	pthread_mutex_unlock(&((struct relay_race *)ctx)->firmware_mutex);
}

static void firmware_kick(void *ctx, void *vctx)
{
}

static bool firmware_entry_ok(void *ctx, uint64_t pc)
{
	struct relay_race *race = ctx;

	if (pc != RELAY_MONITOR && pc != FIXTURE_BOOT_ENTRY)
		race->is_lost = true;

	return true;
}

static void firmware_smc(void *ctx, uint64_t x[4])
{
	struct relay_race *race = ctx;
	struct psci_regs regs = fixture_regs(0, x[1], x[2], x[3]);

	regs.x[0] = x[0];
	psci_call(&race->vcpus[0], &regs);
	x[0] = regs.x[0];
}

/* CPU @i calls from AArch64. Returns its x0. */
static int64_t race_call(struct relay_race *race, unsigned int i, uint32_t fid, uint64_t x1,
			 uint64_t x2, uint64_t x3)
{
	struct psci_regs regs = fixture_regs(fid, x1, x2, x3);
	struct psci_regs forward = fixture_regs(0, 0, 0, 0);

	if (psci_relay_call(&race->cpus[i], &regs, forward.x) == PSCI_RELAY_FORWARD &&
	    psci_call(&race->vcpus[i], &forward) == PSCI_NEXT_RUN)
		psci_relay_return(&race->cpus[i], &regs, forward.x[0]);

	return (int64_t)regs.x[0];
}

/* The target comes to the monitor, if it has been started. */
static void poll_target(struct relay_race *race)
{
	struct psci_entry entry;

	if (psci_vcpu_poll(&race->vcpus[TARGET], &entry) != PSCI_NEXT_START)
		return;
	if (entry.pc != RELAY_MONITOR || entry.x0 != TARGET ||
	    !psci_relay_arrive(&race->cpus[TARGET], &race->started_at))
		race->surprises++;
	race->starts++;
}

static void play_round(void *ctx, unsigned int i, unsigned int round)
{
	struct relay_race *race = ctx;

	race->play(race, i, round);
}

static void check_round(void *ctx, unsigned int round)
{
	struct relay_race *race = ctx;

	race->check(race, round);
	assert_false(race->is_lost);
	assert_int_equal(race->surprises, 0);
}

/* All callers are ON and the target is OFF. For the main thread, between rounds. */
static void line_up(void *ctx)
{
	struct relay_race *race = ctx;
	static struct psci_client firmware;
	const struct psci_entry boot = { .pc = FIXTURE_BOOT_ENTRY };
	const struct psci_relay_config config = {
		.size = sizeof(config),
		.firmware = &firmware,
		.entry = RELAY_MONITOR,
		.index = race->relay_index,
		.index_size = RACE_CPU_COUNT,
		.ctx = race,
		.lock = relay_race_lock,
		.unlock = relay_race_unlock,
	};
	struct psci_entry entry;

	psci_machine_boot(&race->vcpus[0], &boot);
	assert_int_equal(psci_vcpu_poll(&race->vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(psci_client_probe(&firmware, firmware_smc, race, true), PSCI_OK);
	assert_int_equal(psci_relay_init(&race->relay, &config), PSCI_OK);
	for (unsigned int i = 0; i < RACE_CPU_COUNT; i++)
		assert_int_equal(psci_relay_cpu_init(&race->cpus[i], &race->relay, i, i), PSCI_OK);
	for (unsigned int i = 1; i < CALLERS; i++) {
		assert_int_equal(race_call(race, 0, PSCI_FN64_CPU_ON, i, 0, 0), 0);
		assert_int_equal(psci_vcpu_poll(&race->vcpus[i], &entry), PSCI_NEXT_START);
		assert_true(psci_relay_arrive(&race->cpus[i], &entry));
	}
	race->starts = 0;
	race->surprises = 0;
}

static void run(void (*play)(struct relay_race *, unsigned int, unsigned int),
		void (*check)(struct relay_race *, unsigned int))
{
	/* Not on the stack: when a check fails, the threads still have it. */
	struct relay_race *race = calloc(1, sizeof(*race));

	assert_non_null(race);
	race->play = play;
	race->check = check;
	race->host = (struct psci_host){
		.size = sizeof(race->host),
		.kick = firmware_kick,
		.entry_ok = firmware_entry_ok,
		.lock = firmware_lock,
		.unlock = firmware_unlock,
	};

	const struct psci_config config = {
		.size = sizeof(config),
		.index = race->index,
		.index_size = ARRAY_SIZE(race->index),
		.host = &race->host,
		.ctx = race,
	};

	assert_int_equal(pthread_mutex_init(&race->relay_mutex, NULL), 0);
	assert_int_equal(pthread_mutex_init(&race->firmware_mutex, NULL), 0);
	assert_int_equal(psci_machine_init(&race->machine, &config), PSCI_OK);
	for (unsigned int i = 0; i < RACE_CPU_COUNT; i++)
		assert_int_equal(psci_vcpu_init(&race->vcpus[i], &race->machine, i, NULL), PSCI_OK);
	race_run(&(struct race_rounds){
		.race = race,
		.player_count = RACE_CPU_COUNT,
		.round_count = ROUNDS,
		.line_up = line_up,
		.play = play_round,
		.check = check_round,
	});
	pthread_mutex_destroy(&race->relay_mutex);
	pthread_mutex_destroy(&race->firmware_mutex);
	free(race);
}

/* --- all ask for functions, turn the target on and ask for its state --- */

static uint64_t entry_of(unsigned int i, unsigned int round)
{
	return FIXTURE_ENTRY + UINT64_C(0x10000) * round + UINT64_C(0x100) * i;
}

static void all_turn_the_target_on(struct relay_race *race, unsigned int i, unsigned int round)
{
	if (i == TARGET) {
		poll_target(race);
		return;
	}
	race->features[i] = 0;
	for (uint32_t number = 0; number < PSCI_FN_COUNT; number++)
		race->features[i] += race_call(race, i, PSCI_FN32_PSCI_FEATURES,
					       PSCI_FN32_BASE + number, 0, 0) >= 0;
	race->answers[i][0] = race_call(race, i, PSCI_FN64_AFFINITY_INFO, TARGET, 0, 0);
	race->answers[i][1] = race_call(race, i, PSCI_FN64_CPU_ON, TARGET, entry_of(i, round),
					FIXTURE_CONTEXT + i);
	race->answers[i][2] = race_call(race, i, PSCI_FN64_AFFINITY_INFO, TARGET, 0, 0);
	race->answers[i][3] = race_call(race, i, PSCI_FN64_CPU_ON, TARGET, entry_of(i, round), 0);
}

static void check_one_winner(struct relay_race *race, unsigned int round)
{
	unsigned int winners = 0;
	unsigned int winner = 0;

	poll_target(race);
	for (unsigned int i = 0; i < CALLERS; i++) {
		/* VERSION to RESET but the two of a trusted OS, FEATURES, RESET2, OFF2. */
		assert_int_equal(race->features[i], 11);
		if (race->answers[i][1] == PSCI_RET_SUCCESS) {
			winners++;
			winner = i;
		} else if (race->answers[i][1] != PSCI_RET_ON_PENDING) {
			assert_int_equal(race->answers[i][1], PSCI_RET_ALREADY_ON);
		}
		/* Once a CPU_ON has been answered, nothing says that the target is off. */
		assert_int_not_equal(race->answers[i][2], PSCI_AFFINITY_INFO_OFF);
		assert_int_not_equal(race->answers[i][3], PSCI_RET_SUCCESS);
	}
	assert_int_equal(winners, 1);
	assert_int_equal(race->starts, 1);
	assert_int_equal(race->started_at.pc, entry_of(winner, round));
	assert_int_equal(race->started_at.x0, FIXTURE_CONTEXT + winner);
}

static void racing_cpu_on_calls_of_a_relay_have_one_winner(void **state)
{
	run(all_turn_the_target_on, check_one_winner);
}

/* --- a target that turns itself off while the others turn it on --- */

static void target_cycles(struct relay_race *race, unsigned int i, unsigned int round)
{
	if (i != TARGET) {
		for (unsigned int turn = 0; turn < CALL_COUNT; turn++)
			race->answers[i][turn] =
				race_call(race, i, PSCI_FN64_CPU_ON, TARGET, entry_of(i, round), 0);
		return;
	}
	for (unsigned int turn = 0; turn < CALL_COUNT; turn++) {
		const unsigned int starts = race->starts;

		poll_target(race);
		if (race->starts != starts)
			race_call(race, TARGET, PSCI_FN32_CPU_OFF, 0, 0, 0);
	}
}

static void check_no_success_is_lost(struct relay_race *race, unsigned int round)
{
	unsigned int winners = 0;

	poll_target(race);
	for (unsigned int i = 0; i < CALLERS; i++) {
		for (unsigned int turn = 0; turn < CALL_COUNT; turn++)
			winners += race->answers[i][turn] == PSCI_RET_SUCCESS;
	}
	assert_in_range(winners, 1, CALLERS * CALL_COUNT);
	assert_int_equal(race->starts, winners);
}

static void racing_cpu_on_calls_of_a_relay_start_the_target_once_for_each_success(void **state)
{
	run(target_cycles, check_no_success_is_lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(racing_cpu_on_calls_of_a_relay_have_one_winner),
		cmocka_unit_test(
			racing_cpu_on_calls_of_a_relay_start_the_target_once_for_each_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
