/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The entry points of CPUs: the first one enters as a Linux kernel does
 * (Documentation/arch/arm64/booting.rst), the others as CPU_ON starts them.
 */
#include "../arch/arm64/macros.inc"
#include "../arch/arm64/sysreg.h"
#include "runtime/layout.h"

	image_head primary_entry

	/* For programs that read the image: where its list of tests is, see test.h. */
	.ascii	"psci-conform 1\0\0"
	.long	relocations_start - .
	.long	relocations_end - .
	.long	catalogue - .
	.long	0

	.text

/* x0: device tree. MMU and data cache are off. */
primary_entry:
	msr	daifset, #DAIFSET_ALL
	msr	spsel, #1
	mov	x19, x0

	bl	image_prepare
	address	x0, primary_stack + PRIMARY_STACK_SIZE
	mov	sp, x0
	bl	prepare_el
	mov	x0, x19
	bl	map_first
	/* That wrote past the caches, too. */
	bl	image_forget_lines
	bl	mmu_enable
	mov	x0, x19
	bl	payload_main
4:	wfi
	b	4b

/* Let this exception level use floating point and take its interrupts. */
prepare_el:
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL_EL2
	b.eq	1f
	mov	x0, #CPACR_EL1_FPEN
	msr	cpacr_el1, x0
	address	x0, vectors
	msr	vbar_el1, x0
	isb
	ret
1:	mov	x0, #HCR_EL2_RW
	orr	x0, x0, #(HCR_EL2_IMO | HCR_EL2_FMO | HCR_EL2_AMO)
	msr	hcr_el2, x0
	isb
	mov	x0, #CPTR_EL2_RES1
	msr	cptr_el2, x0
	address	x0, vectors
	msr	vbar_el2, x0
	isb
	ret

/*
 * Where CPU_ON starts a CPU. The initial state that was observed stays in registers until
 * memory can be trusted, in the order of struct arrival.
 */
	.global secondary_entry
secondary_entry:
	mov	x19, x0
	mrs	x20, CurrentEL
	mrs	x21, daif
	mrs	x22, spsel
	cmp	x20, #CURRENT_EL_EL2
	b.eq	1f
	mrs	x23, sctlr_el1
	bic	x0, x23, #SCTLR_EE	/* Data is little-endian from here on. */
	msr	sctlr_el1, x0
	b	2f
1:	mrs	x23, sctlr_el2
	bic	x0, x23, #SCTLR_EE
	msr	sctlr_el2, x0
2:	isb
	msr	daifset, #DAIFSET_ALL
	msr	spsel, #1
	bl	prepare_el
	bl	mmu_enable

	mrs	x24, mpidr_el1
	ldr	x0, =MPIDR_AFFINITY
	and	x24, x24, x0
	address	x0, cpu_affinities
	mov	x25, #0
3:	ldr	x1, [x0, x25, lsl #3]
	cmp	x1, x24
	b.eq	4f
	add	x25, x25, #1
	cmp	x25, #CPU_MAX
	b.lo	3b
5:	wfi				/* A CPU that the device tree does not list. */
	b	5b

4:	address	x0, secondary_stacks
	add	x1, x25, #1
	mov	x2, #SECONDARY_STACK_SIZE
	madd	x0, x1, x2, x0
	mov	sp, x0
	stp	x23, xzr, [sp, #-16]!
	stp	x21, x22, [sp, #-16]!
	stp	x19, x20, [sp, #-16]!
	mov	x0, x25
	mov	x1, sp
	bl	secondary_main
6:	wfi
	b	6b

	.bss
	.balign	16
primary_stack:
	.skip	PRIMARY_STACK_SIZE
secondary_stacks:
	.skip	SECONDARY_STACK_SIZE * CPU_MAX
