/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that never sets up its UART, as many programs for QEMU's `virt` do not: it
 * prints each byte that it reads and powers off after a '.'.
 */
#define UART 0x09000000
#define UART_FR 0x18
#define UART_FR_RXFE 4

#define SYSTEM_OFF 0x84000008

	.text
	mov	x20, #UART
1:	ldr	w0, [x20, #UART_FR]
	tbnz	w0, #UART_FR_RXFE, 1b
	ldrb	w0, [x20]
	strb	w0, [x20]
	cmp	w0, #'.'
	b.ne	1b
	movz	w0, #(SYSTEM_OFF & 0xffff)
	movk	w0, #(SYSTEM_OFF >> 16), lsl #16
	hvc	#0
	b	.
