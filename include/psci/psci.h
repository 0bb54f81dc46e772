/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/psci.h - a PSCI implementation for the owner of a virtual machine
 *
 * The library decides; the host acts. A VMM (or a monitor at EL2 or EL3) hands
 * every PSCI call of its guest to psci_call() and does what the answer says.
 * The library starts no thread, never blocks, allocates nothing, keeps no
 * global state and needs no C library beyond memcpy and its three siblings. It
 * can be linked into a process or into bare metal. References are to DEN0022F.b
 * (PSCI) by section name.
 *
 * Elements
 * --------
 * struct psci_config	what the host decides about a machine (psci/host.h)
 * struct psci_host	the callbacks: kick, lock, questions (psci/host.h)
 * struct psci_machine	a virtual machine; the caller provides the memory
 * struct psci_vcpu	one of its vCPUs; the caller provides the memory
 * struct psci_domain	a power domain, such as a cluster; likewise (psci/power.h)
 * struct psci_regs	the registers of one call
 * enum psci_next	what a vCPU's thread does next: the answer to a call
 * struct psci_entry	where a vCPU starts
 * struct psci_event	how the guest ended or suspended its machine
 * psci/state.h		a machine's state saved and restored
 * psci/smccc-arch.h	SMCCC_VERSION and SMCCC_ARCH_FEATURES
 * psci/kvm.h		events as KVM numbers them
 * psci/client.h	the other side: guests and firmware that make calls
 * psci/relay.h		in between: a monitor that forwards the calls of an OS
 *
 * All functions of PSCI 0.1 to 1.3 are implemented; see docs/support.md.
 *
 * The life of a machine
 * ---------------------
 * 1. psci_machine_init() with a configuration.
 * 2. psci_vcpu_init() for each vCPU.
 * 3. psci_domain_init() and psci_vcpu_place(), if the guest knows of domains.
 * 4. psci_machine_boot() says where the first vCPU starts.
 * 5. The thread of each vCPU does what the library answers, until the answer
 *    is PSCI_NEXT_EXIT:
 *
 *	next = psci_vcpu_poll(vcpu, &entry);
 *	for (;;)
 *		switch (next) {
 *		case PSCI_NEXT_START:
 *			reset the vCPU, unless entry.wake is set; load the
 *			entry; continue as PSCI_NEXT_RUN
 *		case PSCI_NEXT_RUN:
 *			run it; if it makes a call, next = psci_call(); if it
 *			was kicked, next = psci_vcpu_poll()
 *		case PSCI_NEXT_WAIT:
 *			wait for a kick; next = psci_vcpu_poll()
 *		case PSCI_NEXT_SLEEP:
 *		case PSCI_NEXT_SYSTEM_SUSPEND:
 *			wait for an interrupt or a kick; after an interrupt,
 *			next = psci_vcpu_wake(), else psci_vcpu_poll()
 *		case PSCI_NEXT_EXIT:
 *			return
 *		}
 *
 * 6. psci_machine_event() says what the guest asked for. This was one power
 *    cycle. After a reset the next one begins at 4.
 *
 * docs/embedding.md goes through this with a program that runs.
 *
 * Conventions
 * -----------
 * Memory	The caller provides every object, anywhere it likes, and keeps
 *		it in place until the machine is gone. There is nothing to free.
 * Fields	A structure marked "private" shows its fields so that the caller
 *		can embed it and the compiler can size it. Do not use them.
 * Zero		Fill the rest of a configuration with zeroes: zero is always the
 *		default, and means "as before" for a field that is added later.
 * Versions	A program and a library of different versions work together if
 *		they have the same major version: host.h says how configurations
 *		grow, all other structures keep their sizes.
 *		(Major version 0 does not promise this yet.)
 * Errors	Functions that can fail return 0 or a negative enum psci_error.
 *		On failure nothing has changed. Only the host can cause one: a
 *		guest gets a PSCI_RET_ code for whatever it does.
 * Threads	Calls for different vCPUs may run at the same time if the host
 *		gives lock() and unlock(). psci_call(), psci_vcpu_poll() and
 *		psci_vcpu_wake() belong to the thread that runs the vCPU: no
 *		other uses the vCPU's registers. kick() and trace() are called
 *		without the lock and may call what may be called from any
 *		thread. Every other callback is called with the lock held; it
 *		must not call the library or wait for another vCPU.
 * Addresses	of the guest are its physical ones (IPAs).
 */
#ifndef PSCI_PSCI_H
#define PSCI_PSCI_H

#include <psci/abi.h>
#include <psci/env.h>
#include <psci/error.h>
#include <psci/host.h>
#include <psci/power.h>
#include <psci/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Whether a vCPU can be started, as the host decides. */
enum psci_vcpu_availability {
	PSCI_VCPU_AVAILABLE, /**< It can be started: the default. */
	PSCI_VCPU_DENIED, /**< It must not be started: CPU_ON gives DENIED. */
	PSCI_VCPU_DISABLED, /**< It cannot: AFFINITY_INFO gives DISABLED. */
};

/**
 * What a vCPU is to PSCI.
 *
 *	          CPU_ON              poll            CPU_SUSPEND
 *	   OFF ------------> ON_PENDING ----> ON -----------------> SUSPENDED
 *	    ^                     ^           | ^                       |
 *	    +------- CPU_OFF -----|-----------+ +-------- wake ---------+
 *	                   CPU_ON |           |
 *	                       FROZEN <-------+ CPU_FREEZE
 *
 * psci_machine_boot() makes one vCPU ON_PENDING and all others OFF, whatever
 * they were. psci_machine_wake() makes the vCPU that suspended the machine
 * ON_PENDING: its next poll starts it. To other vCPUs a suspended vCPU is on
 * (DEN0022F.b, CPU_SUSPEND).
 */
enum psci_vcpu_state {
	PSCI_STATE_OFF, /**< The first state of every vCPU. */
	PSCI_STATE_ON_PENDING, /**< It will start with its next poll. */
	PSCI_STATE_ON,
	PSCI_STATE_SUSPENDED, /**< Asleep in CPU_SUSPEND or SYSTEM_SUSPEND. */
	PSCI_STATE_FROZEN, /**< By CPU_FREEZE. */
};

/** What the host must do with the vCPU that made a call, or that it polled. */
enum psci_next {
	/** Run it with the registers it has. */
	PSCI_NEXT_RUN,
	/** Reset it, unless psci_entry.wake is set, load the entry, run it. */
	PSCI_NEXT_START,
	/** It is off: no interrupt may wake it, only a kick. */
	PSCI_NEXT_WAIT,
	/** It is suspended: an interrupt, masked or not, wakes it. */
	PSCI_NEXT_SLEEP,
	/**
	 * It has suspended the whole machine, as SYSTEM_SUSPEND allows where it
	 * is enabled: all other vCPUs are off. As PSCI_NEXT_SLEEP; in addition,
	 * psci_machine_wake() ends it and psci_machine_deny() refuses it.
	 */
	PSCI_NEXT_SYSTEM_SUSPEND,
	/** Stop the whole machine; see psci_machine_event(). */
	PSCI_NEXT_EXIT,
};

/** The registers of a call. */
struct psci_regs {
	/**
	 * x0 to x3 (r0 to r3) as the guest left them, all 64 bits of each.
	 * psci_arg_count() tells how many of x1 to x3 matter; the others may be
	 * anything. The result goes to x[0]. The library leaves x[1] to x[3]
	 * alone, and the host must leave every other register of the guest
	 * alone.
	 */
	uint64_t x[4];
	bool aarch32; /**< The caller runs in AArch32 state. */
	/**
	 * The caller has big-endian data accesses: SCTLR_EL1.EE, or CPSR.E in
	 * AArch32 state. Only calls with an entry point use it: a vCPU that
	 * starts there has big-endian data accesses as well.
	 */
	bool big_endian;
};

/**
 * Where and how a vCPU starts. What is not here is as after reset, and as the
 * specification's "Initial core configuration" wants it: the highest exception
 * level that the guest has, on its own stack pointer (EL1h, or Supervisor
 * mode), interrupts and SErrors masked, MMU and caches off. The specification
 * leaves open what the other registers hold. A host of this library clears
 * those that the guest can have written before it turned the vCPU off: x1 to
 * x30 (r1 to r14), SP_EL0, and all of FP and SIMD start as zero.
 */
struct psci_entry {
	uint64_t pc; /**< The first instruction. Bit 0 is always clear. */
	uint64_t x0; /**< The context id, for x0 or r0. */
	bool aarch32; /**< Start in AArch32 state. */
	bool t32; /**< AArch32 only: in the T32 instruction set. */
	bool big_endian; /**< Set SCTLR_ELx.EE, or CPSR.E. */
	/**
	 * The vCPU comes back from a power-down state and was never off. Do not
	 * reset it, or the interrupt that woke it (of its timer, or one that is
	 * pending) is lost. Load this entry over the registers that it has; the
	 * others may keep their values. With KVM: write PC, x0, PSTATE and
	 * SCTLR_EL1 (M, C and I clear), and do not call KVM_ARM_VCPU_INIT.
	 */
	bool wake;
};

/** Why a guest ended a power cycle of its machine, or interrupted it. */
enum psci_event_kind {
	PSCI_EVENT_NONE, /**< It did neither. */
	PSCI_EVENT_OFF, /**< SYSTEM_OFF. */
	/** SYSTEM_OFF2: it saved itself to disk. Keep its environment. */
	PSCI_EVENT_OFF2,
	PSCI_EVENT_RESET, /**< SYSTEM_RESET. */
	PSCI_EVENT_RESET2, /**< SYSTEM_RESET2. */
	/**
	 * SYSTEM_SUSPEND: not an end but a pause. The vCPU that called, the
	 * only one that is not off, got PSCI_NEXT_SYSTEM_SUSPEND.
	 */
	PSCI_EVENT_SUSPEND,
};

/** What a guest asked of the machine as a whole. */
struct psci_event {
	enum psci_event_kind kind;
	/** SYSTEM_RESET2's reset_type, SYSTEM_OFF2's type, as given; else 0. */
	uint32_t type;
	uint64_t cookie; /**< SYSTEM_RESET2's cookie; else 0. */
	/** The vCPU that called, as given to psci_vcpu_init(), or NULL. */
	void *vctx;
	/**
	 * MEM_PROTECT was enabled, and this is not a SYSTEM_WARM_RESET. Before
	 * anything runs on the machine again, the host overwrites all of the
	 * guest's volatile memory, or makes sure that it can never be read.
	 */
	bool overwrite_memory;
};

/** One call, for psci_host.trace(). It exists while trace() runs. */
struct psci_trace {
	void *vctx; /**< The vCPU that called. */
	uint64_t x[4]; /**< Its registers, of which psci_arg_count() matter. */
	enum psci_next next; /**< What psci_call() returns. */
	/** Whether the call was looked at: the vCPU and the machine were on. */
	bool carried_out;
	/** The new x0, if there is one: RUN, SLEEP, SYSTEM_SUSPEND; else 0. */
	uint64_t result;
};

/** One virtual machine. Private. */
struct psci_machine {
	struct psci_host host;
	void *ctx;
	struct psci_vcpu **index;
	size_t index_size;
	struct psci_vcpu *vcpus;
	struct psci_domain *domains;
	const struct psci_idle_state *idle_states;
	size_t idle_state_count;
	struct psci_event event;
	struct psci_vcpu *event_vcpu;
	uint32_t version;
	uint32_t offered;
	uint32_t possible;
	bool extended_state_id;
	bool os_initiated;
	bool suspend_called;
	bool memory_protected;
	bool hide_on_pending;
	bool booted;
	uint8_t trusted_os;
	uint64_t trusted_os_home;
	uint64_t trusted_os_mpidr;
	struct psci_stat *stats;
	size_t stat_count;
	size_t stat_used;
	struct psci_fids_0_1 fids_0_1;
	uint64_t reserved[7];
};

/** One virtual CPU. Private. */
struct psci_vcpu {
	struct psci_machine *machine;
	void *vctx;
	struct psci_vcpu *next;
	uint64_t mpidr;
	struct psci_node node;
	struct psci_entry entry;
	uint8_t state;
	uint8_t availability;
	bool default_suspend;
	bool restored;
	uint64_t reserved[3];
};

/**
 * psci_machine_init() - prepare a machine that has no vCPU yet
 * @machine: storage; its contents are ignored
 * @config: read during the call only, and so is psci_config.host. Other objects
 *	that it points to must outlive the machine.
 *
 * Takes no lock: no other thread may know of the machine yet.
 *
 * Return: 0, or
 *   PSCI_ERR_INVALID: a field is not as host.h wants it; psci_config_problem()
 *   tells which.
 */
int psci_machine_init(struct psci_machine *machine, const struct psci_config *config);

/**
 * psci_config_problem() - why psci_machine_init() refuses a configuration
 * @config: read during the call only
 *
 * Return: NULL if it does not, else a constant such as
 * "psci_config.index_size is not a power of two": the first field that is
 * wrong, and what is wrong with it. From any thread; needs no machine.
 */
const char *psci_config_problem(const struct psci_config *config);

/**
 * psci_vcpu_init() - add a vCPU, which is off, to a machine
 * @vcpu: storage; its contents are ignored
 * @machine: where it belongs; none of its vCPUs may have run yet
 * @mpidr: its affinity, Aff3 to Aff0 where MPIDR_EL1 has them, other bits zero:
 *	what the guest reads in MPIDR_EL1, and'd with PSCI_TARGET_MASK
 * @vctx: passed to the callbacks that concern this vCPU; any value
 *
 * From any thread, before psci_machine_boot() and psci_machine_restore().
 *
 * Return: 0, or
 *   PSCI_ERR_INVALID: @mpidr has a bit outside PSCI_TARGET_MASK, or @machine
 *   has been booted or restored;
 *   PSCI_ERR_EXISTS: the machine has a vCPU with this @mpidr;
 *   PSCI_ERR_FULL: psci_config.index or psci_config.stats has no slot left.
 */
int psci_vcpu_init(struct psci_vcpu *vcpu, struct psci_machine *machine, uint64_t mpidr,
		   void *vctx);

/**
 * psci_vcpu_set_availability() - say whether a vCPU can be started from now on
 * @vcpu: any vCPU
 * @availability: takes effect while the vCPU is off or frozen. It neither stops
 *	nor starts a vCPU. A reset of the machine does not change it.
 *
 * CPU_ON of a vCPU that is PSCI_VCPU_DENIED gives DENIED since version 1.2 and
 * INTERNAL_FAILURE before; of one that is PSCI_VCPU_DISABLED, INTERNAL_FAILURE.
 * psci_machine_boot() starts any vCPU. From any thread.
 *
 * Return: 0, or
 *   PSCI_ERR_INVALID: @availability is not a value of
 *   enum psci_vcpu_availability.
 */
int psci_vcpu_set_availability(struct psci_vcpu *vcpu, enum psci_vcpu_availability availability);

/**
 * psci_machine_boot() - begin a power cycle: the first, or one after a reset
 * @vcpu: the vCPU that boots; its next poll answers PSCI_NEXT_START
 * @entry: where it starts; read during the call only. The host decides this
 *	alone: entry_ok() is not called, and psci_entry.wake counts as false.
 *
 * Every other vCPU of the machine is off, whatever it was. The event of the
 * former power cycle is forgotten, MEM_PROTECT disabled, the suspend mode
 * platform-coordinated, statistics zero, the trusted OS at home. Then every
 * vCPU is kicked, @vcpu as well. From any thread, at any time: a vCPU that
 * still runs code of the former power cycle cannot make a call in the new one,
 * because a call from a vCPU that is not ON is not carried out and makes it
 * wait for the kick. But it can write to memory: before it loads memory anew, a
 * host waits until the thread of each vCPU has got PSCI_NEXT_EXIT.
 *
 * Return: 0, or
 *   PSCI_ERR_INVALID: no vCPU can start at @entry: its pc is not aligned to an
 *   instruction of its set, it has t32 without aarch32, or its pc or x0 does
 *   not fit into the registers of AArch32.
 */
int psci_machine_boot(struct psci_vcpu *vcpu, const struct psci_entry *entry);

/**
 * psci_arg_count() - how many argument registers a call uses
 * @fid: the guest's w0
 *
 * A host for which it is expensive to fetch a register need fill in only x[0]
 * to x[psci_arg_count()], and big_endian if that is two or more, since the
 * calls with an entry point are among those. The function does not know the ids
 * of PSCI 0.1: the host of such a machine fetches x1, x2 and big_endian. From
 * any thread; needs no machine.
 *
 * Return: 0 to 3; 0 for what is not a PSCI function.
 */
unsigned int psci_arg_count(uint32_t fid);

/**
 * psci_call() - carry out one PSCI call of the guest
 * @vcpu: the vCPU that executed the HVC or SMC, on the thread that runs it
 * @regs: its registers; x[0] receives the result if the guest will see one,
 *	else it is unchanged
 *
 * Any value in @regs is allowed, so that a host may pass on whatever its guest
 * calls. A function that is unknown, not in the machine's version, or disabled
 * gives NOT_SUPPORTED. A refused call has changed nothing. The program counter
 * is the host's: the guest continues behind its HVC or SMC.
 *
 * Return: what to do with @vcpu.
 *   PSCI_NEXT_RUN: load x0 from @regs and continue to run.
 *   PSCI_NEXT_SLEEP: the vCPU is suspended. Load x0 from @regs now; wait for a
 *	wake-up event, then call psci_vcpu_wake().
 *   PSCI_NEXT_SYSTEM_SUSPEND: the whole machine is suspended. Load x0 from
 *	@regs now. Then wait as for PSCI_NEXT_SLEEP, or call psci_machine_deny()
 *	and poll.
 *   PSCI_NEXT_WAIT: the vCPU is off, or runs code of a former power cycle, see
 *	psci_machine_boot(); there is no result.
 *   PSCI_NEXT_EXIT: the machine has stopped; there is no result.
 *   Never PSCI_NEXT_START.
 */
enum psci_next psci_call(struct psci_vcpu *vcpu, struct psci_regs *regs);

/**
 * psci_vcpu_poll() - ask what a vCPU does next, without a call from the guest
 * @vcpu: any vCPU, on the thread that runs it
 * @entry: filled in on PSCI_NEXT_START, else unchanged
 *
 * Call it before a vCPU first runs and after each kick(); to call it more often
 * is harmless. This is where a vCPU goes from ON_PENDING to ON: PSCI_NEXT_START
 * comes once for each start, and the next poll answers PSCI_NEXT_RUN. A kick
 * does not wake a suspended vCPU.
 *
 * Return: PSCI_NEXT_START, PSCI_NEXT_WAIT, PSCI_NEXT_SLEEP,
 * PSCI_NEXT_SYSTEM_SUSPEND (as long as the machine is suspended),
 * PSCI_NEXT_EXIT, or, for a vCPU that is on, PSCI_NEXT_RUN: its registers are
 * its own.
 */
enum psci_next psci_vcpu_poll(struct psci_vcpu *vcpu, struct psci_entry *entry);

/**
 * psci_vcpu_wake() - a wake-up event has ended the sleep of a vCPU
 * @vcpu: any vCPU, on the thread that runs it; only a suspended one changes
 * @entry: as for psci_vcpu_poll()
 *
 * If the machine was suspended, it is not any more.
 *
 * Return: what psci_vcpu_poll() would return from then on. A vCPU that was in
 * standby continues with PSCI_NEXT_RUN; one in a power-down state with
 * PSCI_NEXT_START and psci_entry.wake, at the entry point of its call.
 */
enum psci_next psci_vcpu_wake(struct psci_vcpu *vcpu, struct psci_entry *entry);

/**
 * psci_vcpu_get_state() - ask what a vCPU is to PSCI
 * @vcpu: any vCPU
 *
 * For a host that shows its user what vCPUs do. What the thread of a vCPU does
 * next is for psci_vcpu_poll() to say. From any thread; another thread may
 * change the state before the caller looks at it.
 */
enum psci_vcpu_state psci_vcpu_get_state(struct psci_vcpu *vcpu);

/**
 * psci_machine_event() - what the guest asked for when it stopped the machine
 *
 * Meaningful once psci_call() or psci_vcpu_poll() has returned PSCI_NEXT_EXIT;
 * the first such request of a power cycle wins. PSCI_EVENT_SUSPEND is there
 * from PSCI_NEXT_SYSTEM_SUSPEND until the machine is woken, denied or booted.
 * From any thread.
 */
struct psci_event psci_machine_event(struct psci_machine *machine);

/**
 * psci_machine_wake() - end a SYSTEM_SUSPEND from outside
 *
 * The vCPU that called is kicked and its next poll answers PSCI_NEXT_START with
 * psci_entry.wake. What wakes a machine from outside (a button, a management
 * request) calls this first and then raises its interrupt. An interrupt that
 * the vCPU itself had waited for needs only psci_vcpu_wake(), which has the
 * same effect. From any thread.
 *
 * Return: whether the machine was suspended; if not, nothing has changed.
 */
bool psci_machine_wake(struct psci_machine *machine);

/**
 * psci_machine_deny() - refuse a SYSTEM_SUSPEND after all
 *
 * As psci_machine_wake(), but the vCPU continues behind its call
 * (PSCI_NEXT_RUN), with DENIED in the x0 that it was given when it went to
 * sleep. It is kicked, too. From any thread.
 *
 * Return: whether the machine was suspended; if not, nothing has changed.
 */
bool psci_machine_deny(struct psci_machine *machine);

/**
 * psci_machine_memory_protected() - whether the guest has enabled MEM_PROTECT
 *
 * For an end that the guest did not ask for and that has no psci_event: if
 * true, its volatile memory must be overwritten before anything runs on the
 * machine again. psci_machine_boot() disables it. From any thread.
 */
bool psci_machine_memory_protected(struct psci_machine *machine);

/**
 * psci_function_name() - the specification's name of a function
 * @fid: the guest's w0
 *
 * Return: a constant; NULL for what is not a function of PSCI 0.2 to 1.3, such
 * as the ids of 0.1. From any thread; needs no machine.
 */
const char *psci_function_name(uint32_t fid);

#ifdef __cplusplus
}
#endif

#endif /* PSCI_PSCI_H */
