/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/host.h - what a host gives to the library: callbacks and configuration
 *
 * In both structures the required fields come first. Every other field may be
 * left zero; its comment says what that means. psci.h has the conventions and
 * includes this file. References are to DEN0022F.b by section name.
 *
 * Both begin with their own size. A program may be compiled with an earlier or
 * a later version of this file than the library: a field that the program does
 * not know is zero for the library, and a field that the library does not know
 * must be zero in the program, or the structure is refused.
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
	PSCI_TRUSTED_OS_MIGRATABLE, /**< Yes, and the host's migrate() moves it. */
	PSCI_TRUSTED_OS_FIXED, /**< Yes, and it stays where it is. */
};

/** The function ids of a PSCI 0.1, which has none of its own. 0: no such id. */
struct psci_fids_0_1 {
	uint32_t cpu_suspend; /**< (power_state, entry_point_address) */
	uint32_t cpu_off; /**< (power_state, which is ignored) */
	uint32_t cpu_on; /**< (target_cpu, entry_point_address) */
	uint32_t migrate; /**< (target_cpu) */
};

/**
 * The host, as the library sees it. Read by psci_machine_init() and
 * psci_config_problem() only.
 *
 * What happens to the vCPU that calls is returned to it; what must happen to
 * another vCPU is a callback. @ctx is psci_config.ctx, @vctx is the value given
 * to psci_vcpu_init().
 */
struct psci_host {
	/** Must be sizeof(struct psci_host). */
	size_t size;

	/**
	 * Make the thread of a vCPU call psci_vcpu_poll() soon: wake it if it
	 * waits, interrupt it if it runs the guest. No kick may be lost: one
	 * that comes while the thread does neither must end its next wait or
	 * run at once. One kick too many must be harmless. Called without the
	 * lock, once the change that it announces is visible, on the thread of
	 * another vCPU, or on the thread that called psci_machine_boot(),
	 * _restore(), _wake() or _deny(). Must be given.
	 */
	void (*kick)(void *ctx, void *vctx);

	/**
	 * Take and release a lock of the machine, with the ordering of a mutex.
	 * No thread takes it twice. It is held for some hundred instructions,
	 * and for a few more for each vCPU where a call looks at all of them
	 * (psci_machine_boot(), AFFINITY_INFO above level 0, SYSTEM_SUSPEND,
	 * PSCI_SET_SUSPEND_MODE, save and restore) or at those of a power
	 * domain that goes to sleep. One lock may serve several machines.
	 * psci_vcpu_init() is the first to take it. Must be both given or both
	 * NULL; if they are NULL, the host makes one call at a time.
	 */
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);

	/**
	 * Return whether the guest may start executing at @ipa, which is
	 * aligned to an instruction of the caller's set. If not, the guest gets
	 * INVALID_ADDRESS. Defaults to "everywhere" when NULL.
	 */
	bool (*entry_ok)(void *ctx, uint64_t ipa);

	/**
	 * Return whether a vCPU that CPU_ON names, which is off, can be started
	 * now. If not, the guest gets INTERNAL_FAILURE. Defaults to "always"
	 * when NULL.
	 */
	bool (*start_ok)(void *ctx, void *vctx);

	/**
	 * Move the trusted OS to this vCPU, and return whether it is there now.
	 * If not, it is where it was, and the guest gets INTERNAL_FAILURE. Must
	 * be given with PSCI_TRUSTED_OS_MIGRATABLE.
	 */
	bool (*migrate)(void *ctx, void *vctx);

	/**
	 * The time in microseconds since any fixed point. It must never go
	 * backwards, and be the same on all threads. After a restore the fixed
	 * point may be another. When NULL, the guest has no PSCI_STAT_RESIDENCY
	 * and no PSCI_STAT_COUNT.
	 */
	uint64_t (*now)(void *ctx);

	/**
	 * Return whether @length bytes of guest memory from @base are all
	 * volatile memory that the host will overwrite when
	 * psci_event.overwrite_memory says so. @length is never 0, and the
	 * range does not wrap around. When NULL, the guest has no MEM_PROTECT
	 * and no MEM_PROTECT_CHECK_RANGE.
	 */
	bool (*memory_ok)(void *ctx, uint64_t base, uint64_t length);

	/**
	 * Decide about a SYSTEM_RESET2 of a vendor-specific type (bit 31 is
	 * set). PSCI_RET_SUCCESS stops the machine with PSCI_EVENT_RESET2.
	 * Anything else is the guest's answer: a PSCI_RET_ code other than
	 * NOT_SUPPORTED, or a value below PSCI_RET_VENDOR_LIMIT; what is
	 * neither becomes INTERNAL_FAILURE. When NULL, every vendor-specific
	 * type gives INVALID_PARAMETERS.
	 */
	int32_t (*vendor_reset)(void *ctx, uint32_t type, uint64_t cookie);

	/**
	 * Look at a call that has been decided. Called without the lock, on the
	 * thread of the vCPU that made the call, before psci_call() returns.
	 * When NULL, calls are not traced.
	 */
	void (*trace)(void *ctx, const struct psci_trace *call);
};

/** Everything that is fixed while a machine exists. */
struct psci_config {
	/** Must be sizeof(struct psci_config). */
	size_t size;

	/**
	 * Where the library keeps its vCPUs by MPIDR. Must be an array of
	 * @index_size pointers; its contents are ignored. It belongs to the
	 * library until the machine is gone.
	 */
	struct psci_vcpu **index;

	/**
	 * Must be a power of two and at least the number of vCPUs. With four
	 * times as many slots as vCPUs a lookup takes no longer than with one
	 * vCPU.
	 */
	size_t index_size;

	/** Must be given. The callbacks must work until the machine is gone. */
	const struct psci_host *host;

	/* Required until here. */

	/** Passed to every callback. Any value. */
	void *ctx;

	/**
	 * What the guest sees: PSCI_VERSION_0_1 to PSCI_VERSION_1_3. Defaults
	 * to the newest, PSCI_VERSION_1_3, when zero.
	 */
	uint32_t version;

	/**
	 * With PSCI_VERSION_0_1 only, where they must be given: the ids that
	 * the guest's device tree has for its functions, at least one, no two
	 * alike. Arguments have the width of the caller's registers, and x0 is
	 * 0 where a vCPU starts. Ignored with later versions.
	 */
	struct psci_fids_0_1 fids_0_1;

	/**
	 * Functions that need more of the host than a callback: bit n enables
	 * function number n, see PSCI_FN_BIT(). A function that the version
	 * does not have cannot be enabled. Defaults to none when zero. What the
	 * host promises with each:
	 *   CPU_FREEZE: that PSCI_NEXT_WAIT keeps interrupts pending and
	 *	ignores them.
	 *   CPU_DEFAULT_SUSPEND: to handle psci_entry.wake; and @idle_states
	 *	has a state of level 0.
	 *   NODE_HW_STATE: that the guest knows what power levels there are.
	 *   SYSTEM_SUSPEND: to handle PSCI_NEXT_SYSTEM_SUSPEND and
	 *	psci_entry.wake.
	 *   PSCI_SET_SUSPEND_MODE: that the guest knows of the domains; it may
	 *	choose OS-initiated mode.
	 */
	uint32_t enable_functions;

	/**
	 * Optional functions that the guest shall not have, though the version
	 * has them: bit n disables function number n, with both conventions.
	 * docs/support.md lists which functions are optional in which version.
	 * Defaults to none when zero.
	 */
	uint32_t disable_functions;

	/**
	 * Whether a vCPU is on for its guest as soon as a CPU_ON of it has been
	 * accepted, as with KVM: until it has started, a second CPU_ON gives
	 * ALREADY_ON and AFFINITY_INFO says ON. Some guests take ON_PENDING for
	 * a failure. When false, both say ON_PENDING until then, as DEN0022F.b
	 * describes (CPU_ON, AFFINITY_INFO). No other function depends on it.
	 */
	bool hide_on_pending;

	/**
	 * The power states that CPU_SUSPEND accepts, which must outlive the
	 * machine. CPU_DEFAULT_SUSPEND uses the first one of level 0. With a
	 * power-down state the host must handle psci_entry.wake. Defaults to
	 * one state when NULL and 0: standby of a core, power_state 0.
	 */
	const struct psci_idle_state *idle_states;
	size_t idle_state_count;

	/**
	 * Whether their power_state has the extended format, which came with
	 * 1.0. When false, it has the original one.
	 */
	bool extended_state_id;

	/**
	 * Where PSCI_STAT_RESIDENCY and PSCI_STAT_COUNT keep their numbers: for
	 * each vCPU and each domain as many as there are power states (one,
	 * without @idle_states); @stat_count must be at least that product. The
	 * contents are ignored; the array belongs to the library until the
	 * machine is gone. When NULL and 0, the guest does not have the two
	 * functions.
	 */
	struct psci_stat *stats;
	size_t stat_count;

	/**
	 * A trusted OS, and the MPIDR of the vCPU where it is when the machine
	 * boots, as for psci_vcpu_init(). With one the guest has MIGRATE and
	 * MIGRATE_INFO_UP_CPU, and the vCPU where it is can be neither turned
	 * off nor frozen. Defaults to none when zero.
	 */
	enum psci_trusted_os trusted_os;
	uint64_t trusted_os_mpidr;
};

#ifdef __cplusplus
}
#endif

#endif /* PSCI_HOST_H */
