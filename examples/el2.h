/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * el2.h - what embed-el2.c and its assembly must agree on
 */
#ifndef EXAMPLES_EL2_H
#define EXAMPLES_EL2_H

#define CPU_COUNT 2
#define STACK_SHIFT 12

/* struct guest. */
#define GUEST_PC 248

/* Why guest_enter() returns. */
#define EXIT_TRAP 0
#define EXIT_INTERRUPT 1

/* TCR_EL2.PS and VTCR_EL2.PS. */
#define PA_40_BITS 0x20000

/*
 * Level 1 blocks: accessed, inner shareable, Device-nGnRE or Normal write-back.
 * Stage 1 has the attribute's index in MAIR_EL2, and never executes devices; stage
 * 2 has the attribute itself, and says that the guest may read and write.
 */
#define BLOCK_DEVICE 0x0040000000000441
#define BLOCK_NORMAL 0x0000000000000745
#define STAGE2_DEVICE 0x00400000000004c5
#define STAGE2_NORMAL 0x00000000000007fd

#endif
