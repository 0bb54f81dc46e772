/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * As much of GICv3 or GICv2 as it takes to get SGIs and a timer's PPI.
 */
#ifndef PAYLOAD_RUNTIME_GIC_H
#define PAYLOAD_RUNTIME_GIC_H

#include <stdbool.h>
#include <stdint.h>

#define GIC_INTID_NONE 1020 /* From here on: spurious. */

/** Once, on the first CPU. False if there is no GIC that we know. */
bool gic_init(void);

/** On each CPU that wants interrupts: SGIs 0 to 15 and the virtual timer. */
bool gic_init_cpu(void);

/** Have an SPI come to this CPU, level-sensitive, and no more. */
void gic_enable_shared(uint32_t intid);
void gic_disable_shared(uint32_t intid);

/** Let no interrupt come to this CPU any more. False if there is no GIC that we know. */
bool gic_disable_all(void);

/** Send an SGI to the CPU with this affinity; @index counts for GICv2. */
void gic_send(uint64_t affinity, unsigned int index, unsigned int sgi);

uint32_t gic_acknowledge(void);
void gic_end(uint32_t ack);

/** Whether an interrupt waits to be taken by this CPU. */
bool gic_pending(uint32_t intid);

#endif
