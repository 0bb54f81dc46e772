/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The begin of probe.c's image, its secondary CPU, exceptions, and calls with
 * all registers.
 */
#include "../../arch/arm64/macros.inc"
#include "../../arch/arm64/sysreg.h"

	image_head primary
	.text
primary:
	msr	daifset, #DAIFSET_ALL
	bl	image_prepare
	address	x0, stack + 8192
	mov	sp, x0
	address	x0, vectors
	mrs	x1, CurrentEL
	cmp	x1, #CURRENT_EL_EL2
	b.eq	1f
	msr	vbar_el1, x0
	b	2f
1:	msr	vbar_el2, x0
2:	isb
	bl	probe_main
3:	wfi
	b	3b

/*
 * The first thing that a CPU does is to look at the time. x0: where to note it.
 */
	.global	probe_secondary
probe_secondary:
	mrs	x1, cntvct_el0
	str	x1, [x0]
	dsb	sy
	ldr	w0, =0x84000002		/* CPU_OFF */
	smc	#0
4:	b	4b

/*
 * The other CPUs, to work in C. x0: the CPU's number. MMU and caches stay off.
 */
	.global	probe_worker_entry
probe_worker_entry:
	msr	daifset, #DAIFSET_ALL
	msr	spsel, #1
	address	x1, worker_stacks
	add	x2, x0, #1
	add	x1, x1, x2, lsl #12
	mov	sp, x1
	bl	probe_worker
	ldr	w0, =0x84000002		/* CPU_OFF */
	smc	#0
5:	b	5b

/*
 * uint64_t probe_system_suspend(void): 1 if the machine comes back at its entry
 * point, else what the call answers. x0 is the context id.
 */
	.global	probe_system_suspend
probe_system_suspend:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	ldr	x0, =0xc400000e		/* SYSTEM_SUSPEND */
	address	x1, resumed
	mov	x2, sp
	smc	#0
	b	1f
resumed:
	mov	sp, x0
	mov	x0, #1
1:	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

/*
 * uint64_t probe_calls(uint64_t times, uint32_t fid, uint64_t x1, uint64_t x2): ticks
 * that as many calls take. Of each round, seven instructions are this loop's.
 */
	.global	probe_calls
probe_calls:
	mov	x9, x0
	mov	x10, x1
	mov	x11, x2
	mov	x13, x3
	isb
	mrs	x12, cntvct_el0
1:	mov	x0, x10
	mov	x1, x11
	mov	x2, x13
	mov	x3, xzr
	smc	#0
	subs	x9, x9, #1
	b.ne	1b
	isb
	mrs	x0, cntvct_el0
	sub	x0, x0, x12
	ret

/* void probe_smc(uint64_t x[4]): with an immediate of 1 for the other. */
	.macro	call name, immediate
	.global	\name
\name:
	mov	x9, x0
	ldp	x2, x3, [x9, #16]
	ldp	x0, x1, [x9]
	smc	#\immediate
	stp	x0, x1, [x9]
	stp	x2, x3, [x9, #16]
	ret
	.endm
	call	probe_smc, 0
	call	probe_smc_1, 1

	.balign	2048
vectors:
	.rept	16
	.balign	128
	frame_begin on_exception
	.endr

on_exception:
	bl	probe_exception
	b	frame_restore

	.bss
	.balign	16
stack:
	.skip	8192
worker_stacks:
	.skip	4096 * 8
