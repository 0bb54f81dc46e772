/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay above the library, and beside it a machine of the library without a relay:
 * an OS must not be able to tell which of the two it has. One step at a time.
 */
#ifndef TESTS_MODEL_RELAY_STACK_H
#define TESTS_MODEL_RELAY_STACK_H

#include <psci/psci.h>

#include <stdbool.h>
#include <stdint.h>

#define STACK_CPU_COUNT 3
#define STACK_MPIDRS                        \
	{                                   \
		0, 1, UINT64_C(0x100010100) \
	}
/** The OS may not start here. */
#define STACK_REFUSED_ENTRY UINT64_C(0x4000f000)

/** What the two machines have. */
struct stack_kind {
	uint32_t version; /**< 0.2 and later. */
	uint32_t disabled; /**< By the relay, or by the machine beside it. */
	bool hide_on_pending;
	bool extended_state_id; /**< Since 1.0. */
	bool trusted_os;
};

enum stack_step_kind {
	STACK_CALL,
	STACK_POLL,
	STACK_WAKE,
	STACK_DENY, /**< psci_machine_deny() */
	STACK_WAKE_ALL, /**< psci_machine_wake() */
	STACK_REBOOT,
};

struct stack_step {
	enum stack_step_kind kind;
	unsigned int cpu; /**< Not of the last three. */
	struct psci_regs regs; /**< Of a call. */
};

/** Make the machines, of which CPU 0 has booted. */
void stack_make(const struct stack_kind *kind);

/** Take a step on both. Returns what is wrong, or NULL. */
const char *stack_step(const struct stack_step *step);

/** Whether the power cycle has ended, or the machine is suspended. */
bool stack_has_ended(void);

/** Take @count random steps on machines of all kinds. Returns what is wrong, or NULL. */
const char *stack_play(unsigned int count);

#endif
