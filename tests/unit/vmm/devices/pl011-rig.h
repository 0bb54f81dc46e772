/* SPDX-License-Identifier: BSD-3-Clause */
/* A UART with an interrupt line and a host's end, for its tests. */
#ifndef TESTS_PL011_RIG_H
#define TESTS_PL011_RIG_H

#include "devices/pl011.h"
#include "irq-probe.h"

/* Registers and their bits. */
#define DR 0x000
#define RSR 0x004
#define FR 0x018
#define ILPR 0x020
#define IBRD 0x024
#define FBRD 0x028
#define LCR_H 0x02c
#define CR 0x030
#define IFLS 0x034
#define IMSC 0x038
#define RIS 0x03c
#define MIS 0x040
#define ICR 0x044
#define DMACR 0x048

#define FR_BUSY 0x08
#define FR_RXFE 0x10
#define FR_TXFF 0x20
#define FR_RXFF 0x40
#define FR_TXFE 0x80

#define INT_RX 0x10
#define INT_TX 0x20
#define INT_RT 0x40

#define FEN 0x10
#define CR_ENABLE 0x301

/** The UART, the interrupt line and the host's end, which can refuse bytes. */
struct uart_rig {
	struct pl011 uart;
	bool stalled;
	unsigned int rooms;
	size_t sent_count;
	uint8_t sent[64];
};

/** Read and write a register. */
uint32_t uart_get(struct uart_rig *f, uint64_t offset);
void uart_set(struct uart_rig *f, uint64_t offset, uint32_t value);

/** Make it, as after power-on. */
void uart_setup(struct uart_rig *f);

/** As a driver leaves it: FIFOs and receiver on, level interrupts at 1/2. */
void uart_setup_enabled(struct uart_rig *f);

/** Offer @count letters from 'a' on. Returns how many were taken. */
size_t uart_receive(struct uart_rig *f, size_t count);

#endif
