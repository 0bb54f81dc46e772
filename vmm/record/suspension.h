/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest's SYSTEM_SUSPEND, for status and the record. */
#ifndef VMM_RECORD_SUSPENSION_H
#define VMM_RECORD_SUSPENSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "config/config.h"

/* Private and shared peripheral interrupts that a machine's GIC can have. */
#define SUSPENSION_INTERRUPTS_MAX 1004

struct suspension {
	bool known; /**< The guest is suspended, and the other fields are valid. */
	time_t since;
	unsigned int vcpu; /**< The caller. */
	uint64_t entry; /**< Its entry point, a guest physical address, */
	uint64_t context; /**< with this in x0. */

	/* What can wake it, besides the host. */
	bool console; /**< Input. */
	enum wake_on_net wake_on_net; /**< Frames; WAKE_ON_NET_NONE: it has no network. */
	bool alarm_set;
	time_t alarm; /**< The clock's, in the host's time, if set. */
	/** INTIDs, in order, of the interrupts that the guest left enabled. */
	uint16_t interrupts[SUSPENSION_INTERRUPTS_MAX];
	size_t interrupt_count;
};

/** Returns a new reference, or NULL if memory ran out. */
json_t *record_suspension_to_json(const struct suspension *suspension);

/** The reverse. Returns 0 or -EINVAL. */
int record_suspension_from_json(json_t *json, struct suspension *suspension);

#endif
