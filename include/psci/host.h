/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/host.h - what a host gives to the library: callbacks and configuration
 *
 * Everything that is not required may be left out, filled with zeroes; what is
 * withdrawn with it is said at each. psci.h has the conventions and includes this
 * file. References are to DEN0022F.b by section name.
 */
#ifndef PSCI_HOST_H
#define PSCI_HOST_H

#include <psci/env.h>
#include <psci/power.h>

#ifdef __cplusplus
extern "C" {
#endif

struct psci_trace;
struct psci_vcpu;

/** Whether the guest has a trusted OS that runs on one vCPU at a time. */
enum psci_trusted_os {
	PSCI_TRUSTED_OS_NONE, /**< No, or it runs on all: nothing to migrate. */
	PSCI_TRUSTED_OS_MIGRATABLE, /**< It does, and psci_host.migrate() moves it. */
	PSCI_TRUSTED_OS_FIXED, /**< It does, and stays where it is. */
};

/** The function ids of a PSCI 0.1, which has none of its own; 0: no such function. */
struct psci_fids_0_1 {
	uint32_t cpu_suspend; /**< (power_state, entry_point_address) */
	uint32_t cpu_off; /**< (power_state, which is not looked at) */
	uint32_t cpu_on; /**< (target_cpu, entry_point_address) */
	uint32_t migrate; /**< (target_cpu) */
};

/**
 * The host, as the library sees it.
 *
 * The rule that divides the work: what happens to the vCPU that calls is
 * returned to it; what must happen to anyone else is a callback. @ctx is
 * psci_config.ctx, @vctx the value given to psci_vcpu_init().
 */
struct psci_host {
	/** Size of this structure as the host knows it: sizeof(struct psci_host). */
	size_t size;

	/**
	 * Make a vCPU's thread call psci_vcpu_poll() soon: wake it if it waits,
	 * interrupt it if it runs the guest. None may be lost: one that comes
	 * while the thread does neither counts for the next time it would. Comes
	 * on the thread of another vCPU, or on that of whoever boots, restores,
	 * wakes or denies, once the change it announces is visible, without the
	 * lock. One kick too many must be harmless. Required.
	 */
	void (*kick)(void *ctx, void *vctx);

	/**
	 * Say whether the guest may start executing at @ipa, which is aligned to
	 * an instruction of the caller's set. Where it answers false the guest
	 * gets INVALID_ADDRESS. NULL: everywhere.
	 */
	bool (*entry_ok)(void *ctx, uint64_t ipa);

	/**
	 * Say whether a vCPU that CPU_ON names, which is off, can be started
	 * now; the guest gets INTERNAL_FAILURE if not. NULL: always.
	 */
	bool (*start_ok)(void *ctx, void *vctx);

	/**
	 * Move the trusted OS to this vCPU, and say whether it is there now; if
	 * not, it is where it was, and the guest gets INTERNAL_FAILURE. Required
	 * with PSCI_TRUSTED_OS_MIGRATABLE.
	 */
	bool (*migrate)(void *ctx, void *vctx);

	/**
	 * The time in microseconds since any fixed point: never backwards, the
	 * same on all threads. Restoring a record may find another fixed point.
	 * NULL withdraws PSCI_STAT_RESIDENCY and PSCI_STAT_COUNT.
	 */
	uint64_t (*now)(void *ctx);

	/**
	 * Say whether the guest's memory from @base, @length bytes (never 0, and
	 * without a wrap), is all volatile memory that the host will overwrite
	 * when psci_event.overwrite_memory says so. NULL withdraws MEM_PROTECT
	 * and MEM_PROTECT_CHECK_RANGE.
	 */
	bool (*memory_ok)(void *ctx, uint64_t base, uint64_t length);

	/**
	 * Say what SYSTEM_RESET2 with a vendor-specific type (bit 31 is set)
	 * does: PSCI_RET_SUCCESS, and the machine stops with
	 * PSCI_EVENT_RESET2; or the guest's answer, which is a PSCI_RET_ other
	 * than NOT_SUPPORTED or below PSCI_RET_VENDOR_LIMIT. Anything else
	 * becomes INTERNAL_FAILURE. NULL: INVALID_PARAMETERS for all.
	 */
	int32_t (*vendor_reset)(void *ctx, uint32_t type, uint64_t cookie);

	/**
	 * See a call that has been decided, on the thread of the vCPU that made
	 * it, before psci_call() returns. NULL: nobody looks.
	 */
	void (*trace)(void *ctx, const struct psci_trace *call);

	/**
	 * Serialise the machine, with the ordering of a mutex. Held for some
	 * hundred instructions, and a few more for each vCPU where a call looks
	 * at all of them (booting, AFFINITY_INFO above level 0, SYSTEM_SUSPEND,
	 * PSCI_SET_SUSPEND_MODE, save and restore), or for each that lies in the
	 * power domain that goes to sleep; never twice by one thread. One lock
	 * may serve several machines. psci_vcpu_init() is the first to take it. NULL, both: the
	 * host makes one call at a time.
	 */
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);
};

/** Everything that is fixed for the life of a machine. */
struct psci_config {
	size_t size; /**< sizeof(struct psci_config) */

	/** PSCI_VERSION_0_1 to PSCI_VERSION_1_3: what the guest sees. 0: the newest. */
	uint32_t version;

	/**
	 * PSCI_VERSION_0_1 only: the ids that the guest's device tree has for
	 * its functions; at least one, no two the same. Arguments have the
	 * width of the caller's registers, and x0 is 0 where a vCPU starts.
	 */
	struct psci_fids_0_1 fids_0_1;

	/**
	 * Functions that need more of the host than a callback: bit n enables
	 * function number n, see PSCI_FN_BIT(). A function that the version does
	 * not have cannot be enabled. What the host promises with each:
	 *   CPU_FREEZE: PSCI_NEXT_WAIT keeps interrupts pending and ignores them.
	 *   CPU_DEFAULT_SUSPEND: to handle psci_entry.wake; @idle_states has a
	 *	state of level 0.
	 *   NODE_HW_STATE: the guest has been told what power levels there are.
	 *   SYSTEM_SUSPEND: after each PSCI_NEXT_SLEEP from psci_call() the host
	 *	looks for PSCI_EVENT_SUSPEND; it handles psci_entry.wake.
	 *   PSCI_SET_SUSPEND_MODE: the guest has been told of the domains; it
	 *	may choose OS-initiated mode.
	 */
	uint32_t enable_functions;

	/**
	 * Optional functions that the guest shall not have, though the version has
	 * them: bit n disables function number n, with both conventions.
	 * docs/support.md lists which functions are optional in which version.
	 */
	uint32_t disable_functions;

	/**
	 * The power states that CPU_SUSPEND accepts; must outlive the machine.
	 * CPU_DEFAULT_SUSPEND uses the first one of level 0. NULL and 0: one,
	 * standby of a core, power_state 0. With a power-down state the host
	 * must have psci_entry.wake.
	 */
	const struct psci_idle_state *idle_states;
	size_t idle_state_count;
	bool extended_state_id; /**< Their power_state has the extended format (since 1.0). */

	/**
	 * Where PSCI_STAT_RESIDENCY and PSCI_STAT_COUNT keep what they tell: for
	 * each vCPU and each domain as many as there are power states (without
	 * @idle_states, one), so @stat_count is that product, or more. Contents
	 * are ignored; owned by the library until the machine is gone. NULL and
	 * 0: the guest does not have the two functions.
	 */
	struct psci_stat *stats;
	size_t stat_count;

	/**
	 * A trusted OS, and the MPIDR of the vCPU on which it is when a life of
	 * the machine begins, as for psci_vcpu_init(). With one, MIGRATE and
	 * MIGRATE_INFO_UP_CPU are there, and its vCPU can neither be turned
	 * off nor frozen.
	 */
	enum psci_trusted_os trusted_os;
	uint64_t trusted_os_mpidr;

	/**
	 * Whether a vCPU is on for its guest as soon as a CPU_ON of it has been
	 * accepted, as with KVM: until it has started, a second CPU_ON answers
	 * ALREADY_ON and AFFINITY_INFO says ON. Some guests take ON_PENDING for a
	 * failure. False: both say ON_PENDING until then, as DEN0022F.b describes
	 * (CPU_ON, AFFINITY_INFO). No other function depends on it.
	 */
	bool hide_on_pending;

	/**
	 * Where the library keeps its vCPUs by MPIDR: @index_size pointers, a
	 * power of two, at least the number of vCPUs (with four times as many, a
	 * lookup takes no longer than with one vCPU). Required; contents are
	 * ignored; owned by the library until the machine is gone.
	 */
	struct psci_vcpu **index;
	size_t index_size;

	const struct psci_host *host; /**< Required; must outlive the machine. */
	void *ctx; /**< Passed to every callback. */
};

#ifdef __cplusplus
}
#endif

#endif /* PSCI_HOST_H */
