/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver of virtio-net for guests without an operating system, on one CPU: interrupts end
 * a wait, and none is taken.
 */
#ifndef TESTS_GUESTS_NET_DRIVER_H
#define TESTS_GUESTS_NET_DRIVER_H

#include "bare.h"

#pragma GCC visibility push(hidden)

#define NET_QUEUE_SIZE 64
#define NET_BUFFER_SIZE 4096U
#define NET_HEADER_SIZE 12U
#define NET_FRAME_MAX 65535U

enum { NET_RECEIVE, NET_TRANSMIT };

/**
 * Find the first network device and start it, also again after net_stop(). Returns 0 if there
 * is none.
 */
int net_start(void);

/** Reset it, and mask its interrupt. What was not received is lost to this driver. */
void net_stop(void);

/** Its address: write 6 bytes. */
void net_address(volatile uint8_t *to);

/** Where the frame is written that net_send() sends, NET_FRAME_MAX bytes. */
uint8_t *net_frame(void);

/** Send it, @size bytes; waits only if the ring is full. */
void net_send(uint32_t size);

/** Wait until all that was sent has been taken. */
void net_await_sent(void);

/**
 * Wait for the next frame. Returns its size; its bytes are in pieces, which
 * net_byte() reads, until net_done().
 */
uint32_t net_receive(void);

/** Whether there is another one, for which net_receive() would not wait. */
int net_has_more(void);

/**
 * Say that all that came was looked at, and mask the interrupt: until net_receive() is called
 * again, no frame is looked at.
 */
void net_rest(void);

uint8_t net_byte(uint32_t offset);
void net_done(void);

/** Have an interrupt, of which SPI @number is a name, end a wait, or not. None is taken. */
void gic_listen(uint32_t number);
void gic_ignore(uint32_t number);

/** The virtual counter. */
uint64_t now(void);

#pragma GCC visibility pop

#endif
