/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine, as the device tree describes it. */
#ifndef PAYLOAD_RUNTIME_BOARD_H
#define PAYLOAD_RUNTIME_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "../../arch/arm64/console.h"
#include "../../arch/arm64/gic.h"
#include "../../arch/arm64/tree.h"
#include "layout.h"

#define BOARD_IDLE_STATES_MAX 8
#define BOARD_DOMAIN_STATES_MAX 4

/** The innermost power domain that a CPU shares with others and that has states. */
struct domain {
	unsigned int cpu_count; /**< 0 if none is described. */
	uint64_t affinities[CPU_MAX];
	unsigned int state_count;
	uint32_t states[BOARD_DOMAIN_STATES_MAX]; /**< power_state, for the last of its CPUs. */
};

struct board {
	struct console console;
	const char *bootargs; /**< Never NULL. */

	bool psci; /**< There is a node for PSCI 0.2 or later. */
	bool hvc; /**< Conduit; SMC otherwise. */

	unsigned int cpu_count; /**< At most CPU_MAX. */
	uint64_t affinities[CPU_MAX];
	struct region memory; /**< The first region of RAM. */

	struct gic gic;
	uint32_t timer_intid; /**< Of the virtual timer. */
	struct region rtc; /**< A PL031; of size 0 if there is none. */
	uint32_t rtc_intid;

	/* power_state values of the CPUs' idle states. */
	unsigned int idle_state_count;
	uint32_t idle_states[BOARD_IDLE_STATES_MAX];
	struct domain domain;
};

extern struct board board;

/** Fill board. Returns what is wrong with the tree, or NULL. */
const char *board_read(const void *fdt);

#endif
