/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PL011, the UART that is the console (Arm DDI 0183, revision r1p1: FIFOs of
 * 16).
 *
 * No byte is lost in either direction. Towards the guest, the host's end offers
 * bytes and keeps those that the FIFO has no room for; room() reports when to
 * try again. Towards the host, each byte goes to send() as the guest writes it.
 * A byte that send() refuses waits in the transmit FIFO, and once that is full
 * the guest reads TXFF and waits, as on hardware with flow control. So no vCPU
 * ever blocks here.
 *
 * Where QEMU's `virt` is more lenient than the manual, so is this: output needs
 * no enabled UART, nor does input, and the receive interrupt comes with the
 * first byte.
 */
#ifndef VMM_DEVICES_PL011_H
#define VMM_DEVICES_PL011_H

#include "base/stream.h"
#include "board/device.h"
#include "board/irq.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PL011_FIFO_SIZE 16

/**
 * The other end of the line. Both are called with the UART's lock held, from a
 * vCPU's thread or from the one that calls pl011_resume(): they must neither
 * block nor call the UART.
 */
struct pl011_host {
	/**
	 * Take a byte. Returns false if it cannot; pl011_resume() will follow.
	 */
	bool (*send)(void *host, uint8_t byte);
	/** pl011_receive() refused bytes and can take some now. */
	void (*room)(void *host);
};

struct pl011_fifo {
	uint8_t bytes[PL011_FIFO_SIZE];
	unsigned int first;
	unsigned int count;
};

/** Private. */
struct pl011 {
	pthread_mutex_t lock; /**< Guards all below. */
	struct irq_line irq;
	bool level; /**< The level to which the interrupt line was last set. */
	const struct pl011_host *host_ops;
	void *host;
	bool refused; /**< The host's end waits for room(). */
	struct pl011_fifo receive;
	struct pl011_fifo transmit; /**< Empty unless send() refused a byte. */
	bool looks; /**< The guest has looked for input since it last wrote UARTCR. */
	uint16_t ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr;
};

/** The board's, which is the console's device (pl011-device.c). */
extern const struct device_ops pl011_ops;

/* As in struct device_ops, of a struct pl011. */
uint64_t pl011_read(void *self, uint64_t offset, unsigned int size);
void pl011_write(void *self, uint64_t offset, uint64_t value, unsigned int size);
void pl011_reset(void *self);

/**
 * Make a UART in its state after power-on, not connected: what the guest sends
 * is dropped until pl011_connect(). Before any vCPU runs.
 */
void pl011_create(struct pl011 *pl011, struct irq_line irq);

/** Free what pl011_create() took. No thread may use it any more. */
void pl011_destroy(struct pl011 *pl011);

/**
 * Set the other end. @ops and @host must outlive the UART. Before any vCPU
 * runs.
 */
void pl011_connect(struct pl011 *pl011, const struct pl011_host *ops, void *host);

/**
 * Offer bytes to the guest. Returns how many were taken, from the front; if not
 * all were, room() will be called once. The guest takes none before it has
 * enabled its receiver, or looks for input without. From any thread.
 */
size_t pl011_receive(struct pl011 *pl011, const uint8_t *bytes, size_t count);

/**
 * Pass on the bytes that wait, since send() would succeed again. Returns
 * whether all of them were sent. From any thread.
 */
bool pl011_resume(struct pl011 *pl011);

/**
 * Serialize its state, without the bytes that wait to be sent, which are on the
 * line. Before any vCPU runs, or while all are paused.
 */
void pl011_serialize(struct pl011 *pl011, struct stream *stream);

/** Whether its interrupt line is high. From any thread. */
bool pl011_is_raised(struct pl011 *pl011);

#endif
