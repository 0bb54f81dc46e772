/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the CPUs of the relay's test come in, at EL1. What they find is kept; before the MMU
 * is on, so that EL0 may execute anything, SMC and HVC are tried at EL0.
 */
#include "../../../arch/arm64/macros.inc"
#include "../../../arch/arm64/sysreg.h"
#include "guest.h"

#define SPSR_EL0_AARCH64 0x3c0
#define SPSR_EL0_AARCH32 0x1d0
#define A32_SMC 0xe1600070
#define A32_SMC_EQ 0x01600070	/* Not executed: Z is clear. */
#define A32_SVC 0xef000001
#define PFR0_EL0_AARCH32 2

	image_head entry

/* Run at EL0 until an exception, whose syndrome comes in \to. */
	.macro	try_at_el0 to, where, state
	adr	x0, \where
	msr	elr_el1, x0
	mov	x0, #\state
	msr	spsr_el1, x0
	adr	x28, 9f
	isb
	eret
9:	mov	\to, x0
	.endm

	.text
entry:
	mov	x19, x0
	mov	x20, x1
	mov	x21, x2
	mov	x22, x3
	mrs	x23, CurrentEL
	mrs	x24, daif
	mrs	x25, spsel
	mrs	x26, sctlr_el1
	bl	image_prepare
	address	x0, arrival
	stp	x19, x20, [x0]
	stp	x21, x22, [x0, #16]
	stp	x23, x24, [x0, #32]
	stp	x25, x26, [x0, #48]

	address	x0, el0_vectors
	msr	vbar_el1, x0
	isb
	try_at_el0 x20, smc_64, SPSR_EL0_AARCH64
	try_at_el0 x21, hvc_64, SPSR_EL0_AARCH64
	mov	x22, #-1
	mov	x23, #-1
	mrs	x0, id_aa64pfr0_el1
	and	x0, x0, #0xf
	cmp	x0, #PFR0_EL0_AARCH32
	b.ne	1f
	try_at_el0 x22, smc_32, SPSR_EL0_AARCH32
	try_at_el0 x23, smc_eq_32, SPSR_EL0_AARCH32
1:	address	x0, el0_syndromes
	stp	x20, x21, [x0]
	stp	x22, x23, [x0, #16]

	bl	image_forget_lines
	address	x0, stacks + STACK_SIZE
	mov	sp, x0
	bl	use_el1
	mov	x0, x19
	bl	map_first
	bl	image_forget_lines
	bl	mmu_enable
	mov	x0, x19
	bl	guest_main
2:	wfi
	b	2b

/* CPU_ON: x0 is the CPU's number and, above it, what else the caller gave. */
	.global	guest_secondary
guest_secondary:
	mov	x19, x0
	and	x20, x0, #0xff
	bl	use_el1
	bl	mmu_enable
	address	x0, stacks
	add	x1, x20, #1
	mov	x2, #STACK_SIZE
	madd	x0, x1, x2, x0
	mov	sp, x0
	mov	x0, x20
	lsr	x1, x19, #8
	bl	secondary_main
3:	wfi
	b	3b

use_el1:
	address	x0, vectors
	msr	vbar_el1, x0
	mov	x0, #CPACR_EL1_FPEN
	msr	cpacr_el1, x0
	isb
	ret

smc_64:
	smc	#0
	svc	#1
hvc_64:
	hvc	#0
	svc	#1
smc_32:
	.inst	A32_SMC
	.inst	A32_SVC
smc_eq_32:
	.inst	A32_SMC_EQ
	.inst	A32_SVC

	.balign	2048
el0_vectors:
	.skip	0x400
	mrs	x0, esr_el1
	br	x28
	.balign	0x200
	mrs	x0, esr_el1
	br	x28

	.macro	entry handler
	.balign	128
	frame_begin \handler
	.endm

	.balign	2048
vectors:
	.rept	16
	entry	on_exception
	.endr

on_exception:
	bl	exception
	b	frame_restore

	.bss
	.balign	16
	.global	arrival, el0_syndromes
arrival:
	.skip	64
el0_syndromes:
	.skip	32
stacks:
	.skip	STACK_SIZE * CPU_MAX
