/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's RAM in pieces of a file, which a host can map: memory-index.h. */
#ifndef VMM_SAVE_MEMORY_FILE_H
#define VMM_SAVE_MEMORY_FILE_H

#include "base/error.h"
#include "board/memory.h"
#include "host/memory-index.h"

/**
 * Write what is not zero to @fd, straight from the guest's memory, which no
 * other thread may access. Parts that the host has no pages for are not read.
 * @index is empty, with the position where to begin.
 *
 * @former: NULL if the file has nothing where RAM will be; or what it has there, and
 *   both are placed. Then a piece is not written if the file has its bytes already,
 *   which is read to compare it, and what is zero now is a hole, or zeros.
 *
 * Returns 0; -ECANCELED if the user wants dormouse to end (interrupt.h); or another
 * -errno.
 */
int memory_file_write(int fd, const struct memory *memory, const struct memory_index *former,
		      struct memory_index *index);

/**
 * Read all of it into @memory, which is zero. Returns 0; -EBADMSG if a piece is damaged; -ENODATA if the file ends too
 * early; -ECANCELED; or another -errno.
 */
int memory_file_read(int fd, const struct memory_index *index, const struct memory *memory);

/** Verify all pieces. Likewise. */
int memory_file_verify(int fd, const struct memory_index *index);

/** Verify the pieces in @from and copy them to @to, where they are packed. Likewise. */
int memory_file_copy(int from, int to, const struct memory_index *index);

#endif
