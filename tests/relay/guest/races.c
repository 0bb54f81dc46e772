/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU_ON, CPU_OFF, AFFINITY_INFO and PSCI_FEATURES of all CPUs at once. */
#include <stdatomic.h>

#include "guest.h"

#define ROUNDS 60
#define CONTEXT_SHIFT 8

static _Atomic unsigned int lives; /* How often the target has come up. */
static _Atomic unsigned int won; /* How many CPU_ON said SUCCESS. */
static _Atomic unsigned int strange; /* Answers that are none of those. */
static _Atomic bool over;

/* The target's life, whoever started it: it goes off at once. */
static uint64_t live(unsigned int cpu)
{
	atomic_fetch_add(&lives, 1);

	return 0;
}

static unsigned int target(void)
{
	return guest.self ? 0 : guest.cpu_count - 1;
}

static bool is_known(uint64_t answer)
{
	switch ((int64_t)answer) {
	case PSCI_RET_SUCCESS:
	case PSCI_RET_ALREADY_ON:
	case PSCI_RET_ON_PENDING:
		return true;
	default:
		return false;
	}
}

/* Ask all three until the target has lived often enough. */
static uint64_t hammer(unsigned int cpu)
{
	const uint64_t mpidr = guest.mpidr[target()];

	while (!atomic_load(&over)) {
		const uint64_t on = smc(PSCI_FN64_CPU_ON, mpidr, (uintptr_t)guest_secondary,
					target() | (uint64_t)cpu << CONTEXT_SHIFT);
		const uint64_t state = smc(PSCI_FN64_AFFINITY_INFO, mpidr, 0, 0);
		const uint64_t feature = smc(PSCI_FN32_PSCI_FEATURES, PSCI_FN64_CPU_ON, 0, 0);

		if (!is_known(on) || state > 2 || feature != 0)
			atomic_fetch_add(&strange, 1);
		if (on == PSCI_RET_SUCCESS && atomic_fetch_add(&won, 1) + 1 >= ROUNDS)
			atomic_store(&over, true);
	}

	return 0;
}

static void wait_for_off(uint64_t mpidr)
{
	while (smc(PSCI_FN64_AFFINITY_INFO, mpidr, 0, 0) != PSCI_AFFINITY_INFO_OFF)
		cpu_relax();
}

void test_races(void)
{
	const unsigned int lasts = target();

	if (guest.cpu_count < 3) {
		judge(true, "two CPUs that start a third at once # SKIP there are too few");

		return;
	}
	set_life(lasts, live);
	on_all_but(lasts, hammer);
	wait_for_off(guest.mpidr[lasts]);
	because("%u lives, %u times SUCCESS", atomic_load(&lives), atomic_load(&won));
	judge(atomic_load(&lives) == atomic_load(&won),
	      "a CPU that all others start at once lives once for each SUCCESS");
	because("%u strange answers", atomic_load(&strange));
	judge(atomic_load(&strange) == 0,
	      "CPU_ON is SUCCESS, ALREADY_ON or ON_PENDING while a CPU goes on and off");
}
