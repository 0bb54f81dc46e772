/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection of a QMP client.
 *
 * A client cannot make dormouse wait, or hold more memory than a message and
 * QMP_CLIENT_OUTPUT bytes of answers. While it does not read its answers, its
 * commands are not read either; if events pile up then, it is disconnected. What a
 * client sent before it closed the connection is carried out.
 */
#ifndef VMM_QMP_CLIENT_H
#define VMM_QMP_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/qmp/command.h"
#include "control/qmp/scan.h"

#define QMP_CLIENT_OUTPUT (1 << 20)

/** Private, but for fd. */
struct qmp_client {
	int fd; /**< -1: nobody. */
	bool negotiated; /**< It hears of events. */
	bool input_ended;
	bool deaf; /**< It takes nothing more, but what it sent before is carried out. */
	bool lost; /**< It did not read what it was sent, and has to go. */
	unsigned long messages; /**< That it has sent: it is idle while there are no more. */
	struct qmp_scan scan;
	size_t pending; /**< Bytes in output that wait to be sent. */
	char *output;
};

/** Take over @fd, a nonblocking stream socket, and greet. Returns 0 or -ENOMEM, @fd untouched. */
int qmp_client_open(struct qmp_client *client, int fd);

/** Close, and forget whatever has not been sent. Harmless for nobody. */
void qmp_client_close(struct qmp_client *client);

/**
 * Do what can be done without waiting: send, read, answer. Returns false if the
 * client is to be closed: it has left, and has sent nothing more, or does not read. Commands that are carried
 * out here may have qmp_client_send() called.
 */
bool qmp_client_serve(struct qmp_client *client, const struct qmp_commands *commands);

/**
 * Send @json, which is borrowed, soon. A client for which there is no room is lost: its
 * fd becomes readable, and serving it then says so.
 */
void qmp_client_send(struct qmp_client *client, const json_t *json);

/** What to poll fd for, as poll() has it: the client has to be served then. */
short qmp_client_events(const struct qmp_client *client);

#endif
