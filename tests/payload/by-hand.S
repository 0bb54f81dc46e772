/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What docs/differences.md says of QEMU's and KVM's PSCI and a list of calls cannot
 * show, because it is about moments or about the caller, made by hand: not one line
 * of it is the payload's. CONDUIT is hvc, or smc for EL2. Says
 *
 *	off AAAA	of 512 rounds in how many CPU 1 was OFF right after its CPU_ON
 *			had answered SUCCESS
 *	both BBBB	in how many a second CPU_ON right behind answered SUCCESS, too
 *	later CCCC	and in how many of those the second one's context id came
 *	ee D		SCTLR.EE of CPU 1, started by a caller with EE set
 *	suspend EEEEEEEE	what CPU_SUSPEND answers to power_state 0x20000
 *
 * in hex, and powers off. The MMU is off throughout.
 */
#include "../system/guests/bare.S"

#define SYSTEM_OFF 0x84000008
#define CPU_OFF 0x84000002
#define CPU_SUSPEND 0xc4000001
#define CPU_ON 0xc4000003
#define AFFINITY_INFO 0xc4000004
#define AFFINITY_INFO_OFF 1
#define RESERVED_BIT 0x20000

#define SCTLR_EE_SHIFT 25
#define CURRENT_EL_EL2 8
#define ROUNDS 512

	header

	/* CPU_ON of CPU 1 with this context id: x0. */
	.macro	start context
	constant x0, CPU_ON
	mov	x1, #1
	adr	x2, secondary
	mov	x3, #\context
	CONDUIT	#0
	.endm

	.macro	info
	constant x0, AFFINITY_INFO
	mov	x1, #1
	mov	x2, #0
	CONDUIT	#0
	.endm

primary:
	adr	x19, arrived
	constant x20, UART
	mov	x21, #0
	mov	x22, #0
	mov	x23, #0
	mov	x28, #ROUNDS
	/* Between the two calls of a pair there is nothing but their arguments. */
1:	start	1
	info
	cmp	x0, #AFFINITY_INFO_OFF
	cinc	x21, x21, eq
	bl	await
	start	1
	start	2
	cbnz	x0, 2f
	add	x22, x22, #1
	bl	await
	cmp	x24, #2
	cinc	x23, x23, eq
	b	3f
2:	bl	await
3:	sub	x28, x28, #1
	cbnz	x28, 1b
	bl	start_big_endian
	bl	await

	say	"off "
	number	x21, 4
	say	"\n"
	say	"both "
	number	x22, 4
	say	"\n"
	say	"later "
	number	x23, 4
	say	"\n"
	say	"ee "
	ubfx	x25, x25, #SCTLR_EE_SHIFT, #1
	number	x25, 1
	say	"\n"
	bl	suspend
	mov	x25, x0
	say	"suspend "
	number	x25, 8
	say	"\n"
	constant x0, SYSTEM_OFF
	CONDUIT	#0
	b	.

/*
 * Let CPU 1 go, which waits for that: nothing before here can have been after it was
 * off again. Then it has come, and is off: its context id is in x24, its SCTLR in x25.
 */
await:
	mov	x0, #1
	str	x0, [x19, #16]
1:	ldr	x24, [x19]
	cbz	x24, 1b
	ldr	x25, [x19, #8]
2:	info
	cmp	x0, #AFFINITY_INFO_OFF
	b.ne	2b
	str	xzr, [x19]
	str	xzr, [x19, #16]
	ret

start_big_endian:
	mov	x26, #(1 << SCTLR_EE_SHIFT)
	mrs	x4, CurrentEL
	cmp	x4, #CURRENT_EL_EL2
	b.eq	1f
	mrs	x27, sctlr_el1
	orr	x26, x26, x27
	msr	sctlr_el1, x26
	isb
	start	3
	msr	sctlr_el1, x27
	isb
	ret
1:	mrs	x27, sctlr_el2
	orr	x26, x26, x27
	msr	sctlr_el2, x26
	isb
	start	3
	msr	sctlr_el2, x27
	isb
	ret

/* Its timer is due, so that whoever takes the power_state for standby comes back. */
suspend:
	enable_timer_wake
	msr	cntv_cval_el0, xzr
	mov	x0, #1
	msr	cntv_ctl_el0, x0
	isb
	constant x0, CPU_SUSPEND
	constant x1, RESERVED_BIT
	mov	x2, #0
	mov	x3, #0
	CONDUIT	#0
	ret

secondary:
	adr	x19, arrived
	mrs	x1, CurrentEL
	cmp	x1, #CURRENT_EL_EL2
	b.eq	1f
	mrs	x1, sctlr_el1
	b	2f
1:	mrs	x1, sctlr_el2
	/* In the order of bytes that the first CPU has, whatever this one's is. */
2:	tbz	x1, #SCTLR_EE_SHIFT, 3f
	rev	x0, x0
	rev	x2, x1
	b	4f
3:	mov	x2, x1
4:	str	x2, [x19, #8]
	dsb	sy
	str	x0, [x19]
5:	ldr	x0, [x19, #16]
	cbz	x0, 5b
	constant x0, CPU_OFF
	CONDUIT	#0
	b	.

	console_routines

	.balign	8
arrived:
	.quad	0, 0, 0
	.section .script, "a"
	.balign	8
script:
