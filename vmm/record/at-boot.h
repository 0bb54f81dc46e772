/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mark of a VM that the shutdown of its host has stopped, and that starts
 * again at the host's next boot: the file resume-at-boot in its directory.
 *
 * The service that stops VMs makes the file, durably, before it asks the guest
 * to hibernate. A run removes it once it is recorded that the VM runs. So after
 * a crash of the host at any moment, a VM that the shutdown was about to stop
 * is marked.
 */
#ifndef VMM_AT_BOOT_H
#define VMM_AT_BOOT_H

#include <stdbool.h>

#include "base/error.h"

/** Whether the VM whose directory is @dir_fd is marked. */
bool at_boot_is_set(int dir_fd);

/**
 * Remove the mark, durably. @name: the VM's, for messages. Returns 0, also if
 * there was none, or -errno with @error set.
 */
int at_boot_clear(int dir_fd, const char *name, struct error *error);

#endif
