/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/relay.h - a monitor between an OS and the PSCI firmware below it
 *
 * A monitor at EL2 traps the SMCs of an OS at EL1. The firmware at EL3 must
 * carry them out, but an entry point in them is the OS's: if the firmware were
 * given it, the OS would start at EL2, in the monitor's place. The relay says
 * what becomes of each call. It makes none itself: it does no I/O, starts no
 * thread, never blocks, allocates nothing, keeps no global state and needs no C
 * library. It needs relay.c of lib/, client.c for what that knows of the
 * firmware, and nothing else of the library. psci.h has the conventions.
 *
 * The life of a relay
 * -------------------
 * 1. psci_client_probe() asks the firmware what it has (psci/client.h).
 * 2. psci_relay_init(), and psci_relay_cpu_init() for each CPU.
 * 3. The monitor starts the OS on the CPU that booted.
 * 4. Each call of the OS, on the CPU that made it, once its x0 to x3 are saved:
 *
 *	switch (psci_relay_call(cpu, &regs, x)) {
 *	case PSCI_RELAY_RETURN:
 *		break;
 *	case PSCI_RELAY_FORWARD:
 *		smc(x);
 *		psci_relay_return(cpu, &regs, x[0]);
 *		break;
 *	case PSCI_RELAY_PASS:
 *		smc with x0 to x17 as the OS has them; those that the firmware
 *		returns are the OS's; continue the OS
 *	}
 *	x0 of the OS is regs.x[0], all its other registers are unchanged;
 *	continue the OS
 *
 * 5. A CPU that comes from the firmware to psci_relay_config.entry, because it
 *    was turned on or has woken up:
 *
 *	set up the CPU for the monitor again, all of it
 *	if (psci_relay_arrive(cpu, &entry))
 *		start the OS at entry
 *	else
 *		the OS asked for no such start: stop
 *
 * What the OS sees
 * ----------------
 * - PSCI_VERSION: the firmware's, at most 1.3.
 * - Each function that the firmware announces in the convention of the call,
 *   if the relay knows it and psci_relay_config does not disable it; and
 *   exactly these from PSCI_FEATURES. Everything else in PSCI's ranges is
 *   NOT_SUPPORTED and never reaches the firmware.
 * - CPU_ON, CPU_SUSPEND, CPU_DEFAULT_SUSPEND and SYSTEM_SUSPEND are forwarded
 *   with the monitor's entry point and context id, whatever the OS gave. They
 *   are forwarded as SMC64 functions also if the OS called their SMC32 twins,
 *   if the firmware has them.
 * - CPU_ON of a CPU that the OS is starting already: ON_PENDING.
 * - Every other call is forwarded unchanged, except that the relay clears bit 16
 *   of the function id, and the upper halves of the arguments of an SMC32 call.
 * - What is not PSCI is for the monitor to pass on, to answer or to refuse. The
 *   relay itself refuses ids that SMCCC reserves, since some firmware has PSCI
 *   0.1 there, those of SDEI, which hand an entry point to the firmware, and
 *   SMC64 calls from AArch32.
 *
 * Threads
 * -------
 * Calls for different CPUs may be made at the same time, if the monitor gives
 * lock() and unlock(). All functions but psci_relay_init() and
 * psci_relay_cpu_init() are called on the CPU that they are about. No callback
 * is called with the lock held.
 */
#ifndef PSCI_RELAY_H
#define PSCI_RELAY_H

#include <psci/client.h>
#include <psci/env.h>
#include <psci/error.h>
#include <psci/psci.h>

#ifdef __cplusplus
extern "C" {
#endif

struct psci_relay_cpu;

/** What the monitor does with a call. */
enum psci_relay_next {
	/** It has been answered in x0. Continue the OS. */
	PSCI_RELAY_RETURN,
	/**
	 * Make the call that psci_relay_call() wrote down. If it returns, call
	 * psci_relay_return(). It may also not return, or come back through
	 * psci_relay_config.entry.
	 */
	PSCI_RELAY_FORWARD,
	/**
	 * It is no PSCI call. Pass it on with x0 to x17 as they are, including
	 * all of x0, and give the OS what the firmware leaves in them (SMCCC
	 * 1.2); x18 to x30 and the vector registers stay as they are. A monitor
	 * may refuse it instead: x0 = -1. It refuses each call of its firmware
	 * that reads or writes memory for the caller, if it protects memory
	 * from the OS, and that takes an entry point.
	 */
	PSCI_RELAY_PASS,
};

/** What is fixed for the life of a relay. Read by psci_relay_init() only. */
struct psci_relay_config {
	/** Must be sizeof(struct psci_relay_config). */
	size_t size;

	/** The firmware, as psci_client_probe() found it. Must be given. */
	const struct psci_client *firmware;

	/**
	 * The physical address where the monitor itself starts on a CPU that
	 * the firmware turns on or wakes. If it does not fit in 32 bits, the OS
	 * gets the functions that need it only if the firmware has them in
	 * SMC64. Every AArch64 firmware has.
	 */
	uint64_t entry;

	/**
	 * A slot for each CPU. The library sorts the CPUs in it. Must be given;
	 * must outlive the relay.
	 */
	struct psci_relay_cpu **index;
	size_t index_size; /**< The number of slots. */

	/**
	 * Functions that the OS does not get, by PSCI_FN_BIT(): of those that
	 * are optional in PSCI 1.0 and later. 0: none.
	 */
	uint32_t disable_functions;

	/** Passed to the callbacks. */
	void *ctx;

	/**
	 * Return whether the OS may start executing at @pc, which is aligned to
	 * an instruction. If not, it gets INVALID_ADDRESS (INVALID_PARAMETERS
	 * before 1.0). The answer should be false for the memory of the monitor
	 * and for what is no memory. NULL: always true.
	 */
	bool (*entry_ok)(void *ctx, uint64_t pc);

	/**
	 * The OS ends its life, or tries to: SYSTEM_OFF, SYSTEM_OFF2,
	 * SYSTEM_RESET or SYSTEM_RESET2, as @event->kind says. Called by
	 * psci_relay_call() before it answers PSCI_RELAY_FORWARD, for each of
	 * these calls that is forwarded: those that the OS does not have are
	 * refused before. The firmware has not seen its arguments yet and may
	 * refuse them; psci_relay_return() calls life_continues() then. An OS
	 * may provoke this as often as it likes, and on several CPUs at once.
	 * @event->vctx is the struct psci_relay_cpu of the caller;
	 * overwrite_memory is always false. NULL: the monitor does not care.
	 */
	void (*life_ends)(void *ctx, const struct psci_event *event);

	/**
	 * The firmware returned from the call for which life_ends() was called
	 * on this CPU, so the machine is still on. @result is its answer. NULL:
	 * the monitor does not care.
	 */
	void (*life_continues)(void *ctx, struct psci_relay_cpu *cpu, int32_t result);

	/**
	 * Take and release a lock of the relay, with the ordering of a mutex.
	 * It is held for some ten instructions, never while the firmware is
	 * called; by AFFINITY_INFO for a few for each CPU that it is about.
	 * Only CPU_ON, AFFINITY_INFO and a CPU that was turned on take it. Must
	 * be both given or both NULL; if they are NULL, the monitor makes one
	 * call at a time.
	 */
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);
};

/** A relay. Private. */
struct psci_relay {
	struct psci_relay_config config;
	struct psci_client below;
	size_t cpu_count;
	uint32_t version;
	uint32_t fn32;
	uint32_t fn64;
	bool narrow;
	uint64_t reserved[4];
};

/** One CPU of the machine. Private. */
struct psci_relay_cpu {
	struct psci_relay *relay;
	uint64_t mpidr;
	uint64_t context;
	struct psci_relay_cpu *starter;
	struct psci_relay_cpu *target;
	struct psci_entry on_entry;
	struct psci_entry wake_entry;
	uint8_t role;
	bool wide;
	bool saw_start;
	bool asleep;
	uint64_t reserved[2];
};

/**
 * psci_relay_init() - prepare a relay that has no CPU yet
 * @relay: storage; its contents are ignored
 * @config: read during the call only, and so is psci_relay_config.firmware
 *
 * Takes no lock: no other CPU may know of the relay yet.
 *
 * Return: 0, or
 *   PSCI_ERR_INVALID: a size, the index, one of lock() and unlock(), or
 *   disable_functions is not as its comment wants it;
 *   PSCI_ERR_UNSUPPORTED: the firmware's PSCI has a major version above 1,
 *   whose calls the relay cannot know.
 */
int psci_relay_init(struct psci_relay *relay, const struct psci_relay_config *config);

/**
 * psci_relay_cpu_init() - add a CPU of the machine
 * @cpu: storage; its contents are ignored
 * @relay: where it belongs
 * @mpidr: its MPIDR_EL1, of which bits outside PSCI_TARGET_MASK do not matter
 * @context: what x0 holds at psci_relay_config.entry when this CPU arrives
 *	there; any value by which the monitor finds @cpu and its stack
 *
 * Before the OS runs, on any CPU. An OS can turn on only what was added.
 *
 * Return: 0, or
 *   PSCI_ERR_INVALID: @context does not fit in 32 bits, and the firmware has
 *   only the SMC32 twin of a function with an entry point;
 *   PSCI_ERR_EXISTS: the relay has a CPU with this MPIDR;
 *   PSCI_ERR_FULL: psci_relay_config.index has no slot left.
 */
int psci_relay_cpu_init(struct psci_relay_cpu *cpu, struct psci_relay *relay, uint64_t mpidr,
			uint64_t context);

/**
 * psci_relay_call() - decide what becomes of a call of the OS
 * @cpu: the CPU that executed the SMC
 * @regs: its registers, as psci_call() wants them. x[0] receives the answer if
 *	this function answers PSCI_RELAY_RETURN; it is unchanged otherwise.
 * @forward: written only if it answers PSCI_RELAY_FORWARD: x0 to x3 of the call
 *	that the monitor makes
 *
 * Every value of every register is allowed. The monitor has made sure that the
 * immediate of the SMC is 0; an SMC with any other gets x0 = -1.
 *
 * Return: what the monitor does; see enum psci_relay_next.
 */
enum psci_relay_next psci_relay_call(struct psci_relay_cpu *cpu, struct psci_regs *regs,
				     uint64_t forward[4]);

/**
 * psci_relay_return() - the firmware returned from a call that was forwarded
 * @cpu: the CPU that executed the SMC
 * @regs: as psci_relay_call() left them. x[0] receives the answer.
 * @x0: what the firmware returned in x0
 *
 * Called once for each PSCI_RELAY_FORWARD that returns, whichever call it was:
 * SYSTEM_SUSPEND and CPU_OFF can be denied, and a CPU_SUSPEND returns if the
 * firmware did not power the CPU down.
 */
void psci_relay_return(struct psci_relay_cpu *cpu, struct psci_regs *regs, uint64_t x0);

/**
 * psci_relay_arrive() - a CPU has come to the monitor's entry point
 * @cpu: the CPU that came, which the monitor's entry code finds by its context
 * @entry: receives where the OS starts, and how; see struct psci_entry
 *
 * psci_entry.wake tells a CPU that was asleep from one that was off. The OS
 * expects either to be as after reset, except that after a wake no interrupt
 * may be lost. Caches are on when a CPU calls this, or the monitor has cleaned
 * and invalidated what the other CPUs wrote to @cpu.
 *
 * Return: whether the OS asked for it. If not, @entry is unchanged, and the OS
 * must not run on this CPU: the firmware or a device did this.
 */
bool psci_relay_arrive(struct psci_relay_cpu *cpu, struct psci_entry *entry);

#ifdef __cplusplus
}
#endif

#endif /* PSCI_RELAY_H */
