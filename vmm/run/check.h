/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run of a VM would find, without one. */
#ifndef VMM_RUN_CHECK_H
#define VMM_RUN_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "environment/environment.h"
#include "record/cause.h"
#include "run/hindrances.h"
#include "run/images.h"

/** What follows if the VM is started unchanged. */
enum check_outcome {
	CHECK_RESUMES, /**< As far as dormouse can tell. */
	CHECK_BOOTS, /**< No image waits for it. */
	CHECK_DISCARDS, /**< It is a clone, whose image is another VM's. */
	CHECK_OTHER_IMAGE, /**< No image on its disks wants its hardware signature. */
	CHECK_NEW_SIGNATURE, /**< Another hardware signature makes the guest boot without its image. */
	CHECK_REFUSES, /**< The guest would not notice that its environment is another one. */
};

struct check {
	enum vm_state state;
	bool died; /**< Its dormouse was killed. */
	enum check_outcome outcome;
	uint32_t signature; /**< resume_kept_signature() */
	struct environment before; /**< As its guest left it; all unknown if it has none. */
	struct environment now;
	struct run_hindrances hindrances; /**< To its next hibernation. */
	struct run_places places; /**< On its disks, what may hold a hibernation image. */
};

/**
 * Compare the environment of the VM @name, which does not run, with what its
 * guest left. Nothing changes. Returns 0, and the caller calls check_free(); or
 * -errno with @error set.
 */
int run_check(const char *name, struct check *check, struct error *error);

void check_free(struct check *check);

#endif
