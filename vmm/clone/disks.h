/* SPDX-License-Identifier: BSD-3-Clause */
/* The disks of a clone: copies that dormouse makes, or files of its user's. */
#ifndef VMM_CLONE_DISKS_H
#define VMM_CLONE_DISKS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/new-file.h"
#include "clone/clone.h"
#include "config/config.h"
#include "environment/environment.h"
#include "host/disk.h"

/** One for each disk of the VM; a read-only one is shared. Private. */
struct clone_disk {
	struct disk from; /**< Locked for reading. */
	bool is_open;
	char *path; /**< Of the clone's; NULL: it is shared. */
	struct disk to; /**< The user's file, */
	bool is_given;
	struct new_file copy; /**< or a copy. */
	bool is_begun, is_published;
};

struct clone_disks {
	const struct clone_options *options;
	const struct config *config; /**< The VM's. */
	struct clone_disk all[CONFIG_DISKS_MAX];
};

/**
 * Open the VM's disks and the clone's, which are all zero but for the first two
 * fields, and check them; nothing is copied yet. Returns 0, or -errno with
 * @error set; either way clone_disks_close() follows.
 */
int clone_disks_open(struct clone_disks *disks, struct error *error);

/**
 * Check that the user's files are as large as the VM's disks. As above.
 */
int clone_disks_check_sizes(const struct clone_disks *disks, struct error *error);

/**
 * The VM's disks, as the line of its environment. Returns 0, or -errno with
 * @error set.
 */
int clone_disks_read(const struct clone_disks *disks, struct environment *environment,
		     struct error *error);

/** Copy what is to be copied, durably. Returns 0, or -errno with @error set. */
int clone_disks_copy(struct clone_disks *disks, struct error *error);

/**
 * Give the clone's disks generations of their own, and describe all as the line
 * of its environment, by the paths that it will have. As above.
 */
int clone_disks_describe(struct clone_disks *disks, struct environment *environment,
			 struct error *error);

/** Put the clone's disks into its configuration. As above. */
int clone_disks_configure(const struct clone_disks *disks, struct config *config,
			  struct error *error);

/** Give the copies their names, durably. As above. */
int clone_disks_publish(struct clone_disks *disks, struct error *error);

/**
 * Close all. Copies are removed, unless @keep says that they are a clone's now.
 */
void clone_disks_close(struct clone_disks *disks, bool keep);

/**
 * Make the path beside @path, DIR/NAME-FILE. Returns 0 or -ENOMEM with @error
 * set.
 */
int clone_path_beside(const char *path, const char *name, char **beside, struct error *error);

#endif
