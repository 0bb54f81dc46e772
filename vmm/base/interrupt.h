/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the user wants dormouse to end while the main thread is busy for
 * long: unpacking a kernel, saving or restoring gigabytes. During such work it
 * does not poll, and the signals that would end it are blocked. So the work
 * calls interrupt_wanted() between two pieces of INTERRUPT_PIECE bytes. If that
 * returns true, it gives up with -ECANCELED, makes no further change, and
 * leaves the signal to the code that polls for it.
 *
 * All of it belongs to the main thread.
 */
#ifndef VMM_INTERRUPT_H
#define VMM_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/** The bytes between two checks: some tens of milliseconds of work. */
#define INTERRUPT_PIECE ((size_t)32 << 20)

/** The signals that end dormouse: SIGINT, SIGTERM, SIGHUP and SIGQUIT. */
void interrupt_signals(sigset_t *signals);

/** Whether one of them is pending, or @wanted of interrupt_ask() returns true. */
bool interrupt_wanted(void);

/** A further source, until it is NULL: the terminal, for Ctrl-A x. */
void interrupt_ask(bool (*wanted)(void *context), void *context);

#endif
