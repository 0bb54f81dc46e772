/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of this process that the guest reads and runs, and cannot write. */
#ifndef VMM_ROM_H
#define VMM_ROM_H

#include <stdbool.h>
#include <stdint.h>

/** All of a device's window. */
struct rom {
	const int *vm_fd; /**< As in struct irq_line. */
	uint64_t base; /**< Of one of the board's banks of flash. */
	uint64_t size;
	void *host;
};

/**
 * Have the guest read @rom without an exit, or else have the bus answer its
 * reads; writes go to the bus in any case. From any thread, a vCPU's among them
 * while it is out of KVM_RUN; other vCPUs may run, and find either. Two threads
 * must not do it for one ROM at the same time. Without effect between two power
 * cycles: the next one begins with the ROM that each device has.
 *
 * Returns 0 or -errno, and then nothing has changed.
 */
int rom_show(const struct rom *rom, bool shown);

#endif
