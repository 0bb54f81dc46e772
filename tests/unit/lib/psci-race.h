/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real threads that play rounds: in each all begin at once, and a test prepares it and looks
 * at its results while they wait.
 */
#ifndef TESTS_PSCI_RACE_H
#define TESTS_PSCI_RACE_H

/** What is played. All callbacks get @race. */
struct race_rounds {
	void *race;
	unsigned int player_count; /**< Each is a thread. */
	unsigned int round_count;
	/** Before a round, on the thread of the test. */
	void (*line_up)(void *race);
	/**
	 * What player @i does in a round. It asserts nothing itself, since only the
	 * thread of the test can: it records its results.
	 */
	void (*play)(void *race, unsigned int i, unsigned int round);
	/** After a round, on the thread of the test. */
	void (*check)(void *race, unsigned int round);
};

/**
 * Play all rounds. A check that fails ends the test and leaves the players waiting, so @race
 * must stay allocated then; @rounds is copied.
 */
void race_run(const struct race_rounds *rounds);

#endif
