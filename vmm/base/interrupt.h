/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the user wants dormouse to end while the main thread is busy for long:
 * unpacking a kernel, saving or restoring gigabytes. Then it does not poll, and the
 * signals that would end it are blocked. What takes long asks here between two pieces of
 * INTERRUPT_PIECE bytes, gives up with -ECANCELED, changes nothing that it has not
 * changed, and leaves the signal to whoever polls for it.
 *
 * All of it belongs to the main thread.
 */
#ifndef VMM_INTERRUPT_H
#define VMM_INTERRUPT_H

#include <stdbool.h>
#include <stddef.h>

/** After so many bytes it is time to ask: some tens of milliseconds of work. */
#define INTERRUPT_PIECE ((size_t)32 << 20)

/** Whether SIGINT, SIGTERM, SIGHUP or SIGQUIT waits, or @wanted of interrupt_ask() says so. */
bool interrupt_wanted(void);

/** Another place to ask, until it is NULL: the terminal, for Ctrl-A x. */
void interrupt_ask(bool (*wanted)(void *context), void *context);

#endif
