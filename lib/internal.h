/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of libpsci share with each other only.
 *
 * An archive cannot hide a symbol from the program that links it, so what
 * crosses files carries the library's prefix: psci_fn_x() is the handler of
 * function X, psci_<object>_<verb>() anything else.
 *
 * A switch over an enum psci_vcpu_state names every state and has no default, so
 * that a new state does not compile until every switch handles it.
 */
#ifndef PSCI_INTERNAL_H
#define PSCI_INTERNAL_H

#include <psci/env.h>
#include <psci/psci.h>

/**
 * A machine whose lock is held. Only machine_lock() makes one: a function that
 * takes it needs no comment about the lock.
 */
struct locked {
	struct psci_machine *machine;
};

static inline struct locked machine_lock(struct psci_machine *machine)
{
	if (machine->host.lock)
		machine->host.lock(machine->ctx);

	return (struct locked){ .machine = machine };
}

static inline void machine_unlock(struct locked m)
{
	if (m.machine->host.unlock)
		m.machine->host.unlock(m.machine->ctx);
}

/** Whether the power cycle has ended. A machine that is suspended has not stopped. */
static inline bool is_stopped(struct locked m)
{
	const enum psci_event_kind kind = m.machine->event.kind;

	return kind != PSCI_EVENT_NONE && kind != PSCI_EVENT_SUSPEND;
}

/** The most arguments that a PSCI function has. */
#define ARG_MAX 3

/** A call as psci_call() passes it to a handler: narrowed, and allowed to this caller. */
struct args {
	struct psci_vcpu *caller;
	uint64_t arg[ARG_MAX];
	bool smc64; /**< Arguments and result have 64 bits. */
	bool aarch32;
	bool big_endian;
};

/** What a handler decided. It has done nothing beyond its machine and vCPUs. */
struct outcome {
	int64_t result; /**< For the caller's x0, if has_result() of @next. */
	struct psci_vcpu *kick; /**< Kick this one. May be NULL. */
	enum psci_next next; /**< For the caller. */
	bool kick_others; /**< Kick every vCPU but the caller. */
	bool ignored; /**< The call was not looked at: its caller is not on. */
};

static inline struct outcome run_with(int64_t result)
{
	return (struct outcome){ .next = PSCI_NEXT_RUN, .result = result };
}

/** Whether the guest will see an answer in x0, now or when it wakes. */
static inline bool has_result(enum psci_next next)
{
	switch (next) {
	case PSCI_NEXT_RUN:
	case PSCI_NEXT_SLEEP:
	case PSCI_NEXT_SYSTEM_SUSPEND:
		return true;
	case PSCI_NEXT_START:
	case PSCI_NEXT_WAIT:
	case PSCI_NEXT_EXIT:
		break;
	}

	return false;
}

/** Whether @value has no bit outside the affinity fields of MPIDR_EL1. */
static inline bool is_affinity(uint64_t value)
{
	return (value & PSCI_TARGET_MASK) == value;
}

/* call.c */

/** The functions that a machine of this version may lack, as psci_config.disable_functions. */
uint32_t psci_table_optional(uint32_t version);

/** The functions that a machine of this configuration carries out; bit n is number n. */
uint32_t psci_table_offered(const struct psci_config *config);

/** As above, if it could choose the version, and nothing were disabled. */
uint32_t psci_table_possible(const struct psci_config *config);

/** The functions that there are in this version. */
uint32_t psci_table_defined(uint32_t version);

/** Whether some of these make a machine: none that is mandatory, and no other half, is missing. */
bool psci_table_is_whole(uint32_t version, uint32_t offered);

/** The functions that psci_config.enable_functions may name. */
uint32_t psci_table_may_enable(uint32_t version);

static inline bool is_offered(const struct psci_machine *machine, uint32_t fn32)
{
	return machine->offered & PSCI_FN_BIT(fn32);
}

/* config.c */

/**
 * Take over what a host configured: @config is complete, with its own @host and a
 * version. Returns NULL, or as psci_config_problem(), and then @config and @host
 * are nothing.
 */
const char *psci_config_read(struct psci_config *config, struct psci_host *host,
			     const struct psci_config *given);

/** Whether there is such a version; for 0.1, with these ids. */
bool psci_version_valid(uint32_t version, const struct psci_fids_0_1 *fids);

/* machine.c */

/** Kick the vCPUs that a call decided to kick. Called without the lock. */
void psci_machine_kick(const struct psci_machine *machine, const struct psci_vcpu *caller,
		       const struct outcome *out);

/** Tell the host's trace() of a call; @x0 is what @regs had there. Without the lock. */
void psci_machine_trace(const struct psci_vcpu *vcpu, const struct psci_regs *regs, uint64_t x0,
			enum psci_next next, bool carried_out);

/** The vCPU that has exactly this MPIDR, or NULL. Any value is allowed. */
struct psci_vcpu *psci_index_find(struct locked m, uint64_t mpidr);

/* cpu.c */

/** Whether a vCPU can start so: there is an instruction, and its registers are wide enough. */
bool psci_entry_valid(const struct psci_entry *entry);

/** What @vcpu does next if nothing changes. Never PSCI_NEXT_START. */
enum psci_next psci_vcpu_standing(struct locked m, const struct psci_vcpu *vcpu);

/**
 * Read an entry point as the specification's "Initial core configuration" has
 * it: everything but the address and the context id is as at the caller.
 * @entry: written on PSCI_RET_SUCCESS only
 *
 * Return: PSCI_RET_SUCCESS or PSCI_RET_INVALID_ADDRESS.
 */
int32_t psci_entry_read(struct locked m, const struct args *a, uint64_t address, uint64_t context,
			struct psci_entry *entry);

struct outcome psci_fn_cpu_off(struct locked m, const struct args *a);
struct outcome psci_fn_cpu_freeze(struct locked m, const struct args *a);
struct outcome psci_fn_cpu_on(struct locked m, const struct args *a);
struct outcome psci_fn_affinity_info(struct locked m, const struct args *a);

/* migrate.c */

/** What is wrong with the configuration's trusted OS, or NULL. */
const char *psci_trusted_os_problem(const struct psci_config *config);

/** Whether it keeps its vCPU, which is @vcpu, from going away. */
bool psci_trusted_os_is_on(struct locked m, const struct psci_vcpu *vcpu);

struct outcome psci_fn_migrate(struct locked m, const struct args *a);
struct outcome psci_fn_migrate_info_type(struct locked m, const struct args *a);
struct outcome psci_fn_migrate_info_up_cpu(struct locked m, const struct args *a);

/* stat.c */

/** Give a node its place in psci_config.stats, if it needs one. */
int psci_stat_init(struct locked m, struct psci_node *node);

/** A node's stay in what node.request[] says begins, or ends. */
void psci_stat_begin(struct locked m, struct psci_node *node);
void psci_stat_end(struct locked m, struct psci_node *node);

/** A node has never slept yet. */
void psci_stat_reset(struct locked m, struct psci_node *node);

struct outcome psci_fn_stat_residency(struct locked m, const struct args *a);
struct outcome psci_fn_stat_count(struct locked m, const struct args *a);

/* domain.c */

/** What CPU_OFF asks for: the deepest of everything. */
extern const uint8_t psci_depth_off[PSCI_POWER_LEVEL_COUNT];

/** What a vCPU that runs asks for: nothing. */
extern const uint8_t psci_depth_run[PSCI_POWER_LEVEL_COUNT];

/** Returns whether two requests are equal at every level. */
bool psci_request_equals(const uint8_t a[PSCI_POWER_LEVEL_COUNT],
			 const uint8_t b[PSCI_POWER_LEVEL_COUNT]);

/** Make a node of a level, asleep in the deepest state, and give it its statistics. */
int psci_node_init(struct locked m, struct psci_node *node, unsigned int level);

/** The domain of @vcpu at a level, its own node at level 0; NULL if it has none. */
struct psci_node *psci_node_at(struct psci_vcpu *vcpu, unsigned int level);

/** A running vCPU goes to sleep, and every domain in which it was the last one with it. */
void psci_node_sleep(struct locked m, struct psci_vcpu *vcpu,
		     const uint8_t request[PSCI_POWER_LEVEL_COUNT]);

/** A vCPU that slept runs, and so do all domains that it lies in. */
void psci_node_wake(struct locked m, struct psci_vcpu *vcpu);

/** All nodes sleep in the deepest state, as when a power cycle begins. */
void psci_node_reset_all(struct locked m);

/**
 * Find out anew which domains contain a core that runs, once every node's
 * request has been set. Such a domain runs, whatever its request says.
 */
void psci_node_recount(struct locked m);

struct outcome psci_fn_node_hw_state(struct locked m, const struct args *a);

/* suspend.c */

/** The power state with this value, or NULL. */
const struct psci_idle_state *psci_idle_state_find(struct locked m, uint32_t power_state);

/** The highest level that a power state names. */
unsigned int psci_idle_state_level(const struct psci_idle_state *state);

/** What is wrong with the configuration's power states, or NULL. */
const char *psci_idle_states_problem(const struct psci_config *config);

/** Take them over, or the one that is there without any. */
void psci_idle_states_set(struct psci_machine *machine, const struct psci_config *config);

/** Whether @vcpu, which is suspended, comes back through its entry point. */
bool psci_vcpu_is_powered_down(const struct psci_vcpu *vcpu);

uint32_t psci_features_cpu_suspend(const struct psci_machine *machine);

struct outcome psci_fn_cpu_suspend(struct locked m, const struct args *a);
struct outcome psci_fn_cpu_default_suspend(struct locked m, const struct args *a);
struct outcome psci_fn_set_suspend_mode(struct locked m, const struct args *a);

/* system.c */

struct outcome psci_fn_system_off(struct locked m, const struct args *a);
struct outcome psci_fn_system_reset(struct locked m, const struct args *a);
struct outcome psci_fn_system_reset2(struct locked m, const struct args *a);
struct outcome psci_fn_system_off2(struct locked m, const struct args *a);
struct outcome psci_fn_system_suspend(struct locked m, const struct args *a);

/* memory.c */

struct outcome psci_fn_mem_protect(struct locked m, const struct args *a);
struct outcome psci_fn_mem_protect_check_range(struct locked m, const struct args *a);

#endif /* PSCI_INTERNAL_H */
