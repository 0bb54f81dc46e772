/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small machine on a host that checks how the library uses its callbacks, and the ways
 * in which a test makes the machine's guest call PSCI.
 *
 * Every callback asserts the contract of psci.h: kick() comes without the lock,
 * entry_ok() with it, lock() and unlock() alternate.
 */
#ifndef TESTS_PSCI_FIXTURE_H
#define TESTS_PSCI_FIXTURE_H

#include <psci/psci.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/*
 * One vCPU in each affinity field: each of the first five differs from vCPU 0 in
 * one field only, the last one in all of them.
 */
#define FIXTURE_VCPU_COUNT 6
#define FIXTURE_MPIDRS                                                                 \
	{                                                                              \
		0, 0x1, 0x100, 0x10000, UINT64_C(0x100000000), UINT64_C(0x2300456789), \
	}
#define FIXTURE_ABSENT_MPIDR 0x2

/* Sentinels that no code produces by itself, one for each use. */
#define FIXTURE_ENTRY UINT64_C(0x40fee000)
#define FIXTURE_CONTEXT UINT64_C(0xc0ffee0012345678)
#define FIXTURE_BOOT_ENTRY UINT64_C(0x40080000)
#define FIXTURE_BOOT_CONTEXT UINT64_C(0x4fdb0000)

/** A machine, its host, and what the host observed. */
struct fixture {
	struct psci_machine machine;
	struct psci_vcpu vcpus[FIXTURE_VCPU_COUNT];
	struct psci_vcpu *index[2 * 8];
	struct psci_host host;
	struct psci_config config;
	uint64_t mpidrs[FIXTURE_VCPU_COUNT];
	/** What a vCPU's thread would know: vctx of vCPU i is &threads[i]. */
	struct fixture_thread {
		struct fixture *fixture;
		unsigned int kicks;
	} threads[FIXTURE_VCPU_COUNT];
	bool locked;
	unsigned int lock_count;
	uint64_t refused_entry; /**< entry_ok() refuses this address only. */
	uint64_t asked_entry; /**< The last argument of entry_ok(). */
	unsigned int asked_count;
};

/** Fill in host and configuration, but make no machine yet. 0: the library's newest version. */
void fixture_configure(struct fixture *f, uint32_t version);

/** Make machine and vCPUs from the configuration; all vCPUs are off. */
void fixture_make(struct fixture *f);

/** Both, then boot vCPU 0 and poll it: it is ON, the others are OFF, no vCPU was kicked. */
void fixture_boot(struct fixture *f, uint32_t version);

/** Start vCPU @i by a CPU_ON of vCPU 0 and its own poll, and forget the kick. */
void fixture_start(struct fixture *f, unsigned int i);

/** How many kicks vCPU @i, or all, have had since the last fixture_forget(). */
unsigned int fixture_kicks(const struct fixture *f, unsigned int i);
unsigned int fixture_all_kicks(const struct fixture *f);
void fixture_forget(struct fixture *f);

/** AFFINITY_INFO of vCPU @i as vCPU 0 sees it. */
int64_t fixture_affinity_info(struct fixture *f, unsigned int i);

/** The registers of an AArch64 call. */
struct psci_regs fixture_regs(uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3);

/** vCPU @i calls from AArch64 and continues. Returns its x0. Its x1 to x3 are unchanged. */
int64_t fixture_call(struct fixture *f, unsigned int i, uint32_t fid, uint64_t x1, uint64_t x2,
		     uint64_t x3);

/** As above from AArch32: the whole of x0 is returned, of which r0 is the low half. */
uint64_t fixture_call_aarch32(struct fixture *f, unsigned int i, uint32_t fid, uint64_t r1,
			      uint64_t r2, uint64_t r3);

/**
 * vCPU @i makes a call that must be answered with @code and have no other effect, as all
 * calls that are refused: it continues, and machine, vCPUs, index, x1 to x3 and the
 * number of kicks are unchanged.
 */
void fixture_answers_only(struct fixture *f, unsigned int i, struct psci_regs regs, int32_t code);

/** vCPU @i makes a call that must not return to the guest. @regs is unchanged. */
enum psci_next fixture_leave(struct fixture *f, unsigned int i, uint32_t fid, uint64_t x1,
			     uint64_t x2);

/**
 * A test in cmocka's list that asserts statements of docs/spec-map.txt. @ids names them,
 * such as "PSCI-CPU_ON-04" or several with a space between; they begin the test's name.
 */
#define PSCI_TEST(ids, test)                            \
	{                                               \
		ids " " #test, (test), NULL, NULL, NULL \
	}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
