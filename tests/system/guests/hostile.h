/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the hostile guest share: hostile.c, hostile-devices.c. */
#ifndef TESTS_GUEST_HOSTILE_H
#define TESTS_GUEST_HOSTILE_H

#include "bare.h"

#define RTC 0x09010000UL
#define RAM 0x40000000UL
/* Far from the guest's code, which must survive what devices do here. */
#define ARENA (RAM + 0x1000000)

#define SECTOR 512
#define REQUEST_IN 0
#define REQUEST_OUT 1
#define REQUEST_FLUSH 4

enum conduit {
	CONDUIT_HVC,
	CONDUIT_HVC_ODD, /**< With an immediate that is not 0. */
	CONDUIT_SMC,
	CONDUIT_SMC_ODD,
};

#pragma GCC visibility push(hidden)

/* Where a second vCPU starts, with a misdeed's argument in x0. */
void secondary(void);

uint64_t call(unsigned int conduit, const uint64_t arguments[4]);
uint64_t noise(void);
void enable_mmu(void);

/* The first disk: its registers. */
uint64_t start_disk(void);
/* Makes one request of it, and waits for it. Returns its status. */
uint8_t request(uint64_t base, uint32_t type, uint64_t sector, uint64_t data, uint32_t length);

/* Misdeeds with devices. */
void write_registers(uint64_t argument);
void ring_doorbells(uint64_t argument);
void ring_together(uint64_t argument);
void feed_itself(uint64_t argument);
void use_disk(uint64_t argument);

/* Guests that sleep, and where they wake. */
void hibernate(uint64_t argument);
void nap(uint64_t argument);
void wake_up(void);
void awake(void);

#pragma GCC visibility pop

#endif
