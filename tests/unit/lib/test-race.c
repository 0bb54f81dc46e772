/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real threads, one for each vCPU as in a VMM, and a host that locks with a mutex.
 * ThreadSanitizer watches this program in `make tsan`.
 */
#include "psci-fixture.h"
#include "psci-race.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define CALLERS 4
#define TARGET CALLERS
#define VCPU_COUNT (CALLERS + 1)
#define ROUNDS 2000

struct race {
	struct psci_machine machine;
	struct psci_vcpu vcpus[VCPU_COUNT];
	struct psci_vcpu *index[8];
	struct psci_host host;
	pthread_mutex_t mutex;
	atomic_uint kicks[VCPU_COUNT];
	/** Filled in by each caller's thread, read after the end of the round. */
	int64_t answers[CALLERS];
	enum psci_next nexts[CALLERS];
	/** Filled in by the target's thread. */
	struct psci_entry started_at;
	unsigned int starts;
	void (*play)(struct race *race, unsigned int i, unsigned int round);
	void (*check)(struct race *race, unsigned int round);
};

static void race_lock(void *ctx)
{
	pthread_mutex_lock(&((struct race *)ctx)->mutex);
}

static void race_unlock(void *ctx)
{
	pthread_mutex_unlock(&((struct race *)ctx)->mutex);
}

static void race_kick(void *ctx, void *vctx)
{
	atomic_fetch_add((atomic_uint *)vctx, 1);
}

static enum psci_next race_call(struct race *race, unsigned int i, uint32_t fid, uint64_t x1,
				uint64_t x2, uint64_t x3, int64_t *x0)
{
	struct psci_regs regs = fixture_regs(fid, x1, x2, x3);
	const enum psci_next next = psci_call(&race->vcpus[i], &regs);

	*x0 = (int64_t)regs.x[0];

	return next;
}

static void play_round(void *ctx, unsigned int i, unsigned int round)
{
	struct race *race = ctx;

	race->play(race, i, round);
}

static void check_round(void *ctx, unsigned int round)
{
	struct race *race = ctx;

	race->check(race, round);
}

static void boot(struct race *race, unsigned int i, uint64_t context)
{
	psci_machine_boot(&race->vcpus[i],
			  &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY, .x0 = context });
}

/* All callers are ON and the target is OFF. For the main thread, between rounds. */
static void line_up(void *ctx)
{
	struct race *race = ctx;
	struct psci_entry entry;
	int64_t x0;

	boot(race, 0, 0);
	assert_int_equal(psci_vcpu_poll(&race->vcpus[0], &entry), PSCI_NEXT_START);
	for (unsigned int i = 1; i < CALLERS; i++) {
		assert_int_equal(race_call(race, 0, PSCI_FN64_CPU_ON, i, 0, 0, &x0), PSCI_NEXT_RUN);
		assert_int_equal(x0, PSCI_RET_SUCCESS);
		assert_int_equal(psci_vcpu_poll(&race->vcpus[i], &entry), PSCI_NEXT_START);
	}
	race->starts = 0;
	for (unsigned int i = 0; i < VCPU_COUNT; i++)
		atomic_store(&race->kicks[i], 0);
}

static void run(void (*play)(struct race *, unsigned int, unsigned int),
		void (*check)(struct race *, unsigned int))
{
	/* Not on the stack: when a check fails, the threads still have it. */
	struct race *race = calloc(1, sizeof(*race));

	assert_non_null(race);
	race->play = play;
	race->check = check;
	race->host = (struct psci_host){
		.size = sizeof(race->host),
		.kick = race_kick,
		.lock = race_lock,
		.unlock = race_unlock,
	};

	const struct psci_config config = {
		.size = sizeof(config),
		.index = race->index,
		.index_size = ARRAY_SIZE(race->index),
		.host = &race->host,
		.ctx = race,
	};

	assert_int_equal(pthread_mutex_init(&race->mutex, NULL), 0);
	assert_int_equal(psci_machine_init(&race->machine, &config), PSCI_OK);
	for (unsigned int i = 0; i < VCPU_COUNT; i++)
		assert_int_equal(
			psci_vcpu_init(&race->vcpus[i], &race->machine, i, &race->kicks[i]),
			PSCI_OK);
	race_run(&(struct race_rounds){
		.race = race,
		.player_count = VCPU_COUNT,
		.round_count = ROUNDS,
		.line_up = line_up,
		.play = play_round,
		.check = check_round,
	});
	pthread_mutex_destroy(&race->mutex);
	free(race);
}

static void poll_target(struct race *race)
{
	struct psci_entry entry;

	if (psci_vcpu_poll(&race->vcpus[TARGET], &entry) == PSCI_NEXT_START) {
		race->started_at = entry;
		race->starts++;
	}
}

/* --- all call CPU_ON, each with an entry point and context of its own --- */

static uint64_t entry_of(unsigned int i, unsigned int round)
{
	return FIXTURE_ENTRY + UINT64_C(0x10000) * round + UINT64_C(0x100) * i;
}

static void all_call_cpu_on(struct race *race, unsigned int i, unsigned int round)
{
	if (i == TARGET)
		poll_target(race);
	else
		race->nexts[i] = race_call(race, i, PSCI_FN64_CPU_ON, TARGET, entry_of(i, round),
					   FIXTURE_CONTEXT + i, &race->answers[i]);
}

static void check_one_winner(struct race *race, unsigned int round)
{
	unsigned int winners = 0;
	unsigned int winner = 0;

	poll_target(race);
	for (unsigned int i = 0; i < CALLERS; i++) {
		assert_int_equal(race->nexts[i], PSCI_NEXT_RUN);
		if (race->answers[i] == PSCI_RET_SUCCESS) {
			winners++;
			winner = i;
		} else if (race->answers[i] != PSCI_RET_ON_PENDING) {
			assert_int_equal(race->answers[i], PSCI_RET_ALREADY_ON);
		}
	}
	assert_int_equal(winners, 1);
	assert_int_equal(race->starts, 1);
	assert_int_equal(race->started_at.pc, entry_of(winner, round));
	assert_int_equal(race->started_at.x0, FIXTURE_CONTEXT + winner);
	assert_int_equal(atomic_load(&race->kicks[TARGET]), 1);
}

static void racing_cpu_on_calls_have_one_winner_and_the_others_change_nothing(void **state)
{
	run(all_call_cpu_on, check_one_winner);
}

/* --- a target that turns itself off while the others turn it on --- */

static void target_cycles(struct race *race, unsigned int i, unsigned int round)
{
	int64_t x0;

	if (i != TARGET) {
		all_call_cpu_on(race, i, round);
		return;
	}
	for (unsigned int turn = 0; turn < 2; turn++) {
		const unsigned int starts = race->starts;

		poll_target(race);
		if (race->starts != starts)
			race_call(race, TARGET, PSCI_FN32_CPU_OFF, 0, 0, 0, &x0);
	}
}

static void check_no_success_is_lost(struct race *race, unsigned int round)
{
	unsigned int winners = 0;

	poll_target(race);
	for (unsigned int i = 0; i < CALLERS; i++)
		winners += race->answers[i] == PSCI_RET_SUCCESS;
	assert_in_range(winners, 1, CALLERS);
	assert_int_equal(race->starts, winners);
	assert_int_equal(atomic_load(&race->kicks[TARGET]), winners);
}

static void racing_cpu_on_calls_start_the_target_once_for_each_success(void **state)
{
	run(target_cycles, check_no_success_is_lost);
}

/* --- CPU_ON against a reset and the boot that follows it at once --- */

static void reset_while_others_call_cpu_on(struct race *race, unsigned int i, unsigned int round)
{
	int64_t x0;

	if (i == TARGET) {
		poll_target(race);
	} else if (i == 0) {
		race->nexts[0] = race_call(
			race, 0, round % 2 ? PSCI_FN32_SYSTEM_RESET : PSCI_FN32_SYSTEM_OFF, 0, 0, 0,
			&x0);
		boot(race, 0, round);
	} else {
		/* Old code keeps calling, whatever the answer was. */
		for (unsigned int turn = 0; turn < 8; turn++)
			race->nexts[i] = race_call(race, i, PSCI_FN64_CPU_ON, TARGET,
						   entry_of(i, round), turn, &race->answers[i]);
	}
}

static void check_new_life_is_clean(struct race *race, unsigned int round)
{
	struct psci_entry entry = { .pc = 0xfeedf00d };

	assert_int_equal(race->nexts[0], PSCI_NEXT_EXIT);
	assert_int_equal(psci_machine_event(&race->machine).kind, PSCI_EVENT_NONE);
	for (unsigned int i = 1; i < VCPU_COUNT; i++)
		assert_int_equal(psci_vcpu_poll(&race->vcpus[i], &entry), PSCI_NEXT_WAIT);
	assert_int_equal(entry.pc, 0xfeedf00d);
	assert_int_equal(psci_vcpu_poll(&race->vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_BOOT_ENTRY);
	assert_int_equal(entry.x0, round);
	assert_true(race->starts <= 1);
}

static void cpu_on_that_races_with_a_reset_starts_no_vcpu_after_it(void **state)
{
	run(reset_while_others_call_cpu_on, check_new_life_is_clean);
}

/* --- all vCPUs end the machine, each in a way of its own --- */

static const uint32_t stop_fids[CALLERS] = { PSCI_FN32_SYSTEM_OFF, PSCI_FN32_SYSTEM_RESET,
					     PSCI_FN64_SYSTEM_RESET2, PSCI_FN64_SYSTEM_OFF2 };
static const enum psci_event_kind stop_kinds[CALLERS] = { PSCI_EVENT_OFF, PSCI_EVENT_RESET,
							  PSCI_EVENT_RESET2, PSCI_EVENT_OFF2 };

static void all_stop(struct race *race, unsigned int i, unsigned int round)
{
	int64_t x0;

	if (i == TARGET)
		poll_target(race);
	else
		race->nexts[i] = race_call(race, i, stop_fids[i], 0, 0, 0, &x0);
}

static void check_one_event(struct race *race, unsigned int round)
{
	const struct psci_event event = psci_machine_event(&race->machine);
	unsigned int winner = CALLERS;

	for (unsigned int i = 0; i < CALLERS; i++) {
		assert_int_equal(race->nexts[i], PSCI_NEXT_EXIT);
		if (event.vctx == &race->kicks[i])
			winner = i;
	}
	assert_in_range(winner, 0, CALLERS - 1);
	assert_int_equal(event.kind, stop_kinds[winner]);
	for (unsigned int i = 0; i < VCPU_COUNT; i++)
		assert_int_equal(atomic_load(&race->kicks[i]), i != winner);
	assert_int_equal(race->starts, 0);
}

static void racing_system_calls_report_one_event_and_kick_every_other_vcpu_once(void **state)
{
	run(all_stop, check_one_event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PSCI_TEST("PSCI-CPU_ON-07",
			  racing_cpu_on_calls_have_one_winner_and_the_others_change_nothing),
		PSCI_TEST("PSCI-CPU_ON-08",
			  racing_cpu_on_calls_start_the_target_once_for_each_success),
		PSCI_TEST("PSCI-SYSTEM_RESET-30",
			  cpu_on_that_races_with_a_reset_starts_no_vcpu_after_it),
		PSCI_TEST("PSCI-SYSTEM_OFF-30",
			  racing_system_calls_report_one_event_and_kick_every_other_vcpu_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
