/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an OS can ask the monitor itself, by HVC #0 at EL1. The ids are those that SMCCC
 * reserves for the vendor of a hypervisor; docs/relay.md has the interface.
 */
#ifndef RELAY_HVC_H
#define RELAY_HVC_H

/* 472f6e94-df51-4c1a-ba51-eeafeb9b607a, in x0 to x3. */
#define RELAY_FN32_UID 0x8600ff01
#define RELAY_UID_0 0x946e2f47
#define RELAY_UID_1 0x1a4c51df
#define RELAY_UID_2 0xafee51ba
#define RELAY_UID_3 0x7a609beb

/* The interface's version: major in x0, minor in x1. */
#define RELAY_FN32_REVISION 0x8600ff03
#define RELAY_REVISION_MAJOR 1
#define RELAY_REVISION_MINOR 0

/* x1: a counter; x0 is 0 and x1 its sum over all CPUs, or x0 is INVALID_PARAMETER. */
#define RELAY_FN64_COUNTER 0xc6000001

/*
 * x1: the number of a record. x0 is 0, and x2 has the record's kind in the low half and its
 * CPU in the high one, x3 to x5 what the OS called, x6 the answer and x7 CNTPCT_EL0; or x0
 * is INVALID_PARAMETER. In either case x1 is the number that the next record will get.
 */
#define RELAY_FN64_TRACE 0xc6000002

/* How many records are kept. */
#define RELAY_TRACE_SIZE 256

#ifndef __ASSEMBLER__

#include <stdint.h>

/** What is counted, since the monitor started. */
enum relay_counter {
	RELAY_COUNTER_ANSWERED, /**< SMCs that the monitor answered by itself. */
	RELAY_COUNTER_FORWARDED, /**< PSCI calls that the firmware got. */
	RELAY_COUNTER_PASSED, /**< Other SMCs that the firmware got. */
	RELAY_COUNTER_ARRIVED, /**< CPUs that came from the firmware. */
	RELAY_COUNTER_HVC, /**< Calls of the monitor, this one included. */
	RELAY_COUNTER_ABORTS, /**< Accesses to what is not there for the OS. */
	RELAY_COUNTER_UNDEFINED, /**< Other traps, which are undefined instructions to the OS. */
	RELAY_COUNTER_COUNT
};

enum relay_trace_kind {
	RELAY_TRACE_ANSWERED = 1, /**< The monitor answered. */
	RELAY_TRACE_FORWARDED, /**< The firmware got it. */
	RELAY_TRACE_ARRIVED, /**< x3 is where the OS starts, x4 its context id, x5 whether it slept. */
};

/** A record of the ring. */
struct relay_trace {
	uint64_t time; /**< CNTPCT_EL0. */
	uint32_t kind; /**< enum relay_trace_kind. */
	uint32_t cpu; /**< In the order of the device tree. */
	uint64_t x[3]; /**< x0 to x2 of the OS. */
	uint64_t result; /**< x0; RELAY_NO_RESULT as long as the call has not returned. */
};

/** No PSCI function answers with it. */
#define RELAY_NO_RESULT UINT64_C(0x8000000000000000)

#endif

#endif
