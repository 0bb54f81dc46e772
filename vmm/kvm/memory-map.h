/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of this process that a KVM VM has as its own. */
#ifndef VMM_MEMORY_MAP_H
#define VMM_MEMORY_MAP_H

#include "base/error.h"
#include "board/memory.h"
#include "devices/flash.h"

/**
 * Give a new KVM VM its RAM and, if there is one, its flash: read-only, so KVM
 * passes a guest's writes to the bus. Returns 0, or -errno with @error set.
 */
int memory_map_attach(int vm_fd, const struct memory *memory, const struct flash *flash,
		      struct error *error);

#endif
