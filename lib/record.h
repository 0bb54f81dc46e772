/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bytes of a record, see psci/state.h: what each part holds and in what order.
 *
 *	envelope	magic, format, size; a CRC-32 at the end
 *	machine		what is there once, and how many of the rest there are
 *	power states	as described by the host
 *	domains		in the order of their numbers, downwards
 *	vCPUs		by MPIDR
 *
 * All integers are little-endian. The envelope is the same in every format.
 */
#ifndef PSCI_RECORD_H
#define PSCI_RECORD_H

#include <psci/env.h>
#include <psci/psci.h>

#define RECORD_MAGIC UINT32_C(0x49435350) /* "PSCI" */
/* Format 1 had no MACHINE_HIDE_ON_PENDING, and is otherwise equal. */
#define RECORD_FORMAT 2
#define RECORD_FORMAT_OLDEST 1
#define RECORD_NO_DOMAIN UINT32_MAX

/** Sizes of the parts in bytes. */
enum {
	ENVELOPE_SIZE = 12,
	CHECKSUM_SIZE = 4,
	MACHINE_SIZE = 72,
	IDLE_STATE_SIZE = 9,
	NODE_SIZE = 17,
	DOMAIN_SIZE = NODE_SIZE + 1,
	VCPU_SIZE = NODE_SIZE + 28,
	STAT_SIZE = 16,
};

/** The bits of machine_record.flags. */
enum {
	MACHINE_EXTENDED_STATE_ID = 1,
	MACHINE_HIDE_ON_PENDING = 2,
	MACHINE_ALL = 3,
};

/** The bits of a vCPU's entry. */
enum {
	ENTRY_AARCH32 = 1,
	ENTRY_T32 = 2,
	ENTRY_BIG_ENDIAN = 4,
	ENTRY_WAKE = 8,
	ENTRY_ALL = 15,
};

/** The machine's part. */
struct machine_record {
	uint32_t version;
	uint32_t offered;
	uint32_t fids[4];
	uint8_t flags;
	uint8_t os_initiated;
	uint8_t suspend_called;
	uint8_t memory_protected;
	uint8_t trusted_os;
	uint8_t event_kind;
	uint8_t overwrite_memory;
	uint8_t has_stats;
	uint32_t event_type;
	uint64_t event_cookie;
	uint64_t event_mpidr;
	uint64_t trusted_os_mpidr;
	uint32_t idle_state_count;
	uint32_t domain_count;
	uint32_t vcpu_count;
};

/** What a vCPU and a domain have in common. */
struct node_record {
	uint32_t parent; /**< The number of a domain, or RECORD_NO_DOMAIN. */
	uint8_t request[PSCI_POWER_LEVEL_COUNT];
	uint8_t counted;
	uint64_t elapsed; /**< Microseconds in this state so far. */
};

/** A vCPU's part, which follows that of its node. */
struct vcpu_record {
	struct node_record node;
	uint64_t mpidr;
	uint64_t pc;
	uint64_t x0;
	uint8_t entry_flags;
	uint8_t state;
	uint8_t availability;
	uint8_t default_suspend;
};

/**
 * One pass over a record, in either direction: what describes a part is written
 * once, and what was saved is what is restored. @out is NULL to read.
 */
struct record_pass {
	uint8_t *out;
	const uint8_t *in;
};

/** Write @value, or read and return one; @size is in bytes. */
uint64_t psci_record_move(struct record_pass *pass, uint64_t value, unsigned int size);

void psci_record_move_machine(struct record_pass *pass, struct machine_record *r);
void psci_record_move_idle_state(struct record_pass *pass, struct psci_idle_state *state);
void psci_record_move_node(struct record_pass *pass, struct node_record *r);
void psci_record_move_vcpu(struct record_pass *pass, struct vcpu_record *r);
void psci_record_move_stats(struct record_pass *pass, struct psci_stat *stats, uint32_t count);

/** Whether the record of @machine holds the statistics of PSCI_STAT. */
bool psci_record_has_stats(const struct psci_machine *machine);

/** How many vCPUs, and how many power domains, @machine has. */
uint32_t psci_record_count_vcpus(const struct psci_machine *machine);
uint32_t psci_record_count_domains(const struct psci_machine *machine);

/** The checksum of Ethernet and zip: it detects any change within 32 adjoining bits. */
uint32_t psci_record_checksum(const uint8_t *bytes, size_t size);

/**
 * The size of a record with so many parts, of any number. Too many wrap around;
 * a caller that compares the size must compare the counts, too.
 */
uint64_t psci_record_size(const struct machine_record *r);

#endif /* PSCI_RECORD_H */
