/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tell apart versions of a large file without reading all of it: a hash of its
 * size and of pieces that lie evenly from its beginning to its end. Two builds
 * of a program or an archive differ nearly everywhere; a file that was
 * changed on purpose in between the pieces has the same hash.
 */
#ifndef VMM_SAMPLE_H
#define VMM_SAMPLE_H

#include <stdint.h>

/** Returns 0 with @hash filled in, or -errno of reading @fd, -ENODATA at an early end. */
int sample_file(int fd, uint64_t size, uint64_t *hash);

#endif
