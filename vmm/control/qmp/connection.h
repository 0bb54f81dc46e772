/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection of a QMP client.
 *
 * A client cannot make dormouse wait, or hold more memory than a message and
 * QMP_CONNECTION_OUTPUT bytes of answers. Input from a client that does not
 * read its replies is not processed; if events pile up then, it is
 * disconnected. What a client sent before it closed the connection is carried
 * out.
 */
#ifndef VMM_QMP_CONNECTION_H
#define VMM_QMP_CONNECTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/qmp/command.h"
#include "control/qmp/scan.h"

#define QMP_CONNECTION_OUTPUT (1 << 20)

/** Bytes read before other clients are served. */
#define QMP_CONNECTION_INPUT 4096

/** Private, except fd. */
struct qmp_connection {
	int fd; /**< -1: not connected. */
	bool negotiated; /**< It receives events. */
	bool input_ended;
	bool deaf; /**< It receives nothing more, but what it sent before is carried out. */
	bool lost; /**< It did not read its replies, and has to be disconnected. */
	unsigned long messages; /**< How many it has sent: an idle client sends no more. */
	struct qmp_pending
		later; /**< The command that is carried out, if its answer is not there yet. */
	size_t input_first, input_count; /**< Bytes behind it that were read. */
	size_t pending; /**< Bytes in output that are not sent yet. */
	char *output;
	/* Last, as both have large buffers. */
	struct qmp_scan scan;
	char input[QMP_CONNECTION_INPUT];
};

/**
 * Take over @fd, a nonblocking stream socket, and greet. @wake_fd is an eventfd,
 * written once a command has ended whose answer came later: then the client is to be
 * served. Returns 0 or -ENOMEM, @fd untouched.
 */
int qmp_connection_open(struct qmp_connection *connection, int fd, int wake_fd);

/**
 * Close, and discard output that has not been sent. Harmless if it is not
 * connected.
 */
void qmp_connection_close(struct qmp_connection *connection);

/**
 * Do what is possible without waiting: send, read, answer. Returns false if the
 * client is to be closed: it has disconnected, and has sent nothing more, or
 * does not read. Commands that are executed here may call
 * qmp_connection_send().
 */
bool qmp_connection_serve(struct qmp_connection *connection, const struct qmp_commands *commands);

/**
 * Send @json, which is borrowed, soon. A client for which there is no room is
 * lost: its fd becomes readable, and serving it then returns false.
 */
void qmp_connection_send(struct qmp_connection *connection, const json_t *json);

/** The events of poll() for which the client has to be served. */
short qmp_connection_events(const struct qmp_connection *connection);

#endif
