/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second PSCI implementation, for machines of a few vCPUs, with which the library is
 * compared. It is written from the specification, says everything in the plainest way,
 * and shares numbers and types with the library, never code.
 */
#ifndef TESTS_MODEL_REFERENCE_H
#define TESTS_MODEL_REFERENCE_H

#include <psci/psci.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REF_VCPU_MAX 3

#define REF_DOMAIN_COUNT 3

/** The state of a vCPU. */
enum ref_state {
	REF_OFF,
	REF_PENDING,
	REF_ON,
	REF_ASLEEP,
	REF_FROZEN,
};

/**
 * What a host described. Domains, if any: vCPUs 0 and 1 are in domain 0, vCPU 2
 * is in domain 1, both of level 1; domain 2, of level 2, has both.
 */
struct ref_platform {
	uint32_t version;
	uint32_t enabled; /**< Bit n: the host enables function number n. */
	uint32_t disabled; /**< Bit n: function number n is not there. */
	const struct psci_idle_state *states;
	size_t state_count;
	bool extended_state_id;
	bool domains;
	bool memory; /**< It can overwrite memory. */
	bool vendor_reset; /**< It has the vendor-specific resets below. */
	bool refuses; /**< vCPU 1 cannot be started and takes no trusted OS. */
	bool hide_on_pending;
	uint8_t availability[REF_VCPU_MAX]; /**< An enum psci_vcpu_availability. */
	enum psci_trusted_os trusted_os;
	uint64_t trusted_os_home;
	struct psci_fids_0_1 fids_0_1;
	uint64_t refused_entry; /**< The one address without memory. */
	uint64_t mpidr[REF_VCPU_MAX];
	unsigned int vcpu_count;
};

/* The vendor-specific resets: one works, the others answer this. */
#define REF_VENDOR_RESET 0x80000001
#define REF_VENDOR_CODE 0x80000002 /**< -1000 */
#define REF_VENDOR_DENIED 0x80000003
#define REF_VENDOR_NONSENSE 0x80000004 /**< -100, which no guest may see */

/* The range of memory that the platform overwrites; no part of a larger one. */
#define REF_MEMORY_BASE UINT64_C(0x40000000)
#define REF_MEMORY_SIZE UINT64_C(0x10000000)

/**
 * A machine. Only fields that count are set: all else is zero, so that equal machines are
 * equal bytes.
 */
struct ref_machine {
	const struct ref_platform *platform;
	struct psci_entry entry[REF_VCPU_MAX]; /**< Where it starts or wakes up next, if it does. */
	uint64_t trusted_os_at;
	struct psci_event event; /**< Its vctx stays NULL, the caller is below. */
	uint8_t event_caller;
	uint8_t state[REF_VCPU_MAX];
	uint8_t depth[REF_VCPU_MAX][4]; /**< Of a vCPU that does not run: its request for each
					 * level. */
	uint8_t domain_depth[REF_DOMAIN_COUNT]; /**< Of a domain in which no vCPU runs. */
	bool by_default[REF_VCPU_MAX]; /**< Asleep by CPU_DEFAULT_SUSPEND. */
	bool os_initiated;
	bool has_suspended; /**< A vCPU has, since boot or the last change of mode. */
	bool memory_protected;
};

/* reference-offer.c: which functions there are. */

/** The number of a function that this caller has, or -1. Bit 16 is SVE's hint. */
int ref_offered(const struct ref_machine *m, uint32_t fid, bool aarch32);
/** Whether a function of this number, which must exist, has an SMC64 id too. */
bool ref_has_smc64(int number);
/** The answer of PSCI_FEATURES. */
int32_t ref_features(const struct ref_machine *m, uint32_t fid, bool aarch32);

/* reference-power.c: which vCPUs sleep, and how deeply. */

/** vCPU @i stops running; @depth has its request for each level. */
void ref_sleep(struct ref_machine *m, unsigned int i, enum ref_state state, const uint8_t depth[4]);
/** vCPU @i runs. */
void ref_run(struct ref_machine *m, unsigned int i);
/** The power state for CPU_SUSPEND, of which vCPU @i has all levels, or NULL. */
const struct psci_idle_state *ref_find_state(const struct ref_machine *m, unsigned int i,
					     uint32_t power_state);
/** The power state of CPU_DEFAULT_SUSPEND. */
const struct psci_idle_state *ref_default_state(const struct ref_machine *m);
/** Returns whether OS-initiated mode lets vCPU @i have this. */
int32_t ref_check_os_initiated(const struct ref_machine *m, unsigned int i,
			       const struct psci_idle_state *state);
int32_t ref_node_hw_state(const struct ref_machine *m, unsigned int i, uint32_t level);
int32_t ref_set_suspend_mode(struct ref_machine *m, unsigned int caller, uint32_t mode);

extern const uint8_t ref_off_depth[4];

/** What becomes of the vCPU that called, polled or woke up. */
struct ref_answer {
	enum psci_next next;
	uint64_t x0; /**< After a call with a result. */
	bool has_x0; /**< Whether x0 is written. */
	struct psci_entry entry; /**< On PSCI_NEXT_START. */
};

struct ref_answer ref_call(struct ref_machine *m, unsigned int caller,
			   const struct psci_regs *regs);
struct ref_answer ref_poll(struct ref_machine *m, unsigned int vcpu);
struct ref_answer ref_wake(struct ref_machine *m, unsigned int vcpu);
bool ref_wake_machine(struct ref_machine *m);
bool ref_deny(struct ref_machine *m);
void ref_init(struct ref_machine *m, const struct ref_platform *platform);
void ref_boot(struct ref_machine *m, unsigned int vcpu, const struct psci_entry *entry);

#endif
