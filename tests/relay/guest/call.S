/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls with all general registers. Between them only TPIDR_EL0 knows where they are. */
#include "../../../arch/arm64/sysreg.h"
#include "guest.h"

#define MDSCR_SS 0x1
#define MDSCR_KDE 0x2000
#define SPSR_AIF 0x1c0

	.macro	make_call instruction:vararg
	mov	x30, x0
	ldp	x2, x3, [x30, #16]
	ldp	x4, x5, [x30, #32]
	ldp	x6, x7, [x30, #48]
	ldp	x8, x9, [x30, #64]
	ldp	x10, x11, [x30, #80]
	ldp	x12, x13, [x30, #96]
	ldp	x14, x15, [x30, #112]
	ldp	x16, x17, [x30, #128]
	ldp	x18, x19, [x30, #144]
	ldp	x20, x21, [x30, #160]
	ldp	x22, x23, [x30, #176]
	ldp	x24, x25, [x30, #192]
	ldp	x26, x27, [x30, #208]
	ldp	x28, x29, [x30, #224]
	ldp	x0, x1, [x30]
	ldr	x30, [x30, #240]
	\instruction
	b	store
	.endm

	.text

/* void call_registers(uint64_t x[31], enum call_kind kind) */
	.global	call_registers
call_registers:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	msr	tpidr_el0, x0
	cmp	w1, #CALL_HVC
	b.eq	1f
	cmp	w1, #CALL_SMC_1
	b.eq	2f
	cmp	w1, #CALL_HVC_1
	b.eq	3f
	make_call smc #0
1:	make_call hvc #0
2:	make_call smc #1
3:	make_call hvc #0xffff

store:
	msr	tpidrro_el0, x30
	mrs	x30, tpidr_el0
	stp	x0, x1, [x30]
	stp	x2, x3, [x30, #16]
	stp	x4, x5, [x30, #32]
	stp	x6, x7, [x30, #48]
	stp	x8, x9, [x30, #64]
	stp	x10, x11, [x30, #80]
	stp	x12, x13, [x30, #96]
	stp	x14, x15, [x30, #112]
	stp	x16, x17, [x30, #128]
	stp	x18, x19, [x30, #144]
	stp	x20, x21, [x30, #160]
	stp	x22, x23, [x30, #176]
	stp	x24, x25, [x30, #192]
	stp	x26, x27, [x30, #208]
	stp	x28, x29, [x30, #224]
	mrs	x0, tpidrro_el0
	str	x0, [x30, #240]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

/* void step_over_smc(uint64_t x0): one step, at an SMC. */
	.global	step_over_smc, behind_smc
step_over_smc:
	msr	oslar_el1, xzr
	mov	x1, #(MDSCR_KDE | MDSCR_SS)
	msr	mdscr_el1, x1
	adr	x1, 1f
	msr	elr_el1, x1
	ldr	x1, =(SPSR_EL1H | SPSR_SS | SPSR_AIF)
	msr	spsr_el1, x1
	eret
1:	smc	#0
behind_smc:
	ret
