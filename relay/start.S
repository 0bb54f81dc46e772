/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The entry points of CPUs: the first one enters as a Linux kernel does
 * (Documentation/arch/arm64/booting.rst), the others, and those that have slept, as the
 * firmware starts them at the monitor's entry point.
 */
#include "../arch/arm64/macros.inc"
#include "../arch/arm64/sysreg.h"
#include "layout.h"

/* As image_head, except the size: the OS lies behind it. */
	.section .head, "ax"
	.global	image_start
image_start:
	b	primary_entry
	.long	0
	.quad	0			/* text_offset */
	.quad	MONITOR_SIZE
	.quad	0xa			/* Little-endian, 4 KiB pages, anywhere. */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.text

/* EL2 in the form that it has without FEAT_VHE; the layout of its registers depends on it. */
	.macro	plain_el2
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL_EL2
	b.ne	1f
	mov	x0, #HCR_EL2_RW
	msr	hcr_el2, x0
	isb
1:
	.endm

/* x0: device tree. MMU and data cache are off. The level may be a wrong one. */
primary_entry:
	msr	daifset, #DAIFSET_ALL
	msr	spsel, #1
	mov	x19, x0
	plain_el2
	bl	image_prepare
	address	x0, stacks + (1 << STACK_SHIFT)
	mov	sp, x0
	bl	vectors_use
	mov	x0, x19
	bl	map_first
	mov	x20, x0
	/* That wrote past the caches. */
	bl	image_forget_lines
	bl	mmu_enable
	mov	x0, x20
	bl	relay_boot

/* Nothing runs here any more. */
	.global	park
park:
	wfi
	b	park

/* x0: the number that the monitor gave the firmware as context id. EL2, MMU off. */
	.global	monitor_entry
monitor_entry:
	msr	daifset, #DAIFSET_ALL
	msr	spsel, #1
	mov	x19, x0
	plain_el2
	bl	mmu_enable
	cmp	x19, #CPU_MAX
	b.hs	park
	address	x0, stacks
	add	x1, x19, #1
	add	x0, x0, x1, lsl #STACK_SHIFT
	mov	sp, x0
	bl	vectors_use
	mov	x0, x19
	bl	relay_arrive
	b	park

/* For messages, whatever the level is. Clobbers x0 and x1. */
vectors_use:
	address	x0, vectors
	mrs	x1, CurrentEL
	cmp	x1, #CURRENT_EL_EL2
	b.eq	2f
	b.hi	3f
	msr	vbar_el1, x0
	isb
	ret
2:	msr	vbar_el2, x0
	mov	x0, #CPTR_EL2_RES1
	msr	cptr_el2, x0
	isb
	ret
3:	msr	vbar_el3, x0
	isb
	ret

/* Start the OS: void os_start(uint64_t pc, uint64_t x0, uint64_t stack) */
	.global	os_start
os_start:
	mov	sp, x2
	msr	elr_el2, x0
	mov	x2, #(SPSR_EL1H | DAIF_ALL)
	msr	spsr_el2, x2
	mov	x0, x1
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	mov	x\n, #0
	.endr
	exception_return

	.bss
	.balign	4096
	.global	stacks
stacks:
	.skip	CPU_MAX << STACK_SHIFT
