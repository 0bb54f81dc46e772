/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's RAM in a stream: what is not zero. */
#ifndef VMM_SAVE_MEMORY_STATE_H
#define VMM_SAVE_MEMORY_STATE_H

#include "base/stream.h"
#include "board/memory.h"

/**
 * Serialize it; it is loaded into memory that is all zero. No other thread may
 * access it. It must be as large as the saved memory was.
 */
void memory_state_serialize(const struct memory *memory, struct stream *stream);

#endif
