/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making files and their names durable.
 *
 * Some file systems (SMB, several of FUSE) cannot sync a directory and return
 * an error for it: they decide themselves when a name is durable, and no caller
 * can do more. That is not a failure. A sync that was attempted and failed is
 * one.
 */
#ifndef VMM_DURABLE_H
#define VMM_DURABLE_H

#include <stdbool.h>

/**
 * Whether @err, a -errno, says that the file system or the kernel lacks an
 * operation.
 */
bool durable_is_unsupported(int err);

/** fsync(), continued after a signal. Returns 0 or -errno. */
int durable_sync(int fd);

/** fdatasync(), continued after a signal. Returns 0 or -errno. */
int durable_sync_data(int fd);

/**
 * Make the names in the directory @fd durable. Returns 0, also where the file
 * system cannot sync directories, or -errno.
 */
int durable_sync_directory(int fd);

#endif
