/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A console on a Unix stream socket, for one client at a time.
 *
 * Bytes pass as they are, in both directions. A client that connects while
 * another one is there is told so and turned away; one that leaves may come back.
 * What a client sent before it left reaches the guest, however slowly that reads,
 * and before anything that the next client sends.
 * While nobody is there, the last CONSOLE_SOCKET_KEPT bytes of output are kept for
 * whoever comes next, and the guest is not held up. A client that is there but
 * does not read holds it up, as any console does.
 *
 * The socket is the user's alone (mode 0600). One that a dormouse which died left
 * behind is replaced; any other file is not.
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

/** Let a client have what is left, as far as it takes it at once; let go of all and remove the path. */
void console_socket_close(struct console_socket *socket);

/** What becomes readable when console_socket_run() must be called. The same for life. */
int console_socket_fd(const struct console_socket *socket);

/**
 * Take in a client or let go of one, without blocking. Afterwards there may be
 * room for output that was refused, and input to receive.
 */
void console_socket_run(struct console_socket *socket);

/** Send one byte, or keep it while nobody is there. False: not now. Does not block. */
bool console_socket_send(struct console_socket *socket, uint8_t byte);

/** Whether the client has everything that was sent; so it is if there is none. */
bool console_socket_is_sent(struct console_socket *socket);

/** Receive up to @size bytes. Returns how many, 0 if there are none now. */
size_t console_socket_receive(struct console_socket *socket, uint8_t *bytes, size_t size);

/** Whether input is wanted, as it is at first: if not, the client has to wait. */
void console_socket_want_input(struct console_socket *socket, bool wanted);

#endif
