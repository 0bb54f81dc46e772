/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CRC-32C (Castagnoli), as in iSCSI (RFC 3720) and ext4: finds what a disk or a
 * transfer damaged, and no forgery. By the CPU's instructions where it has
 * them. From any thread.
 */
#ifndef VMM_CRC32C_H
#define VMM_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/**
 * The checksum of what @sum is of, and @size more bytes; 0 is that of no bytes.
 */
uint32_t crc32c(uint32_t sum, const void *bytes, size_t size);

/** The same without the CPU's instructions. Private, for tests. */
uint32_t crc32c_by_table(uint32_t sum, const void *bytes, size_t size);

#endif
