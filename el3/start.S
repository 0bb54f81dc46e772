/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where all CPUs start, at EL3. CPU 0 sets up the machine. The others wait for
 * its kick without looking at memory, which may hold what an earlier boot left.
 */
#include "../arch/arm64/macros.inc"
#include "layout.h"
#include "registers.h"

	.section .head, "ax"
	.global	el3_start
el3_start:
	msr	daifset, #DAIFSET_ALL
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL_EL3
	b.ne	not_el3
	ldr	x0, =vectors
	msr	vbar_el3, x0
	ldr	x0, =SCTLR_EL2_RES1
	msr	sctlr_el3, x0
	msr	cptr_el3, xzr
	msr	tpidr_el3, xzr
	isb
	msr	spsel, #1
	mrs	x19, mpidr_el1
	ldr	x0, =MPIDR_AFFINITY
	ands	x19, x19, x0
	b.ne	secondary

	ldr	x0, =boot_map
	bl	mmu_on
	ldr	x0, =bss_start
	ldr	x1, =bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	ldr	x0, =stacks + STACK_STRIDE
	mov	sp, x0
	bl	primary_main
2:	wfi
	b	2b

secondary:
	mov	x0, #ICC_SRE_ALL
	msr	ICC_SRE_EL3, x0
	isb
	mov	x0, #0xff
	msr	ICC_PMR_EL1, x0
	mov	x0, #1
	msr	ICC_IGRPEN0_EL1, x0
	isb
1:	dsb	sy
	wfi
	mrs	x0, ICC_IAR0_EL1
	cmp	x0, #KICK_SGI
	b.ne	1b
	msr	ICC_EOIR0_EL1, x0
	isb

	/* CPU 0 has finished the map, and the list of CPUs. */
	ldr	x0, =map_level1
	bl	mmu_on
	ldr	x0, =cpu_affinities
	mov	x20, #0
2:	ldr	x1, [x0, x20, lsl #3]
	cmp	x1, x19
	b.eq	3f
	add	x20, x20, #1
	cmp	x20, #CPU_MAX
	b.lo	2b
4:	wfi				/* A CPU that the device tree does not list. */
	b	4b

3:	ldr	x0, =stacks
	add	x1, x20, #1
	mov	x2, #STACK_STRIDE
	madd	x0, x1, x2, x0
	mov	sp, x0
	mov	x0, x20
	bl	secondary_main
	b	4b

/* Turn on MMU and caches with the map at x0. Clobbers x0 to x3. */
mmu_on:
	ldr	x1, =MAIR_VALUE
	ldr	x2, =(TCR_COMMON | TCR_EL2_RES1 | PA_40_BITS)
	ldr	x3, =(SCTLR_EL2_RES1 | SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_SA | SCTLR_WXN)
	msr	ttbr0_el3, x0
	msr	mair_el3, x1
	msr	tcr_el3, x2
	isb
	tlbi	alle3
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el3, x3
	isb
	ret

/* There is no memory that could be used, and no MMU: only registers. */
not_el3:
	mrs	x0, mpidr_el1
	tst	x0, #0xffffff
	b.ne	3f
	ldr	x0, =CONSOLE_UART
	adr	x1, not_el3_text
1:	ldrb	w2, [x1], #1
	cbz	w2, 3f
2:	ldr	w3, [x0, #0x18]
	tbnz	w3, #5, 2b
	str	w2, [x0]
	b	1b
3:	wfi
	b	3b

not_el3_text:
	.asciz	"psci-el3: this is not EL3: give QEMU -M virt,secure=on; stopped\r\n"
	.balign	4

	.ltorg

/*
 * The map of the first CPU, until memory.c has made the real one: the flash,
 * which is executable and read-only, devices, secure RAM, and the begin of RAM,
 * where the device tree is. Blocks of 2 MiB, and one of 1 GiB.
 */
	.section .rodata
	.balign	4096
boot_map:
	.quad	boot_map_low + DESC_TABLE
	.quad	RAM_BASE + BLOCK_NS_RAM
	.balign	4096
	.global	boot_map_low
boot_map_low:
	.set	at, 0
	.rept	512
	.if	at < FLASH_SIZE
	.quad	at + BLOCK_CODE
	.elseif	at >= DEVICES_BASE && at < DEVICES_END
	.quad	at + BLOCK_SECURE_DEVICE
	.elseif	at >= SECURE_RAM_BASE && at < SECURE_RAM_BASE + SECURE_RAM_SIZE
	.quad	at + BLOCK_SECURE_RAM
	.else
	.quad	0
	.endif
	.set	at, at + 0x200000
	.endr

	.section .stacks, "aw", %nobits
	.balign	0x200000
	.global	stacks
stacks:
	.skip	STACK_STRIDE * CPU_MAX
