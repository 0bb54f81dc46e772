/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tests are made of.
 *
 * A test stands for one statement of DEN0022F.b. It gives one verdict, makes no call with
 * two faults (the specification has no order for them), does not judge what the
 * specification leaves open, and may leave the other CPUs in any state: they are turned
 * off after it.
 */
#ifndef PAYLOAD_TEST_H
#define PAYLOAD_TEST_H

#include <psci/abi.h>
#include <psci/smccc.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/board.h"
#include "runtime/call.h"
#include "runtime/report.h"
#include "runtime/smp.h"

struct test {
	const char *id; /**< Of the statement. */
	const char *sentence; /**< What must hold. */
	enum verdict (*run)(void);
};

/** Tests that belong together and can be chosen by name. */
struct group {
	const char *name;
	const struct test *tests;
	unsigned int count;
	/**
	 * NULL, or what becomes of the machine, as ENDS_*: such a group is run when
	 * requested, on its own, and judged by the program that runs it.
	 */
	const char *ending;
};

/** What may become of a machine; docs/payload.md says how each is judged. */
#define ENDS_OFF "off"
#define ENDS_HIBERNATED "hibernated"
#define ENDS_RESET "reset"
#define ENDS_WARM_RESET "warm reset"
#define ENDS_ASLEEP "asleep" /**< It sleeps for ever. */
#define ENDS_NOT "goes on" /**< It survives if PSCI is right. */
#define ENDS_ANYHOW "open" /**< The implementation chooses. */

/* Versions of clang-format disagree about this. */
/* clang-format off */
#define GROUP(group_name, list)                                                                  \
	{                                                                                        \
		.name = (group_name), .tests = (list), .count = sizeof(list) / sizeof((list)[0]) \
	}
/* clang-format on */

extern const struct group group_version;
extern const struct group group_features;
extern const struct group group_smccc;
extern const struct group group_registers;
extern const struct group group_affinity_info;
extern const struct group group_cpu_on;
extern const struct group group_cpu_off;
extern const struct group group_cpu_suspend;
extern const struct group group_power_down;
extern const struct group group_system_suspend;
extern const struct group group_cpu_freeze;
extern const struct group group_migrate;
extern const struct group group_other_conduit;
extern const struct group group_system_reset2;
extern const struct group group_system_off2;
extern const struct group group_optional;
extern const struct group group_statistics;
extern const struct group group_memory;
extern const struct group group_os_initiated;
extern const struct group group_hw_state;
extern const struct group group_refusals;
extern const struct group group_trusted_os;

/** Each of these is one boot. */
extern const struct group groups_end[];
extern const unsigned int groups_end_count;

/**
 * All tests, for a program that reads the image and does not run it (conform/image.py):
 * psci-conform --list takes its words from there. start.S has its address.
 */
struct catalogue {
	uint32_t group_size; /**< sizeof(struct group) */
	uint32_t test_size; /**< sizeof(struct test) */
	const struct group *const *core; /**< Run together unless bootargs say more. */
	uint64_t core_count;
	const struct group *const *apart; /**< Each is run when requested. */
	uint64_t apart_count;
	const struct group *end; /**< One boot each. */
	const unsigned int *end_count;
};

extern const struct catalogue catalogue;

/** What was found out before the first test. */
struct target {
	uint32_t version; /**< As PSCI_VERSION answers. */
	uint32_t smccc; /**< As SMCCC_VERSION answers; 1.0 if it is not there. */
};

extern struct target target;

/** Garbage for the upper half of a register. */
#define UPPER 0xdeadbeef00000000

/** Returns whether a function is there: FEATURES says so, or the version demands it. */
bool offers(uint32_t fid);

/** A CPU other than the caller's, or NULL if there are not so many. */
struct cpu *other_cpu(unsigned int number);

/** A power_state for standby that the platform should know. */
uint32_t standby_state(void);

/** The power_state has StateType power-down, in the platform's format. */
bool is_powerdown(uint32_t power_state);

/** A power_state for power-down that the device tree has; false if there is none. */
bool powerdown_state(uint32_t *power_state);

/** NULL, or in which respect a CPU that arrived does not have the state of section 6.4. */
const char *wrong_at_entry(const struct arrival *arrival);

/** NULL, or why no interrupt can end a suspend here. */
const char *cannot_suspend(void);

/** Take the interrupts that have become pending. */
void take_interrupts(void);

/** An affinity that no CPU has, all CPUs' reserved bits being clear. */
uint64_t absent_affinity(void);

/** INVALID_ADDRESS came with 1.0. */
int64_t invalid_address(void);

#endif
