/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A CPU sleeps, by any of the calls, and comes back in either of two ways: behind the
 * call, or at its entry point.
 */
#ifndef PAYLOAD_SLEEP_H
#define PAYLOAD_SLEEP_H

#include "../arch/arm64/timer.h"
#include "test.h"

/** A call that suspends its CPU; entry point and context id are its other arguments. */
struct sleep {
	uint32_t fid;
	bool has_state;
	uint32_t state;
};

/** CPU_SUSPEND with a power_state. */
#define SLEEP_IN(power_state) \
	((struct sleep){ .fid = PSCI_FN64_CPU_SUSPEND, .has_state = true, .state = (power_state) })

struct woken {
	bool at_entry;
	bool timer_fired; /**< Before it came back. */
	int64_t result; /**< Unless it came back at its entry point. */
};

#define SLEEP_SGI 4
#define SLEEP_GUARD (10 * SECOND) /**< Turns a missing wake-up into a failure. */
#define SLEEP_LOOK (20 * MILLISECOND) /**< To wait for what is not reported when it happens. */
#define SLEEP_ROUNDS 8
#define SLEEP_CONTEXT 0xfeedf00dcafe0100

/**
 * Sleep with the timer set. Afterwards the timer is off, and an interrupt that became
 * pending has not been taken.
 */
struct woken sleep_for(const struct sleep *sleep, uint64_t context, uint64_t microseconds);

/** As sleep_for(), with an interrupt that is pending before, which is taken afterwards. */
struct woken sleep_briefly(const struct sleep *sleep, uint64_t context);

/** It came back, either at its entry point with the right state, or with SUCCESS. */
enum verdict judge_woken(const struct woken *woken, uint64_t context);

/**
 * Have a CPU that is off start and sleep until wake_elsewhere(). It may still be on its
 * way there. Returns NULL, or what went wrong. Only one CPU at a time.
 */
const char *sleep_elsewhere(struct cpu *other, const struct sleep *sleep);
const char *wake_elsewhere(struct cpu *other);

/** A CPU that sleeps is ON to AFFINITY_INFO and ALREADY_ON to CPU_ON, and undisturbed. */
enum verdict judge_others_view(const struct sleep *sleep);

#endif
