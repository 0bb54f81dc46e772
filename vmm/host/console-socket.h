/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A console on a Unix stream socket, for one client at a time.
 *
 * Bytes are passed unchanged in both directions. A client that connects while
 * another one is connected is refused with a message; a client that disconnects
 * may connect again. Input that a client sent before it disconnected reaches
 * the guest, however slowly that reads, and before all input of the next
 * client. While no client is connected, the last CONSOLE_SOCKET_KEPT bytes of
 * output are kept for the next, and the guest does not wait. It waits for a
 * client that is connected but does not read, as for any console.
 *
 * Only its user can use the socket (mode 0600). A socket that a dead dormouse
 * left is replaced; any other file is not.
 *
 * console_socket_send() may be called from any thread, one at a time; the rest
 * belongs to the main thread.
 */
#ifndef VMM_CONSOLE_SOCKET_H
#define VMM_CONSOLE_SOCKET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONSOLE_SOCKET_KEPT 65536

struct console_socket;

/** Listen at @path. Returns 0 or -errno with @error set. */
int console_socket_open(struct console_socket **socket, const char *path, struct error *error);

/**
 * Send the rest to a client, as far as it accepts it at once, then close
 * everything and remove the path.
 */
void console_socket_close(struct console_socket *socket);

/** Becomes readable when console_socket_run() must be called. Constant. */
int console_socket_fd(const struct console_socket *socket);

/**
 * Accept or close a client, without blocking. Afterwards there may be room for
 * output that was refused, and input to receive.
 */
void console_socket_run(struct console_socket *socket);

/**
 * Send one byte, or keep it while no client is connected. Returns false if that
 * is not possible now. Does not block.
 */
bool console_socket_send(struct console_socket *socket, uint8_t byte);

/** Whether the client has received all that was sent; true without a client. */
bool console_socket_is_sent(struct console_socket *socket);

/** Receive up to @size bytes. Returns how many, 0 if there are none now. */
size_t console_socket_receive(struct console_socket *socket, uint8_t *bytes, size_t size);

/** Whether input is wanted, initially true: if not, the client has to wait. */
void console_socket_want_input(struct console_socket *socket, bool wanted);

#endif
