/* SPDX-License-Identifier: BSD-3-Clause */
/* One run of a VM: reads its record, runs it, and records its end. */
#ifndef VMM_RUN_H
#define VMM_RUN_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"

struct save_file;

struct run_options {
	const char *name;
	/**
	 * The VM's configuration. Without a kernel, the record's is used,
	 * except for the console and the reset policies that are not NONE.
	 */
	struct config config;
	/**
	 * A file that the variables of the configuration's firmware begin as, if
	 * there are none yet; NULL: they begin erased.
	 */
	char *vars_template;
	struct save_file *from; /**< The saved machine to restore, or NULL. */
	bool parked; /**< Of @from: its guest sleeps on in that file, which is the machine's then. */
	bool force; /**< Run it although what its guest relies on may have changed. */
	bool discard; /**< See to it that its guest boots without an image. */
	bool strict; /**< Refuse it if what its guest relies on has changed. */
};

/**
 * Run a VM until it powers off, hibernates, crashes or is stopped from outside.
 * Logs its events to standard error.
 *
 * Returns the exit status that `dormouse run` documents, or a negative value
 * with @error set if it failed.
 */
int run(const struct run_options *options, struct error *error);

#endif
