/* SPDX-License-Identifier: BSD-3-Clause */
/* What of this process's memory a KVM VM has, and where. */
#ifndef VMM_MEMORY_MAP_H
#define VMM_MEMORY_MAP_H

#include "base/error.h"
#include "board/memory.h"
#include "devices/flash.h"

/**
 * Give a new KVM VM its RAM and, if there is one, its flash: read-only, so that
 * KVM hands a guest's writes to the bus. Returns 0, or -errno with @error set.
 */
int memory_map_attach(int vm_fd, const struct memory *memory, const struct flash *flash,
		      struct error *error);

#endif
