/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A relay with the fixture's CPUs, above a firmware that answers what a test says, and
 * the ways in which a test makes the OS of the relay call PSCI.
 *
 * Every callback asserts the contract of relay.h: lock() and unlock() alternate, all
 * others come without the lock.
 */
#ifndef TESTS_PSCI_RELAY_H
#define TESTS_PSCI_RELAY_H

#include "psci-fixture.h"
#include "psci-spec.h"

#include <psci/relay.h>

/* Above 4 GiB, as is the context of each CPU. */
#define RELAY_MONITOR UINT64_C(0x0000000b0ff1c000)
#define RELAY_REFUSED_ENTRY UINT64_C(0x00000000deadf000)

/** A relay, its monitor, and what it observed. */
struct relay_rig {
	struct psci_relay relay;
	struct psci_relay_cpu cpus[FIXTURE_VCPU_COUNT];
	struct psci_relay_cpu *index[FIXTURE_VCPU_COUNT];
	struct psci_client firmware;
	struct psci_relay_config config;
	uint64_t mpidrs[FIXTURE_VCPU_COUNT];
	uint64_t contexts[FIXTURE_VCPU_COUNT];
	bool locked;
	unsigned int lock_count;
	unsigned int asked_count; /**< How often entry_ok() was called ... */
	uint64_t asked_entry; /**< ... and with what. */
	unsigned int end_count; /**< How often life_ends() was called ... */
	struct psci_event event; /**< ... and with what. */
	unsigned int continue_count; /**< How often life_continues() was called ... */
	struct psci_relay_cpu *continued; /**< ... and with what. */
	int32_t continue_result;
	uint64_t forward[4]; /**< What the firmware was called with, at last. */
};

/** Fill in a firmware that has all of a version, and a configuration, but make no relay. */
void relay_configure(struct relay_rig *rig, uint32_t version);

/** Make relay and CPUs from the configuration. */
void relay_make(struct relay_rig *rig);

/** Both. */
void relay_boot(struct relay_rig *rig, uint32_t version);

/** CPU @i makes a call, which must be answered at once. Returns x0. */
uint64_t relay_answer(struct relay_rig *rig, unsigned int i, struct psci_regs regs);

/** A call from AArch64 that must be answered at once. Returns its int64 result. */
int64_t relay_say(struct relay_rig *rig, unsigned int i, uint32_t fid, uint64_t x1, uint64_t x2,
		  uint64_t x3);

/**
 * CPU @i makes a call that must be forwarded, as rig->forward. The OS's registers are
 * unchanged.
 */
void relay_forward(struct relay_rig *rig, unsigned int i, const struct psci_regs *regs);

/** As above, and the firmware returns @x0. Returns x0 of the OS; its x1 to x3 are unchanged. */
uint64_t relay_complete(struct relay_rig *rig, unsigned int i, struct psci_regs regs, uint64_t x0);

/** The call that relay_forward() made of CPU @i returns @x0. Returns the OS's. */
uint64_t relay_return(struct relay_rig *rig, unsigned int i, struct psci_regs regs, uint64_t x0);

/** From AArch64, a call that must be forwarded and for which the firmware returns @x0. */
int64_t relay_call(struct relay_rig *rig, unsigned int i, uint32_t fid, uint64_t x1, uint64_t x2,
		   uint64_t x3, uint64_t x0);

/** Asserts what the firmware was called with, at last. */
void relay_assert_forwarded(const struct relay_rig *rig, uint64_t x0, uint64_t x1, uint64_t x2,
			    uint64_t x3);

/** CPU @i comes to the monitor's entry point and must be expected there. */
struct psci_entry relay_arrive(struct relay_rig *rig, unsigned int i);

/** CPU @i comes to the monitor's entry point and must not be expected there. */
void relay_arrive_unasked(struct relay_rig *rig, unsigned int i);

#endif
