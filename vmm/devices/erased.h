/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that reads 0xff, as erased flash does: one small piece of it, which is
 * mapped again and again.
 */
#ifndef VMM_DEVICES_ERASED_H
#define VMM_DEVICES_ERASED_H

#include <stdint.h>

/**
 * The size of the piece. It is small, as it must be filled before the guest
 * starts; it is not too small, since each of its mappings costs the kernel some
 * memory, too.
 */
#define ERASED_SIZE (256ULL * 1024)

/** Make the piece. Returns a file descriptor, which its mappings outlive, or -errno. */
int erased_create(void);

/**
 * Map it, for reading only, in place of all that is mapped in
 * [host, host + size), which begins at a page boundary. Returns 0 or -errno.
 */
int erased_map(int fd, uint8_t *host, uint64_t size);

#endif
