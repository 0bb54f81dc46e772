/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Read, write or clear all of a range of a file, also where the kernel transfers it in
 * parts or a signal interrupts it.
 */
#ifndef VMM_RANGE_H
#define VMM_RANGE_H

#include <stddef.h>
#include <stdint.h>

/** Returns 0; -ENODATA if the file ends before the range does; or -errno. */
int range_read(int fd, uint64_t offset, void *bytes, size_t size);

/** Returns 0 or -errno; -EIO if nothing more can be written. */
int range_write(int fd, uint64_t offset, const void *bytes, size_t size);

/** Write zeros. Likewise. */
int range_write_zeros(int fd, uint64_t offset, uint64_t size);

/** Punch a hole, or write zeros where the file system has no holes. Likewise. */
int range_clear(int fd, uint64_t offset, uint64_t size);

/** Have the file end at @size, by a hole if it was shorter. Returns 0 or -errno. */
int range_set_end(int fd, uint64_t size);

#endif
