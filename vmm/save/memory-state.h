/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's RAM in a stream: what is not zero. */
#ifndef VMM_SAVE_MEMORY_STATE_H
#define VMM_SAVE_MEMORY_STATE_H

#include "base/stream.h"
#include "board/memory.h"

/**
 * Serialize it; what is read goes to memory that is all zero. Nobody else may use it.
 * It must be as large as what was written was.
 */
void memory_state_serialize(const struct memory *memory, struct stream *stream);

#endif
