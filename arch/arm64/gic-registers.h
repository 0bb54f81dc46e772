/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers of GICv3 and GICv2 that our images use. */
#ifndef ARCH_ARM64_GIC_REGISTERS_H
#define ARCH_ARM64_GIC_REGISTERS_H

/* These are equal in GICv2's and GICv3's distributor and in a redistributor's SGI frame. */
#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ISPENDR 0x200
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICD_SGIR 0xf00
#define GICD_IROUTER 0x6000

#define GICD_TYPER_LINES 0x1f /* Words of 32 SPIs. */

#define GICD_CTLR_V2_ENABLE 0x1
#define GICD_CTLR_V3_ENABLE_GRP1 0x2
#define GICD_CTLR_V3_ARE 0x10
#define GICD_CTLR_V3_RWP 0x80000000

#define GICR_TYPER 0x008
#define GICR_WAKER 0x014
#define GICR_SGI_FRAME 0x10000
#define GICR_FRAMES_V3 0x20000
#define GICR_FRAMES_V4 0x40000
#define GICR_TYPER_VLPIS 0x2
#define GICR_TYPER_LAST 0x10
#define GICR_WAKER_PROCESSOR_SLEEP 0x2
#define GICR_WAKER_CHILDREN_ASLEEP 0x4

#define GICC_CTLR 0x00
#define GICC_PMR 0x04
#define GICC_IAR 0x0c
#define GICC_EOIR 0x10

#define PRIORITY_LOWEST 0xff
#define PRIORITY 0xa0a0a0a0
#define INTID_MASK 0x3ff
#define SGIS 0x0000ffff

/* An SGI's target in ICC_SGI1R_EL1. */
#define SGI1R_AFF1_SHIFT 16
#define SGI1R_INTID_SHIFT 24
#define SGI1R_AFF2_SHIFT 32
#define SGI1R_RS_SHIFT 44
#define SGI1R_AFF3_SHIFT 48

#endif
