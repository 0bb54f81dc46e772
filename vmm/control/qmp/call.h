/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other end of a VM's control socket: how dormouse's commands reach the
 * dormouse that runs a VM.
 */
#ifndef VMM_QMP_CALL_H
#define VMM_QMP_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "control/qmp/scan.h"

#define QMP_CALL_FOREVER (-1)

/** Private, but for reader_fd. */
struct qmp_call {
	const char *name; /**< The VM's, for messages. */
	int fd;
	int reader_fd; /**< -1 at first. A pipe: without a reader there, waiting ends. */
	int64_t deadline; /**< Milliseconds of CLOCK_MONOTONIC, or QMP_CALL_FOREVER. */
	size_t first, count; /**< What has been received but not looked at. */
	struct qmp_scan scan;
	char bytes[4096];
};

/**
 * Connect, and negotiate.
 *
 * @dir_fd: the VM's directory
 * @name: the VM's, kept for messages
 * @seconds: how long this and all that follows may take, or QMP_CALL_FOREVER
 *
 * Returns 0, or -errno with @error set: -ETIMEDOUT after that time, here and below;
 * -ENOENT or -ECONNREFUSED if nobody listens.
 */
int qmp_call_open(struct qmp_call *call, int dir_fd, const char *name, int seconds,
		  struct error *error);

void qmp_call_close(struct qmp_call *call);

/**
 * Wait for the next message. Returns 0 with a new reference in @message; -EPIPE if
 * the VM has ended; -EREMOTEIO with what its dormouse says if that is an error; -EBADF
 * if reader_fd has no reader; or another -errno, each with @error set.
 */
int qmp_call_next(struct qmp_call *call, json_t **message, struct error *error);

/**
 * Have @command carried out, with @arguments, which is borrowed, or NULL; and wait until @event has come, too, unless that is
 * NULL. Returns 0; -EREMOTEIO with what the VM's dormouse says if it refuses; or
 * another -errno, each with @error set.
 */
int qmp_call_execute(struct qmp_call *call, const char *command, const json_t *arguments,
		     const char *event, struct error *error);

#endif
