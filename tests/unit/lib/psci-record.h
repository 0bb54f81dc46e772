/* SPDX-License-Identifier: BSD-3-Clause */
/* Records of the machines of psci-power.h: making them, and damaging them. */
#ifndef TESTS_PSCI_RECORD_H
#define TESTS_PSCI_RECORD_H

#include "psci-power.h"

#include <psci/state.h>

/** A record in memory of exactly its size, so that ASan sees a step beyond it. */
struct record {
	uint8_t *bytes; /**< To be freed. */
	size_t size;
};

/** The record of a machine in its present state. */
struct record psci_record_save(struct power *p);

/** A machine that has been built, but never booted, on a clock of its own. */
void state_make_fresh(struct power *p, uint32_t version);

/** Reset what the host observed of lock() and entry_ok(). */
void state_forget_callbacks(struct power *p, const struct power *before);

/** Expect that a record is refused with this error, and the machine is unchanged. */
void state_check_refused(struct power *p, const uint8_t *bytes, size_t size, int expected);

/** The checksum of Ethernet and zip, a second time. */
uint32_t state_checksum(const uint8_t *bytes, size_t size);

/** Correct the checksum of a record whose bytes have been changed. */
void state_seal(struct record *r);

#endif
