/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of this process that a KVM VM has as its own. */
#ifndef VMM_MEMORY_MAP_H
#define VMM_MEMORY_MAP_H

#include "base/error.h"
#include "board/device.h"
#include "board/memory.h"

/**
 * Give a new KVM VM its RAM, and the ROM of those of the @count @devices that
 * have any: read-only, so that KVM hands a guest's writes to the bus. Returns
 * 0, or -errno with @error set.
 */
int memory_map_attach(int vm_fd, const struct memory *memory, const struct device *devices,
		      size_t count, struct error *error);

#endif
