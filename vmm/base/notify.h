/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages to the service manager that started dormouse, such as systemd, by
 * the protocol of sd_notify(3): one datagram for each message, to the socket
 * that $NOTIFY_SOCKET names.
 */
#ifndef VMM_NOTIFY_H
#define VMM_NOTIFY_H

#include <stdbool.h>

#include "base/error.h"

/** Whether a service manager wants messages: $NOTIFY_SOCKET is set. */
bool notify_is_wanted(void);

/**
 * Send @text, lines such as "READY=1", if a service manager wants messages.
 * Never waits.
 *
 * Returns 0, or -errno with @error set: -EAGAIN if the manager's queue is full,
 * -EAFNOSUPPORT if $NOTIFY_SOCKET is no path and no name of an abstract socket.
 */
int notify_send(const char *text, struct error *error);

#endif
