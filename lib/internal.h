/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of libpsci share with each other and with nobody else.
 *
 * An archive cannot hide a symbol from the program that links it, so what
 * crosses files carries the library's prefix: psci_fn_x() is the handler of
 * function X, psci_<object>_<verb>() anything else.
 */
#ifndef PSCI_INTERNAL_H
#define PSCI_INTERNAL_H

#include <psci/psci.h>

/**
 * What a vCPU is to PSCI. A switch over it names every state, so that a new one
 * does not compile until it has been thought about everywhere.
 *
 *	          CPU_ON              poll            CPU_SUSPEND
 *	   OFF ------------> ON_PENDING ----> ON -----------------> SUSPENDED
 *	    ^                                  |  ^                     |
 *	    +------------- CPU_OFF ------------+  +------- wake --------+
 *
 * psci_machine_boot() makes one vCPU ON_PENDING and all others OFF, whatever
 * they were. A suspended vCPU is on to every other vCPU (DEN0022F.b, CPU_SUSPEND).
 */
enum vcpu_state {
	VCPU_OFF,
	VCPU_ON_PENDING,
	VCPU_ON,
	VCPU_SUSPENDED,
};

/**
 * A machine whose lock is held. Only machine_lock() makes one: a function that
 * takes it needs no comment about who holds what.
 */
struct locked {
	struct psci_machine *machine;
};

static inline struct locked machine_lock(struct psci_machine *machine)
{
	if (machine->host->lock)
		machine->host->lock(machine->ctx);

	return (struct locked){ .machine = machine };
}

static inline void machine_unlock(struct locked m)
{
	if (m.machine->host->unlock)
		m.machine->host->unlock(m.machine->ctx);
}

/** The most arguments that a PSCI function has. */
#define ARG_MAX 3

/** A call as the door hands it to a handler: narrowed, and allowed to this caller. */
struct args {
	struct psci_vcpu *caller;
	uint64_t arg[ARG_MAX];
	bool aarch32;
	bool big_endian;
};

/** What a handler decided. It has done nothing beyond its machine and vCPUs. */
struct outcome {
	enum psci_next next; /**< For the caller. */
	int32_t result; /**< For the caller's x0, if it runs on or sleeps. */
	bool kick_others; /**< Kick every vCPU but the caller ... */
	struct psci_vcpu *kick; /**< ... or this one. May be NULL. */
};

static inline struct outcome resume(int32_t result)
{
	return (struct outcome){ .next = PSCI_NEXT_RESUME, .result = result };
}

/** Whether @value has no bit outside the affinity fields of MPIDR_EL1. */
static inline bool is_affinity(uint64_t value)
{
	return (value & PSCI_TARGET_MASK) == value;
}

/* call.c */

/** The functions that a machine of this version may withhold, as psci_config.withheld. */
uint32_t psci_table_optional(uint32_t version);

/* machine.c */

/** The vCPU that has exactly this MPIDR, or NULL. Any value is allowed. */
struct psci_vcpu *psci_index_find(struct locked m, uint64_t mpidr);

/**
 * The next vCPU of a machine, in no order that means anything; NULL at the end.
 * @cursor: 0 to begin
 *
 * Needs no lock: the index does not change once a vCPU has run.
 */
struct psci_vcpu *psci_index_next(const struct psci_machine *machine, size_t *cursor);

/* cpu.c */

/** What @vcpu does next if nothing changes. Never PSCI_NEXT_START. */
enum psci_next psci_vcpu_standing(struct locked m, const struct psci_vcpu *vcpu);

struct outcome psci_fn_cpu_off(struct locked m, const struct args *a);
struct outcome psci_fn_cpu_on(struct locked m, const struct args *a);
struct outcome psci_fn_affinity_info(struct locked m, const struct args *a);
struct outcome psci_fn_migrate_info_type(struct locked m, const struct args *a);

/* suspend.c */

struct outcome psci_fn_cpu_suspend(struct locked m, const struct args *a);

/* system.c */

struct outcome psci_fn_system_off(struct locked m, const struct args *a);
struct outcome psci_fn_system_reset(struct locked m, const struct args *a);
struct outcome psci_fn_system_reset2(struct locked m, const struct args *a);
struct outcome psci_fn_system_off2(struct locked m, const struct args *a);

#endif /* PSCI_INTERNAL_H */
