/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines of an environment that follow from the VM's configuration. */
#ifndef VMM_ENVIRONMENT_CONFIG_H
#define VMM_ENVIRONMENT_CONFIG_H

#include "config/config.h"
#include "environment/environment.h"

/**
 * Set them, for a machine whose PSCI server and version are known. Returns 0 or
 * -ENOMEM.
 */
int environment_set_config(struct environment *environment, const struct config *config);

/**
 * Set what a record without an environment has of it, which an earlier dormouse
 * wrote: the lines that it compared. Returns 0 or -ENOMEM.
 */
int environment_set_former(struct environment *environment, const struct config *config);

/** Add a disk's entry to the disks. @identity may be empty. Returns 0 or -ENOMEM. */
int environment_add_disk(struct environment *environment, size_t number,
			 const struct disk_config *disk, const char *identity);

#endif
