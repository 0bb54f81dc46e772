/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client's side of a VM's control socket, by which dormouse's commands
 * reach the dormouse that runs a VM.
 */
#ifndef VMM_QMP_CLIENT_H
#define VMM_QMP_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "control/qmp/scan.h"

#define QMP_CLIENT_FOREVER (-1)

/** Private, except reader_fd. */
struct qmp_client {
	const char *name; /**< The VM's, for messages. */
	int fd;
	int reader_fd; /**< -1 at first. A pipe: once it has no reader, waiting ends. */
	int64_t deadline; /**< Milliseconds of CLOCK_MONOTONIC, or QMP_CLIENT_FOREVER. */
	size_t first, count; /**< The data that has been received but not parsed. */
	struct qmp_scan scan;
	char bytes[4096];
};

/**
 * Connect, and negotiate.
 *
 * @dir_fd: the VM's directory
 * @name: the VM's, kept for messages
 * @seconds: the time limit of this and all that follows, or QMP_CLIENT_FOREVER
 *
 * Returns 0, or -errno with @error set: -ETIMEDOUT after that time, here and
 * below; -ENOENT or -ECONNREFUSED if no process listens.
 */
int qmp_client_open(struct qmp_client *client, int dir_fd, const char *name, int seconds,
		    struct error *error);

void qmp_client_close(struct qmp_client *client);

/**
 * Wait for the next message, whose texts may contain NUL. Returns 0 with a new
 * reference in @message; -EPIPE if the VM has ended; -EREMOTEIO with the description
 * of an error that its dormouse sent; -EBADF if reader_fd has no reader; or another
 * -errno, each with @error set.
 */
int qmp_client_next(struct qmp_client *client, json_t **message, struct error *error);

/**
 * Execute @command with @arguments, which is borrowed, or NULL. Returns 0 with a new
 * reference to the return value in @value; -EREMOTEIO with the reason of the VM's
 * dormouse if it refuses; or another -errno, each with @error set.
 */
int qmp_client_ask(struct qmp_client *client, const char *command, const json_t *arguments,
		   json_t **value, struct error *error);

/**
 * Execute @command with @arguments, which is borrowed, or NULL; and wait until
 * @event has come, too, unless that is NULL. Returns 0; -EREMOTEIO with the
 * reason of the VM's dormouse if it refuses; or another -errno, each with
 * @error set.
 */
int qmp_client_execute(struct qmp_client *client, const char *command, const json_t *arguments,
		       const char *event, struct error *error);

#endif
