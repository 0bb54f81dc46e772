/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real threads that sleep, wake, suspend the machine and have it saved. ThreadSanitizer
 * watches this program in `make tsan`.
 */
#include "psci-fixture.h"
#include "psci-race.h"

#include <psci/state.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define VCPU_COUNT 4
#define ROUNDS 1500
#define RECORD_MAX 1024

#define CORE_DOWN 0x00010001
#define CLUSTER_DOWN 0x01010002

static const struct psci_idle_state states[] = {
	{ .power_state = CORE_DOWN, .depth = { 200 } },
	{ .power_state = CLUSTER_DOWN, .depth = { 200, 200 } },
};

struct race {
	struct psci_machine machine;
	struct psci_domain cluster;
	struct psci_vcpu vcpus[VCPU_COUNT];
	struct psci_vcpu *index[8];
	struct psci_host host;
	pthread_mutex_t mutex;
	atomic_uint kicks[VCPU_COUNT];
	unsigned int on_count; /**< How many vCPUs are on when a round begins. */
	void (*play)(struct race *race, unsigned int i);
	void (*check)(struct race *race);
	/** Each thread's results. */
	bool won[VCPU_COUNT];
	enum psci_next nexts[VCPU_COUNT];
	int64_t answers[VCPU_COUNT];
	bool resumed[VCPU_COUNT];
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

static int64_t call(struct race *race, unsigned int i, uint32_t fid, uint64_t x1, uint64_t x2)
{
	struct psci_regs regs = fixture_regs(fid, x1, x2, i);

	race->nexts[i] = psci_call(&race->vcpus[i], &regs);

	return (int64_t)regs.x[0];
}

static void play_round(void *ctx, unsigned int i, unsigned int round)
{
	struct race *race = ctx;

	race->play(race, i);
}

static void check_round(void *ctx, unsigned int round)
{
	struct race *race = ctx;

	race->check(race);
}

/* The first vCPUs are on, in OS-initiated mode. Between rounds. */
static void line_up(void *ctx)
{
	struct race *race = ctx;
	struct psci_entry entry = { .pc = FIXTURE_BOOT_ENTRY };

	psci_machine_boot(&race->vcpus[0], &entry);
	assert_int_equal(psci_vcpu_poll(&race->vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(call(race, 0, PSCI_FN32_PSCI_SET_SUSPEND_MODE, 1, 0), 0);
	for (unsigned int i = 1; i < race->on_count; i++) {
		assert_int_equal(call(race, 0, PSCI_FN64_CPU_ON, i, FIXTURE_ENTRY), 0);
		assert_int_equal(psci_vcpu_poll(&race->vcpus[i], &entry), PSCI_NEXT_START);
	}
	for (unsigned int i = 0; i < VCPU_COUNT; i++) {
		atomic_store(&race->kicks[i], 0);
		race->won[i] = false;
		race->resumed[i] = false;
		race->answers[i] = 0;
	}
}

static void make(struct race *race)
{
	race->host = (struct psci_host){
		.size = sizeof(race->host),
		.kick = race_kick,
		.lock = race_lock,
		.unlock = race_unlock,
	};

	const struct psci_config config = {
		.size = sizeof(config),
		.enable_functions = 1U << 0x0d | 1U << 0x0e | 1U << 0x0f,
		.idle_states = states,
		.idle_state_count = ARRAY_SIZE(states),
		.index = race->index,
		.index_size = ARRAY_SIZE(race->index),
		.host = &race->host,
		.ctx = race,
	};

	assert_int_equal(pthread_mutex_init(&race->mutex, NULL), 0);
	assert_int_equal(psci_machine_init(&race->machine, &config), PSCI_OK);
	assert_int_equal(psci_domain_init(&race->cluster, &race->machine, 1, NULL), PSCI_OK);
	for (unsigned int i = 0; i < VCPU_COUNT; i++) {
		assert_int_equal(
			psci_vcpu_init(&race->vcpus[i], &race->machine, i, &race->kicks[i]),
			PSCI_OK);
		assert_int_equal(psci_vcpu_place(&race->vcpus[i], &race->cluster), PSCI_OK);
	}
}

static void run(void (*play)(struct race *, unsigned int), void (*check)(struct race *),
		unsigned int count)
{
	/* Not on the stack: when a check fails, the threads still have it. */
	struct race *race = calloc(1, sizeof(*race));

	assert_non_null(race);
	race->play = play;
	race->check = check;
	race->on_count = count;
	make(race);
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

/* --- the last one of a cluster --- */

/* Each requests the cluster first, and only its own state if the answer is that others run. */
static void play_last_man(struct race *race, unsigned int i)
{
	race->answers[i] = call(race, i, PSCI_FN64_CPU_SUSPEND, CLUSTER_DOWN, FIXTURE_ENTRY);
	race->won[i] = race->nexts[i] == PSCI_NEXT_SLEEP;
	if (!race->won[i])
		call(race, i, PSCI_FN64_CPU_SUSPEND, CORE_DOWN, FIXTURE_ENTRY);
}

static void check_last_man(struct race *race)
{
	unsigned int winners = 0;

	for (unsigned int i = 0; i < VCPU_COUNT; i++) {
		struct psci_entry entry;

		winners += race->won[i];
		assert_int_equal(race->nexts[i], PSCI_NEXT_SLEEP);
		assert_int_equal(race->answers[i],
				 race->won[i] ? PSCI_RET_SUCCESS : PSCI_RET_DENIED);
		assert_int_equal(psci_vcpu_wake(&race->vcpus[i], &entry), PSCI_NEXT_START);
		assert_int_equal(entry.x0, i);
		assert_int_equal(call(race, i, PSCI_FN64_NODE_HW_STATE, 0, 1),
				 PSCI_NODE_HW_STATE_HW_ON);
	}
	/* None, if the last two were both refused before either of them slept. */
	assert_in_range(winners, 0, 1);
}

static void racing_suspends_have_at_most_one_last_core_of_a_cluster(void **state)
{
	run(play_last_man, check_last_man, VCPU_COUNT);
}

/* --- sleepers, a saver and a waker --- */

/* vCPUs 0 and 1 sleep and wake; the other two threads are the host's. */
static void play_saver(struct race *race, unsigned int i)
{
	uint8_t record[RECORD_MAX];
	struct psci_entry entry;

	switch (i) {
	case 0:
	case 1:
		race->answers[i] = call(race, i, PSCI_FN64_CPU_SUSPEND, CORE_DOWN, FIXTURE_ENTRY);
		race->resumed[i] =
			psci_vcpu_wake(&race->vcpus[i], &entry) == PSCI_NEXT_START && entry.x0 == i;
		break;
	case 2:
		race->answers[i] = psci_machine_save(&race->machine, record, sizeof(record));
		break;
	default:
		psci_vcpu_set_availability(&race->vcpus[3], PSCI_VCPU_DISABLED);
		psci_vcpu_set_availability(&race->vcpus[3], PSCI_VCPU_AVAILABLE);
		race->resumed[i] = psci_machine_wake(&race->machine);
		break;
	}
}

static void check_saver(struct race *race)
{
	for (unsigned int i = 0; i < VCPU_COUNT; i++) {
		assert_int_equal(race->answers[i], 0);
		assert_int_equal(race->resumed[i], i < 2);
	}
}

static void save_and_mark_that_race_with_calls_change_no_answer(void **state)
{
	run(play_saver, check_saver, 2);
}

/* --- one SYSTEM_SUSPEND, several threads that end it --- */

/* vCPU 0 suspends the machine and its interrupt comes; the others resume and deny. */
static void play_enders(struct race *race, unsigned int i)
{
	struct psci_entry entry;
	enum psci_next next;

	if (i == 0) {
		race->answers[0] = call(race, 0, PSCI_FN64_SYSTEM_SUSPEND, FIXTURE_ENTRY, 7);
		next = psci_vcpu_wake(&race->vcpus[0], &entry);
		race->resumed[0] = next == PSCI_NEXT_START && entry.wake && entry.x0 == 7;
		race->won[0] = next == PSCI_NEXT_RUN;
	} else if (i == 1) {
		race->won[1] = psci_machine_deny(&race->machine);
	} else {
		race->won[i] = psci_machine_wake(&race->machine);
	}
}

static void check_enders(struct race *race)
{
	unsigned int ends = 0;

	assert_int_equal(race->answers[0], PSCI_RET_DENIED);
	for (unsigned int i = 1; i < VCPU_COUNT; i++)
		ends += race->won[i];
	assert_in_range(ends, 0, 1);
	/* It continued behind its call if it was denied, and started in any other case. */
	assert_int_equal(race->won[0], race->won[1]);
	assert_int_equal(race->resumed[0], !race->won[1]);
	assert_int_equal(atomic_load(&race->kicks[0]), ends);
	assert_int_equal(psci_machine_event(&race->machine).kind, PSCI_EVENT_NONE);
}

static void suspend_that_races_with_its_ends_ends_exactly_once(void **state)
{
	run(play_enders, check_enders, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(racing_suspends_have_at_most_one_last_core_of_a_cluster),
		cmocka_unit_test(save_and_mark_that_race_with_calls_change_no_answer),
		cmocka_unit_test(suspend_that_races_with_its_ends_ends_exactly_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
