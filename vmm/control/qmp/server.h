/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM's control socket: QMP_SOCKET in its directory. Only its user can use it
 * (mode 0600).
 *
 * QMP_CLIENTS_MAX clients can stay as long as they like, those that connected
 * first. There is room for QMP_CLIENTS_LATE more, so a command can always
 * connect: when that is used up, too, the one of them that has not sent
 * anything for the longest time is sent an error and disconnected for the next.
 *
 * All functions belong to the main thread.
 */
#ifndef VMM_QMP_SERVER_H
#define VMM_QMP_SERVER_H

#include <jansson.h>

#include "base/error.h"
#include "control/qmp/command.h"

#define QMP_SOCKET "qmp"
#define QMP_CLIENTS_MAX 16
#define QMP_CLIENTS_LATE 4

struct qmp_server;

/**
 * Listen. The caller holds the VM's lock: an existing socket is abandoned, and
 * is replaced.
 *
 * @dir_fd: the VM's directory, open until qmp_server_close()
 * @name: the VM's, for messages
 * @commands: the commands for clients; must outlive the server
 *
 * Returns 0, or -errno with @error set.
 */
int qmp_server_open(struct qmp_server **result, int dir_fd, const char *name,
		    const struct qmp_commands *commands, struct error *error);

/**
 * Send what clients accept at once, disconnect them, and remove the socket.
 * NULL is allowed.
 */
void qmp_server_close(struct qmp_server *server);

/** Becomes readable when qmp_server_run() must be called; -1 for NULL. */
int qmp_server_fd(const struct qmp_server *server);

/** Serve clients, without waiting for any. */
void qmp_server_run(struct qmp_server *server);

/**
 * Send an event, which is borrowed, to every client that has ended its
 * negotiation. Also from within a command.
 */
void qmp_server_send_event(struct qmp_server *server, const json_t *event);

#endif
