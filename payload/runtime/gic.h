/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of GICv3 or GICv2 that is needed to receive SGIs and a timer's PPI. */
#ifndef PAYLOAD_RUNTIME_GIC_H
#define PAYLOAD_RUNTIME_GIC_H

#include <stdbool.h>
#include <stdint.h>

#define GIC_INTID_NONE 1020 /* From here on: spurious. */

/** Once, on the first CPU. False if there is no GIC that we support. */
bool gic_init(void);

/** On each CPU that needs interrupts: SGIs 0 to 15 and the virtual timer. */
bool gic_init_cpu(void);

/** Route an SPI to this CPU, level-sensitive, and do nothing else. */
void gic_enable_shared(uint32_t intid);
void gic_disable_shared(uint32_t intid);

/** Let no interrupt reach this CPU any more. False if there is no GIC that we support. */
bool gic_disable_all(void);

/** Send an SGI to the CPU with this affinity; @index counts for GICv2. */
void gic_send(uint64_t affinity, unsigned int index, unsigned int sgi);

uint32_t gic_acknowledge(void);
void gic_end(uint32_t ack);

/** Returns whether an interrupt is pending for this CPU. */
bool gic_pending(uint32_t intid);

#endif
