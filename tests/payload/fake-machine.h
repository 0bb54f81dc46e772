/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine that fake-machine.c is, and what fake-board.c tells the payload of it.
 */
#ifndef TESTS_PAYLOAD_FAKE_MACHINE_H
#define TESTS_PAYLOAD_FAKE_MACHINE_H

#include <psci/power.h>
#include <psci/psci.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake-sysreg.h"

/** Its RAM, beside the program's own text and data, which lie below. */
#define RAM_BASE UINT64_C(0x50000000)
#define RAM_SIZE UINT64_C(0x04000000)
/** Where a program that is not position independent begins. */
#define PROGRAM_BASE UINT64_C(0x00400000)

#define TIMER_INTID 27
#define STATES_MAX 4
#define CPU_STATES 2 /**< The first of them; the others are the domain's, if there is one. */

/** What it was asked for: dormouse's options, which have the same names. */
struct options {
	const char *append;
	uint32_t version;
	unsigned int cpu_count;
	bool idle_states;
	bool clusters;
	bool extended_state_id;
	bool third_state; /**< A CPU has a third one, the deepest, and there are no clusters. */
	bool default_power_down; /**< The first state of a CPU, which is the default, is power-down. */
	unsigned int denied_cpu; /**< 0: none, as for the other CPUs. */
	unsigned int disabled_cpu;
	unsigned int failing_cpu;
	unsigned int held_cpu;
	bool on_pending; /**< Implied by held_cpu. */
	bool trusted_os;
	bool trusted_os_fixed;
	int32_t vendor_reset;
};

/** A CPU, and the thread that is it. */
struct vcpu {
	struct psci_vcpu psci;
	unsigned int index;
	pthread_t thread;
	uint64_t registers[FAKE_REGISTER_COUNT];
	bool masked; /**< PSTATE.I */

	pthread_mutex_t lock; /**< For what follows. */
	pthread_cond_t changed;
	bool kicked;
	unsigned int kicks; /**< How often it was. */
	uint32_t pending; /**< SGIs. */
	uint32_t enabled;
};

extern struct vcpu vcpus[];
extern _Thread_local struct vcpu *self; /**< The caller. */
extern struct options options;
extern struct psci_idle_state idle_states[STATES_MAX];

void read_options(int argc, char **argv);

/** psci_config.enable_functions, as dormouse has it with these options. */
uint32_t enabled_functions(void);

/** The least psci_config.index_size, so that vCPUs share what is their first place. */
size_t index_slots(void);

/** Fill idle_states, as the options want them. */
void describe_states(void);

/** The affinity of a CPU: sixteen to a cluster, as KVM numbers them. */
uint64_t fake_affinity(unsigned int cpu);

/** Poll without a reason; if the machine has stopped, it does not come back. */
void fake_kick(void);

/** Nanoseconds of the machine's time. */
uint64_t fake_count(void);

/** Take what is pending if PSTATE.I lets it. */
void take_interrupts_unmasked(void);

/** Until it is kicked, or an interrupt comes if it is asleep; whether that is what came. */
bool wait_for_change(bool asleep);

/* The interrupts of the caller, for fake-board.c's GIC. */
void interrupts_enable(uint32_t mask);
uint32_t interrupts_pending(void);
uint32_t interrupt_acknowledge(void);
void interrupt_send(unsigned int cpu, unsigned int sgi);

#endif
