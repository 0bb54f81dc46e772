/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that uses the CPU's features that KVM gives on request: SVE, pointer
 * authentication and the PMU, as far as it has them.
 *
 * CPU 1 is started three times by CPU_ON, and prints each time what it finds: how many
 * words of Z0 to Z31, P0 to P15 and FFR are not zero, and the registers that control
 * vectors, counters and keys; what counters count, and have counted, is UNKNOWN. Then it changes all of them and calls CPU_OFF, the first time
 * while its counters count.
 *
 * After that CPU 0 fills the same registers, calls SYSTEM_SUSPEND, and prints when it wakes
 * how many words of vectors have changed, whether its keys authenticate as before, and
 * whether its counters are as they were and count on:
 *
 *	has: sve=1 vl=0020 pmu=6 pauth=1
 *	start 01: vectors=0000 zcr=... pmcr=... ...
 *	wake: vectors=0000 pauth=same pmu=same
 *
 * A number of 64 bits is behind the image: 1 if the timer wakes CPU 0, 0 if its host does.
 */
#include "bare.S"

	.arch	armv8.3-a+sve

#define CPU_OFF 0x84000002
#define CPU_ON 0xc4000003
#define AFFINITY_INFO 0xc4000004
#define AFFINITY_INFO_OFF 1
#define SYSTEM_SUSPEND 0xc400000e
#define SYSTEM_OFF 0x84000008

#define CPACR_FPEN_ZEN 0x330000
#define ZCR_EL1 s3_0_c1_c2_0
#define ZCR_LEN_ALL 0xf
#define APIAKEYLO_EL1 s3_0_c2_c1_0
#define APIAKEYHI_EL1 s3_0_c2_c1_1
#define APGAKEYLO_EL1 s3_0_c2_c3_0
#define APGAKEYHI_EL1 s3_0_c2_c3_1

#define PMCR_ENABLE 1
#define COUNTERS 0x80000001		/* The cycle counter, and the first of events. */
#define CPU_CYCLES 0x11
#define STARTS 3

#define VECTORS_SIZE (32 * 256 + 17 * 32)

	header

	/* x26: has pointer authentication; x27: the PMU's version, or 0; x28: has SVE. */
	.macro	identify
	mrs	x0, id_aa64pfr0_el1
	ubfx	x28, x0, #32, #4
	mrs	x0, id_aa64dfr0_el1
	ubfx	x27, x0, #8, #4
	mrs	x0, id_aa64isar1_el1
	ubfx	x26, x0, #4, #8
	mrs	x0, s3_0_c0_c6_2	/* ID_AA64ISAR2_EL1 */
	ubfx	x0, x0, #12, #4
	orr	x26, x26, x0
	cmp	x26, #0
	cset	x26, ne
	.endm

	/* Allow vectors of the greatest length. Changes x0. */
	.macro	enable_vectors
	constant x0, CPACR_FPEN_ZEN
	msr	cpacr_el1, x0
	isb
	mov	x0, #ZCR_LEN_ALL
	msr	ZCR_EL1, x0
	isb
	.endm

	.altmacro
	.macro	each do, from, to
	\do	%\from
	.if	\to - \from
	each	\do, (\from + 1), \to
	.endif
	.endm
	.macro	store_z n
	str	z\n, [x0]
	addvl	x0, x0, #1
	.endm
	.macro	store_p n
	str	p\n, [x0]
	addpl	x0, x0, #1
	.endm
	.macro	fill_z n
	add	x1, x1, #1
	dup	z\n\().d, x1
	.endm
	.macro	fill_p n
	ptrue	p\n\().h
	.endm

	/* Store all vectors at x0. Changes x0. */
	.macro	store_vectors
	each	store_z, 0, 31
	each	store_p, 0, 15
	rdffr	p0.b
	str	p0, [x0]
	ldr	p0, [x0, #-16, mul vl]
	.endm

	/* Put values that are not zero into all of them. Changes x1. */
	.macro	fill_vectors
	constant x1, 0xabcd1234
	each	fill_z, 0, 31
	each	fill_p, 0, 15
	wrffr	p3.b
	.endm

	/* x1: how many words of 64 bits store_vectors stores. */
	.macro	count_words
	rdvl	x1, #1
	lsl	x0, x1, #5
	lsr	x1, x1, #3
	add	x0, x0, x1, lsl #4
	add	x1, x0, x1
	lsr	x1, x1, #3
	.endm

	.macro	fill_keys
	constant x0, 0x5eed1234
	msr	APIAKEYLO_EL1, x0
	add	x0, x0, #1
	msr	APIAKEYHI_EL1, x0
	add	x0, x0, #1
	msr	APGAKEYLO_EL1, x0
	add	x0, x0, #1
	msr	APGAKEYHI_EL1, x0
	isb
	.endm

	/* Two counters that count cycles, with interrupts that no GIC delivers. Changes x0. */
	.macro	fill_counters
	mov	x0, #CPU_CYCLES
	msr	pmevtyper0_el0, x0
	msr	pmccfiltr_el0, xzr
	constant x0, 0x1000
	msr	pmevcntr0_el0, x0
	msr	pmccntr_el0, x0
	/* KVM leaves some of them set at a reset. */
	mov	x0, #-1
	msr	pmintenclr_el1, x0
	msr	pmcntenclr_el0, x0
	msr	pmovsclr_el0, x0
	constant x0, COUNTERS
	msr	pmintenset_el1, x0
	msr	pmcntenset_el0, x0
	mov	x0, #2
	msr	pmovsset_el0, x0
	mov	x0, #3
	msr	pmselr_el0, x0
	mov	x0, #1
	msr	pmuserenr_el0, x0
	mrs	x0, pmcr_el0
	orr	x0, x0, #PMCR_ENABLE
	msr	pmcr_el0, x0
	isb
	.endm

	/* Print a system register. */
	.macro	show text, register
	say	\text
	mrs	x4, \register
	number	x4, 16
	.endm

primary:
	constant x20, UART
	identify
	say	"has: sve="
	number	x28, 1
	cbz	x28, 1f
	enable_vectors
	say	" vl="
	rdvl	x4, #1
	number	x4, 4
1:	say	" pmu="
	number	x27, 1
	say	" pauth="
	number	x26, 1
	say	"\n"
	mov	x21, #0
	/* x21: how often CPU 1 has been started. */
start:	add	x21, x21, #1
	constant x0, CPU_ON
	mov	x1, #1
	adr	x2, started
	mov	x3, x21
	hvc	#0
	cbnz	w0, off
1:	yield
	adr	x0, starts
	ldr	x0, [x0]
	cmp	x0, x21
	b.ne	1b
2:	yield
	constant x0, AFFINITY_INFO
	mov	x1, #1
	mov	x2, #0
	hvc	#0
	cmp	x0, #AFFINITY_INFO_OFF
	b.ne	2b
	cmp	x21, #STARTS
	b.ne	start

	adr	x0, script
	ldr	x0, [x0]
	cbz	x0, 1f
	enable_timer_wake
	isb
	mrs	x0, cntvct_el0
	add	x0, x0, #0x10000
	msr	cntv_cval_el0, x0
	mov	x0, #1
	msr	cntv_ctl_el0, x0
	isb
1:	cbz	x26, 1f
	fill_keys
	constant x1, 0x12345678
	pacga	x0, x1, x20
	adr	x1, code
	str	x0, [x1]
1:	cbz	x27, 1f
	fill_counters
1:	cbz	x28, 1f
	fill_vectors
	adr	x0, expected
	store_vectors
1:	constant x0, SYSTEM_SUSPEND
	adr	x1, woken
	mov	x2, #0
	hvc	#0
	constant x20, UART
	say	"refused\n"
off:
	constant x0, SYSTEM_OFF
	hvc	#0
	b	.

/* x0 says how often. */
started:
	mov	x21, x0
	constant x20, UART
	identify
	mov	x22, #0
	mov	x23, #0
	cbz	x28, 2f
	constant x0, CPACR_FPEN_ZEN
	msr	cpacr_el1, x0
	isb
	mrs	x23, ZCR_EL1
	enable_vectors
	adr	x0, found
	store_vectors
	count_words
	adr	x0, found
1:	ldr	x2, [x0], #8
	cmp	x2, #0
	cinc	x22, x22, ne
	subs	x1, x1, #1
	b.ne	1b
2:	say	"start "
	number	x21, 2
	say	": vectors="
	number	x22, 4
	say	" zcr="
	number	x23, 16
	cbz	x27, 1f
	show	" pmcr=", pmcr_el0
	show	" enabled=", pmcntenset_el0
	show	" interrupts=", pmintenset_el1
	show	" overflows=", pmovsset_el0
	show	" select=", pmselr_el0
	show	" user=", pmuserenr_el0
	show	" filter=", pmccfiltr_el0
1:	cbz	x26, 1f
	show	" ia=", APIAKEYLO_EL1
	show	" ", APIAKEYHI_EL1
	show	" ga=", APGAKEYLO_EL1
	show	" ", APGAKEYHI_EL1
	fill_keys
1:	say	"\n"
	cbz	x28, 1f
	fill_vectors
1:	cbz	x27, 1f
	fill_counters
	cmp	x21, #1
	b.eq	1f
	/* As an OS leaves them; the rest stays. */
	mov	x0, #-1
	msr	pmcntenclr_el0, x0
	isb
1:	adr	x0, starts
	str	x21, [x0]
	dsb	sy
	constant x0, CPU_OFF
	hvc	#0
	b	.

woken:
	constant x20, UART
	identify
	mov	x22, #0
	cbz	x28, 2f
	adr	x0, found
	store_vectors
	count_words
	adr	x0, found
	adr	x2, expected
1:	ldr	x3, [x0], #8
	ldr	x4, [x2], #8
	cmp	x3, x4
	cinc	x22, x22, ne
	subs	x1, x1, #1
	b.ne	1b
2:	say	"wake: vectors="
	number	x22, 4
	cbz	x26, 2f
	constant x1, 0x12345678
	pacga	x0, x1, x20
	adr	x1, code
	ldr	x1, [x1]
	cmp	x0, x1
	b.eq	1f
	say	" pauth=another"
	b	2f
1:	say	" pauth=same"
2:	cbz	x27, 2f
	constant x1, COUNTERS
	mrs	x0, pmcntenset_el0
	cmp	x0, x1
	b.ne	1f
	mrs	x0, pmintenset_el1
	cmp	x0, x1
	b.ne	1f
	mrs	x0, pmovsset_el0
	tbz	x0, #1, 1f
	mrs	x0, pmevtyper0_el0
	cmp	x0, #CPU_CYCLES
	b.ne	1f
	/* They were at 0x1000 or more, and are counting. */
	mrs	x3, pmccntr_el0
	mrs	x4, pmevcntr0_el0
	cmp	x3, #0x1000
	b.ls	1f
	cmp	x4, #0x1000
	b.ls	1f
	mov	x0, #0x1000
3:	subs	x0, x0, #1
	b.ne	3b
	isb
	mrs	x0, pmccntr_el0
	cmp	x0, x3
	b.ls	1f
	mrs	x0, pmevcntr0_el0
	cmp	x0, x4
	b.ls	1f
	say	" pmu=same"
	b	2f
1:	say	" pmu=another"
	show	" enabled=", pmcntenset_el0
	show	" interrupts=", pmintenset_el1
	show	" overflows=", pmovsset_el0
	show	" type=", pmevtyper0_el0
	show	" cycles=", pmccntr_el0
	show	" count=", pmevcntr0_el0
2:	say	"\n"
	b	off

	console_routines

	.balign	16
found:
	.fill	VECTORS_SIZE / 8, 8
expected:
	.fill	VECTORS_SIZE / 8, 8
starts:
	.quad	0
code:
	.quad	0
	/* Last of all, see the linker's order of sections. */
	.section .script, "a"
	.balign	8
script:
