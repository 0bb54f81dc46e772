/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of GICv3 or GICv2 that is needed to receive SGIs and a timer's PPI. */
#ifndef ARCH_ARM64_GIC_H
#define ARCH_ARM64_GIC_H

#include <stdbool.h>
#include <stdint.h>

#define GIC_INTID_NONE 1020 /* From here on: spurious. */
#define GIC_REDISTRIBUTORS_MAX 8

/** Where a GIC is. */
struct gic {
	unsigned int version; /**< 3, 2, or 0 for none. */
	uintptr_t distributor;
	uintptr_t cpu; /**< GICv2. */
	unsigned int redistributor_count;
	struct {
		uintptr_t base;
		uint64_t size;
	} redistributors[GIC_REDISTRIBUTORS_MAX];
	uint64_t redistributor_stride; /**< 0 if only GICR_TYPER tells. */
};

/** Once, on the first CPU. False if there is no GIC that we support. */
bool gic_init(const struct gic *gic);

/** On each CPU that needs interrupts: SGIs 0 to 15 and the virtual timer's. */
bool gic_init_cpu(uint32_t timer_intid);

/** Where the private interrupts of a CPU are configured; 0 if it is not found. */
uintptr_t gic_frame_of(const struct gic *gic, uint64_t affinity);

/** Of this CPU. */
uintptr_t gic_private_frame(void);

/** GICv3: let interrupts come to the CPU that has this frame. */
void gic_wake(uintptr_t private_frame);

/** Route an SPI to this CPU, level-sensitive, and do nothing else. */
void gic_enable_shared(uint32_t intid);
void gic_disable_shared(uint32_t intid);

/** Let no interrupt reach this CPU any more. False if there is no GIC that we support. */
bool gic_disable_all(void);

/** What ICC_SGI1R_EL1 and its kind take to send an SGI to the CPU with this affinity. */
uint64_t gic_sgi_to(uint64_t affinity, unsigned int sgi);

/** Send an SGI to the CPU with this affinity; @index counts for GICv2. */
void gic_send(uint64_t affinity, unsigned int index, unsigned int sgi);

uint32_t gic_acknowledge(void);
void gic_end(uint32_t ack);

/** Returns whether an interrupt is pending for this CPU. */
bool gic_pending(uint32_t intid);

#endif
