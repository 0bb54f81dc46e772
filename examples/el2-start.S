/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The assembly of embed-el2.c: how its CPUs come in, and the way to EL1 and back.
 * Who loads the ELF file fills .bss with zeroes.
 */
#include "../arch/arm64/sysreg.h"
#include "el2.h"

	.section .head, "ax"
	.global	start
start:
	mov	x19, #0
	b	enter
	/* CPU_ON comes here, with the number of the CPU as context id. */
	.global	el2_secondary
el2_secondary:
	mov	x19, x0

/*
 * MMU and caches go on before anything is written: what the locks need, exclusive
 * accesses, is certain in cacheable memory only.
 */
enter:
	msr	daifset, #DAIFSET_ALL
	msr	spsel, #1
	adr	x0, map
	ldr	x1, =MAIR_VALUE
	ldr	x2, =(TCR_COMMON | TCR_EL2_RES1 | PA_40_BITS)
	ldr	x3, =(SCTLR_EL2_RES1 | SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_SA)
	msr	ttbr0_el2, x0
	msr	mair_el2, x1
	msr	tcr_el2, x2
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el2, x3
	isb

	adr	x0, vectors
	msr	vbar_el2, x0
	mov	x0, #CPTR_EL2_RES1
	msr	cptr_el2, x0
	/* What the guest sees of memory. */
	adr	x0, stage2_map
	ldr	x1, =(TCR_COMMON & 0x3fff | 1 << 6 | 1 << 31 | PA_40_BITS)
	msr	vttbr_el2, x0
	msr	vtcr_el2, x1
	isb
	tlbi	vmalls12e1
	dsb	nsh

	ldr	x0, =stacks
	add	x1, x19, #1
	add	x0, x0, x1, lsl #STACK_SHIFT
	mov	sp, x0
	isb
	mov	x0, x19
	bl	el2_main
1:	wfi
	b	1b

/*
 * int guest_enter(struct guest *guest): run it until it traps or an interrupt
 * comes; returns which, EXIT_TRAP or EXIT_INTERRUPT. The floating-point registers
 * are not saved: nothing at EL2 is compiled to use them.
 */
	.global	guest_enter
guest_enter:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	msr	tpidr_el2, x0
	ldp	x1, x2, [x0, #GUEST_PC]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	eret

/* SP is what guest_enter() left. x0 and x1 are on it, x1 is what to return. */
guest_leave:
	mrs	x0, tpidr_el2
	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	str	x30, [x0, #240]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [x0, #GUEST_PC]
	mov	x0, x1
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

	.macro	from_guest reason
	.balign	128
	stp	x0, x1, [sp, #-16]!
	mov	x1, #\reason
	b	guest_leave
	.endm

	.macro	from_here
	.balign	128
	bl	el2_fault
	.endm

	.balign	2048
vectors:
	.rept	8
	from_here
	.endr
	from_guest EXIT_TRAP
	from_guest EXIT_INTERRUPT
	from_here
	from_guest EXIT_TRAP
	.rept	4
	from_here
	.endr

/* Blocks of 1 GiB: devices, the guest's memory, and from 0x80000000 our own. */
	.data
	.balign	4096
map:
	.quad	0x00000000 | BLOCK_DEVICE
	.quad	0x40000000 | BLOCK_NORMAL
	.quad	0x80000000 | BLOCK_NORMAL
	.balign	4096
stage2_map:
	.quad	0x00000000 | STAGE2_DEVICE
	.quad	0x40000000 | STAGE2_NORMAL
	.balign	4096

	.bss
	.balign	16
stacks:
	.skip	CPU_COUNT << STACK_SHIFT
