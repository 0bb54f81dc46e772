/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/client.h - the caller's side of PSCI, for guests and firmware
 *
 * A kernel, a loader or a test provides a function that executes HVC or SMC,
 * probes once, and has every PSCI call as a C function. It needs client.c of
 * lib/ and nothing else of the library, no C library, and keeps no state but
 * what probing found. References are to DEN0022F.b by section name.
 *
 * Only the device tree or ACPI can tell which conduit to use, HVC or SMC: the
 * wrong instruction is undefined. Two functions read what they say.
 */
#ifndef PSCI_CLIENT_H
#define PSCI_CLIENT_H

#include <psci/abi.h>
#include <psci/env.h>
#include <psci/error.h>
#include <psci/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The instruction that makes a call. */
enum psci_conduit {
	PSCI_CONDUIT_NONE, /**< There is no PSCI, or none that can be called. */
	PSCI_CONDUIT_HVC,
	PSCI_CONDUIT_SMC,
};

/**
 * psci_conduit_from_method() - what the device tree says
 * @method: the property "method" of its node /psci, a string; or NULL
 *
 * Return: PSCI_CONDUIT_NONE if it is neither "hvc" nor "smc". From any thread.
 */
enum psci_conduit psci_conduit_from_method(const char *method);

/**
 * psci_conduit_from_acpi() - what ACPI says
 * @arm_boot_arch: the field ARM_BOOT_ARCH of the FADT
 *
 * Return: PSCI_CONDUIT_NONE without the flag PSCI_COMPLIANT. From any thread.
 */
enum psci_conduit psci_conduit_from_acpi(uint16_t arm_boot_arch);

/**
 * An implementation of PSCI, as a caller found it. The caller may read all
 * fields. Only psci_client_probe() writes them, so any thread may use it after
 * that.
 */
struct psci_client {
	/**
	 * Execute the conduit with x0 to x3 (r0 to r3) from @x, and put x0
	 * back. The instruction may change x1 to x17 (SMCCC 1.0), and memory as
	 * the caller sees it, of which the compiler must know. Called on the
	 * CPU that uses one of the functions below.
	 */
	void (*call)(void *ctx, uint64_t x[4]);
	void *ctx;
	bool aarch64; /**< The caller runs in AArch64 state. */
	uint32_t version; /**< PSCI_VERSION_0_2 or later. */
	uint32_t smccc_version; /**< SMCCC_VERSION_1_0 if it cannot be asked. */
	uint32_t fn32; /**< The functions with an FN32 id, by PSCI_FN_BIT(). */
	uint32_t fn64; /**< Those with an FN64 id, for an AArch64 caller. */
	uint32_t suspend_features; /**< PSCI_FEATURES of CPU_SUSPEND. */
	uint32_t off2_types; /**< PSCI_FEATURES of SYSTEM_OFF2, or 0. */
};

/**
 * psci_client_probe() - find out what an implementation has
 * @client: storage; its contents are ignored
 * @call: the conduit, see struct psci_client
 * @ctx: passed to @call
 * @aarch64: the caller runs in AArch64 state, and may use FN64 ids
 *
 * Calls PSCI_VERSION, and since 1.0 PSCI_FEATURES of every function. 0.2 has no
 * PSCI_FEATURES: there, the mandatory functions count as existing, and so do
 * the MIGRATE functions, which may then answer NOT_SUPPORTED.
 *
 * Return: 0, or
 *   PSCI_ERR_UNSUPPORTED: there is no PSCI 0.2 or later.
 */
int psci_client_probe(struct psci_client *client, void (*call)(void *ctx, uint64_t x[4]), void *ctx,
		      bool aarch64);

/**
 * psci_client_call() - make a call; the functions below are this with types
 * @fn32: the FN32 id of a function; its FN64 id is used if that exists
 * @x1: and so on: arguments; 0 for those that the function does not have
 *
 * Return: what the implementation answers, an error sign-extended to 64 bits.
 * Or, without a call, PSCI_RET_NOT_SUPPORTED if the function does not exist,
 * and PSCI_RET_INVALID_PARAMETERS if it has only its FN32 id and an argument
 * does not fit.
 */
uint64_t psci_client_call(const struct psci_client *client, uint32_t fn32, uint64_t x1, uint64_t x2,
			  uint64_t x3);

/** psci_client_code() - psci_client_call() of a function with an int32 result */
int32_t psci_client_code(const struct psci_client *client, uint32_t fn32, uint64_t x1, uint64_t x2,
			 uint64_t x3);

/**
 * psci_client_power_off() - turn the machine off
 * @hibernating: the caller has just saved itself to disk
 *
 * After a hibernation it calls SYSTEM_OFF2, if that exists, so that the owner
 * of the machine keeps its environment. It asks for HIBERNATE_OFF as type 0
 * first, then as 1: no implementation of any draft of PSCI 1.3 refuses both.
 * Otherwise, and if that fails, it calls SYSTEM_OFF.
 *
 * Return: only if the machine is still on; the answer of the last call.
 */
int32_t psci_client_power_off(const struct psci_client *client, bool hibernating);

/**
 * psci_client_restart() - reset the machine
 * @warm: keep the contents of memory, if SYSTEM_RESET2 exists; an
 *	implementation may still do a cold reset
 *
 * Return: only if the machine continues; the answer of the last call.
 */
int32_t psci_client_restart(const struct psci_client *client, bool warm);

/*
 * Each function of PSCI. Arguments and answers are the specification's. An
 * int32_t is a PSCI_RET_ code or, from 0 on, a value. Addresses (entry, base)
 * are physical. A target is an MPIDR and'd with PSCI_TARGET_MASK. The context
 * comes back in x0 at the entry, where MMU and caches are off.
 *
 * On success these do not return: CPU_OFF, CPU_FREEZE, SYSTEM_OFF, SYSTEM_OFF2,
 * SYSTEM_RESET, SYSTEM_RESET2. CPU_SUSPEND to a power-down state, and
 * SYSTEM_SUSPEND, continue at the entry; if a wake-up event is pending already,
 * an implementation may also return PSCI_RET_SUCCESS. CPU_DEFAULT_SUSPEND does
 * one or the other, depending on the state that the implementation chooses.
 */

static inline int32_t psci_client_cpu_suspend(const struct psci_client *client,
					      uint32_t power_state, uint64_t entry,
					      uint64_t context)
{
	return psci_client_code(client, PSCI_FN32_CPU_SUSPEND, power_state, entry, context);
}

static inline int32_t psci_client_cpu_off(const struct psci_client *client)
{
	return psci_client_code(client, PSCI_FN32_CPU_OFF, 0, 0, 0);
}

static inline int32_t psci_client_cpu_on(const struct psci_client *client, uint64_t target,
					 uint64_t entry, uint64_t context)
{
	return psci_client_code(client, PSCI_FN32_CPU_ON, target, entry, context);
}

static inline int32_t psci_client_affinity_info(const struct psci_client *client, uint64_t target,
						uint32_t lowest_level)
{
	return psci_client_code(client, PSCI_FN32_AFFINITY_INFO, target, lowest_level, 0);
}

static inline int32_t psci_client_migrate(const struct psci_client *client, uint64_t target)
{
	return psci_client_code(client, PSCI_FN32_MIGRATE, target, 0, 0);
}

static inline int32_t psci_client_migrate_info_type(const struct psci_client *client)
{
	return psci_client_code(client, PSCI_FN32_MIGRATE_INFO_TYPE, 0, 0, 0);
}

/** Returns an MPIDR, which is valid only if MIGRATE_INFO_TYPE is 0 or 1. */
static inline uint64_t psci_client_migrate_info_up_cpu(const struct psci_client *client)
{
	return psci_client_call(client, PSCI_FN32_MIGRATE_INFO_UP_CPU, 0, 0, 0);
}

static inline int32_t psci_client_system_off(const struct psci_client *client)
{
	return psci_client_code(client, PSCI_FN32_SYSTEM_OFF, 0, 0, 0);
}

static inline int32_t psci_client_system_reset(const struct psci_client *client)
{
	return psci_client_code(client, PSCI_FN32_SYSTEM_RESET, 0, 0, 0);
}

static inline int32_t psci_client_features(const struct psci_client *client, uint32_t fid)
{
	return psci_client_code(client, PSCI_FN32_PSCI_FEATURES, fid, 0, 0);
}

static inline int32_t psci_client_cpu_freeze(const struct psci_client *client)
{
	return psci_client_code(client, PSCI_FN32_CPU_FREEZE, 0, 0, 0);
}

static inline int32_t psci_client_cpu_default_suspend(const struct psci_client *client,
						      uint64_t entry, uint64_t context)
{
	return psci_client_code(client, PSCI_FN32_CPU_DEFAULT_SUSPEND, entry, context, 0);
}

static inline int32_t psci_client_node_hw_state(const struct psci_client *client, uint64_t target,
						uint32_t power_level)
{
	return psci_client_code(client, PSCI_FN32_NODE_HW_STATE, target, power_level, 0);
}

static inline int32_t psci_client_system_suspend(const struct psci_client *client, uint64_t entry,
						 uint64_t context)
{
	return psci_client_code(client, PSCI_FN32_SYSTEM_SUSPEND, entry, context, 0);
}

static inline int32_t psci_client_set_suspend_mode(const struct psci_client *client, uint32_t mode)
{
	return psci_client_code(client, PSCI_FN32_PSCI_SET_SUSPEND_MODE, mode, 0, 0);
}

/**
 * In microseconds; without an FN64 id, their low 32 bits. Check fn32 and fn64 of
 * @client first: if the function is absent, PSCI_RET_NOT_SUPPORTED is returned,
 * which looks like a number. So it is for psci_client_stat_count().
 */
static inline uint64_t psci_client_stat_residency(const struct psci_client *client, uint64_t target,
						  uint32_t power_state)
{
	return psci_client_call(client, PSCI_FN32_PSCI_STAT_RESIDENCY, target, power_state, 0);
}

static inline uint64_t psci_client_stat_count(const struct psci_client *client, uint64_t target,
					      uint32_t power_state)
{
	return psci_client_call(client, PSCI_FN32_PSCI_STAT_COUNT, target, power_state, 0);
}

static inline int32_t psci_client_system_reset2(const struct psci_client *client, uint32_t type,
						uint64_t cookie)
{
	return psci_client_code(client, PSCI_FN32_SYSTEM_RESET2, type, cookie, 0);
}

static inline int32_t psci_client_mem_protect(const struct psci_client *client, bool enable)
{
	return psci_client_code(client, PSCI_FN32_MEM_PROTECT, enable, 0, 0);
}

static inline int32_t psci_client_mem_protect_check_range(const struct psci_client *client,
							  uint64_t base, uint64_t length)
{
	return psci_client_code(client, PSCI_FN32_MEM_PROTECT_CHECK_RANGE, base, length, 0);
}

static inline int32_t psci_client_system_off2(const struct psci_client *client, uint32_t type)
{
	return psci_client_code(client, PSCI_FN32_SYSTEM_OFF2, type, 0, 0);
}

#ifdef __cplusplus
}
#endif

#endif /* PSCI_CLIENT_H */
