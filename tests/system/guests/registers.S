/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that checks its general, FP and SIMD registers where PSCI lets a CPU start or
 * wake.
 *
 * CPU 1 is started twice by CPU_ON, and prints each time how many of its registers are
 * not zero. Then it writes all of them and calls CPU_OFF. After that CPU 0 writes all of
 * its own, sleeps, and prints how many have another value when it wakes:
 *
 *	start 01: 0000 are not zero
 *	start 02: 0000 are not zero
 *	wake: 0000 have changed
 *
 * A number of 64 bits is behind the image: how CPU 0 sleeps.
 *
 *	1	SYSTEM_SUSPEND
 *	2	CPU_SUSPEND, power-down
 *	3	SYSTEM_SUSPEND, without a timer that ends it: the host has to
 *
 * Registers are counted in words of 64 bits: x1 to x30, SP_EL0, FPSR, FPCR, V0 to V31. x0
 * is the context id, which is the address where the others are stored. x1 to x3 have the
 * arguments of the call, so that they do not count after a wake.
 */
#include "bare.S"

#define CPU_OFF 0x84000002
#define CPU_ON 0xc4000003
#define AFFINITY_INFO 0xc4000004
#define AFFINITY_INFO_OFF 1
#define CPU_SUSPEND 0xc4000001
#define POWER_DOWN 0x10000
#define SYSTEM_SUSPEND 0xc400000e
#define SYSTEM_OFF 0x84000008

#define HOW_CPU_SUSPEND 2
#define HOW_WITHOUT_TIMER 3

#define GENERAL 30
#define SP_EL0_AT (8 * GENERAL)
#define FPSR_AT (SP_EL0_AT + 8)
#define FPCR_AT (FPSR_AT + 8)
#define VECTORS_AT (FPCR_AT + 16)	/* There is a word of zero before it. */
#define SIZE (VECTORS_AT + 16 * 32)
#define ARGUMENTS 3

#define CPACR_FPEN (3 << 20)
#define FPSR_ALL 0x0800009f
#define FPCR_SOME 0x03000000

	header

	/* For each register number from \from to \to: macro \do. */
	.macro	each do, from, to
	\do	%\from
	.if	\to - \from
	each	\do, (\from + 1), \to
	.endif
	.endm

	.altmacro
	.macro	write_down_x n
	str	x\n, [x0, #(8 * (\n - 1))]
	.endm
	.macro	write_down_q n
	str	q\n, [x0, #(VECTORS_AT + 16 * \n)]
	.endm
	.macro	fill_x n
	movz	x\n, #(0x5a00 + \n)
	movk	x\n, #0xa5a5, lsl #48
	.endm
	.macro	fill_q n
	add	x1, x1, #1
	dup	v\n\().2d, x1
	.endm

	/* Store all registers at the address in x0. Changes x1. */
	.macro	write_down_all
	each	write_down_x, 1, GENERAL
	mrs	x1, sp_el0
	str	x1, [x0, #SP_EL0_AT]
	mov	x1, #CPACR_FPEN
	msr	cpacr_el1, x1
	isb
	mrs	x1, fpsr
	str	x1, [x0, #FPSR_AT]
	mrs	x1, fpcr
	str	x1, [x0, #FPCR_AT]
	each	write_down_q, 0, 31
	.endm

	/* Put a value that is not zero into each. */
	.macro	fill_all
	mov	x1, #CPACR_FPEN
	msr	cpacr_el1, x1
	isb
	fill_x	1
	each	fill_q, 0, 31
	msr	sp_el0, x1
	constant x1, FPSR_ALL
	msr	fpsr, x1
	constant x1, FPCR_SOME
	msr	fpcr, x1
	each	fill_x, 1, GENERAL
	.endm

primary:
	constant x20, UART
	mov	x21, #0
	/* x21: how often it has been started. */
start:	add	x21, x21, #1
	constant x0, CPU_ON
	mov	x1, #1
	adr	x2, started
	adr	x3, found
	hvc	#0
	cbnz	w0, off
	adr	x22, starts
1:	yield
	ldr	x0, [x22]
	cmp	x0, x21
	b.ne	1b
2:	yield
	constant x0, AFFINITY_INFO
	mov	x1, #1
	mov	x2, #0
	hvc	#0
	cmp	x0, #AFFINITY_INFO_OFF
	b.ne	2b
	cmp	x21, #2
	b.ne	start

	adr	x0, script
	ldr	x0, [x0]
	cmp	x0, #HOW_WITHOUT_TIMER
	b.eq	1f
	enable_timer_wake
	isb
	mrs	x0, cntvct_el0
	add	x0, x0, #0x10000
	msr	cntv_cval_el0, x0
	mov	x0, #1
	msr	cntv_ctl_el0, x0
	isb
1:	fill_all
	adr	x0, expected
	write_down_all
	adr	x0, script
	ldr	x0, [x0]
	cmp	x0, #HOW_CPU_SUSPEND
	b.eq	1f
	constant x0, SYSTEM_SUSPEND
	adr	x1, woken
	adr	x2, found
	hvc	#0
	b	refused
1:	constant x0, CPU_SUSPEND
	mov	x1, #POWER_DOWN
	adr	x2, woken
	adr	x3, found
	hvc	#0
refused:
	constant x20, UART
	say	"refused\n"
off:
	constant x0, SYSTEM_OFF
	hvc	#0
	b	.

started:
	write_down_all
	constant x20, UART
	adr	x21, found
	mov	x22, #0
	mov	x23, #(SIZE / 8)
1:	ldr	x1, [x21], #8
	cmp	x1, #0
	cinc	x22, x22, ne
	subs	x23, x23, #1
	b.ne	1b
	adr	x23, starts
	ldr	x24, [x23]
	add	x24, x24, #1
	say	"start "
	number	x24, 2
	say	": "
	number	x22, 4
	say	" are not zero\n"
	str	x24, [x23]
	dsb	sy
	fill_all
	constant x0, CPU_OFF
	hvc	#0
	b	.

woken:
	write_down_all
	constant x20, UART
	adr	x21, (found + 8 * ARGUMENTS)
	adr	x22, (expected + 8 * ARGUMENTS)
	mov	x23, #(SIZE / 8 - ARGUMENTS)
	mov	x24, #0
1:	ldr	x1, [x21], #8
	ldr	x2, [x22], #8
	cmp	x1, x2
	cinc	x24, x24, ne
	subs	x23, x23, #1
	b.ne	1b
	say	"wake: "
	number	x24, 4
	say	" have changed\n"
	b	off

	console_routines

	.balign	16
found:
	.fill	SIZE / 8, 8
expected:
	.fill	SIZE / 8, 8
starts:
	.quad	0
	/* Last of all, see the linker's order of sections. */
	.section .script, "a"
	.balign	8
script:
