/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of the image of a guest that hibernated if its environment is
 * another one: the guest finds another hardware signature and boots
 * cleanly, or the run is refused.
 */
#ifndef VMM_RESUME_H
#define VMM_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "record/record.h"

struct resume {
	const char *name; /**< The VM's, for messages. */
	/** What was found, or NULL if the VM has no record. */
	const struct record *last;
	bool may_have_image; /**< The guest hibernated, or may have, */
	bool died; /**< since its dormouse was killed. */
	/**
	 * Whether the guest reads the hardware signature before it resumes.
	 * Only called if something has changed.
	 */
	bool (*reads_signature)(const void *context);
	const void *context;
	bool force; /**< The user takes the risk: nothing is compared. */
	bool discard; /**< The user wants the image to be lost. */
	bool strict; /**< The user decides, also where the guest would notice. */
};

/**
 * The hardware signature that the guest of @last finds again as long as nothing
 * differs; 0 if dormouse gives it no ACPI tables, so that it finds none.
 */
uint32_t resume_kept_signature(const struct record *last);

/**
 * Give @record a generation with which its signature is none that it gave any
 * guest, and count that as given. Returns 0, or -errno with @error set.
 */
int resume_begin_generation(struct record *record, struct error *error);

/**
 * Settle the generation and the signatures of @record, whose environment is
 * that of this run, all of it. Returns 0; or -EPERM with @error set, if the
 * guest would resume in an environment that it does not expect.
 *
 * @differences: what differs, if the guest finds another signature for it, so that
 * it boots cleanly instead of resuming; else empty.
 */
int resume_settle(const struct resume *resume, struct record *record, struct error *differences,
		  struct error *error);

#endif
