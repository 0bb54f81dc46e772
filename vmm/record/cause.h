/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reason for which the state of a VM changed, for the record and messages.
 */
#ifndef VMM_CAUSE_H
#define VMM_CAUSE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "record/lifecycle.h"

#define CAUSE_VCPU_NONE (-1)

/** What led to a state. */
struct cause {
	enum vm_trigger trigger;
	/**
	 * The PSCI function that the guest called, or, for a trigger that is
	 * not the guest's, the reason in words. Empty if unknown.
	 */
	char what[160];
	bool type_known; /**< KVM does not report SYSTEM_OFF2's arguments. */
	uint32_t type; /**< reset_type, or SYSTEM_OFF2's type. */
	uint64_t cookie;
	int vcpu; /**< The vCPU that called, or CAUSE_VCPU_NONE. */
	bool reset2; /**< Of a reset: by SYSTEM_RESET2. Not recorded. */
	bool warm; /**< Of a reset: memory keeps its contents. Not recorded. */
	bool by_host; /**< Of a reset: requested by the host, not the guest. Not recorded. */
	bool panicked; /**< Of a reset: the guest said that it panicked. Not recorded. */
	time_t when; /**< Wall clock. */
};

/**
 * Fill in a cause without arguments, as of now. @what is truncated if it is too
 * long.
 */
void cause_set(struct cause *cause, enum vm_trigger trigger, int vcpu, const char *what);

/**
 * Whether @later, and not @first, is the cause that ended a power cycle. The
 * first one is, with one exception: if the host stopped a guest that was about
 * to report its power-off or hibernation, the guest's report counts, since its
 * image is complete.
 */
bool cause_outranks(const struct cause *later, const struct cause *first);

#define CAUSE_TEXT_SIZE 256

/** Format a cause, such as "SYSTEM_OFF2, type 0, from vCPU 0". */
void cause_format(const struct cause *cause, char text[CAUSE_TEXT_SIZE]);

#endif
