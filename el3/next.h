/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The next stage: a kernel that QEMU's user gave, or what a loader has left in
 * RAM.
 */
#ifndef EL3_NEXT_H
#define EL3_NEXT_H

#include <stdbool.h>
#include <stdint.h>

#define NEXT_CMDLINE_MAX 4096

struct next {
	uint64_t entry;
	bool from_qemu; /**< By fw_cfg; else it was in RAM. */
	/* From QEMU only. */
	uint64_t initrd;
	uint64_t initrd_size; /**< 0 if there is none. */
	const char *cmdline; /**< Never NULL. */
};

/** Find it, and load it if it is QEMU's. NULL, or why there is none. */
const char *next_find(struct next *next);

#endif
