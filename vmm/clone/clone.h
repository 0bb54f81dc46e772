/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clone a VM: another one with its configuration and its past, and with disks,
 * a generation ID and a hardware signature of its own.
 *
 * Either there is a whole clone, on disk, or there is nothing of it, also if
 * this process is killed: the copies have no names until all of them are
 * complete, where the file system can do that (new-file.h), and the clone's
 * record, which makes it a VM, comes last. If it is killed between those two,
 * the complete copies remain.
 */
#ifndef VMM_CLONE_H
#define VMM_CLONE_H

#include <stddef.h>

#include "base/error.h"

struct clone_options {
	const char *from; /**< The VM's name. */
	const char *to; /**< The clone's. */
	/**
	 * Its disks, absolute paths, one for each writable disk of the VM, in
	 * their order; none: they are copied.
	 */
	char *const *disks;
	size_t disk_count;
};

/**
 * Clone a VM that does not run. Signals that would end the process are blocked
 * from here on, and seen to. Returns 0, or -errno with @error set: the VM is
 * unchanged, and there is no clone.
 */
int clone_vm(const struct clone_options *options, struct error *error);

#endif
