/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the monitor prints. On the secure UART, QEMU's second -serial, a line
 * for each thing that happens to the machine (docs/el3.md lists them); on the
 * console only why it stops.
 */
#ifndef EL3_REPORT_H
#define EL3_REPORT_H

#include "../arch/arm64/give-up.h"

/** Once, before anything else here: make the UARTs transmit. */
void report_begin(void);

/** A line on the secure UART. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
