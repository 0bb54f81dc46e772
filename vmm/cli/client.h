/* SPDX-License-Identifier: BSD-3-Clause */
/* The client of a VM that runs, for commands. */
#ifndef VMM_CLI_CLIENT_H
#define VMM_CLI_CLIENT_H

#include <jansson.h>

#include "base/error.h"
#include "control/qmp/client.h"

/** Parse the argument of --timeout. Returns 0, or CLI_USAGE with @error set. */
int cli_parse_timeout(const char *text, int *seconds, struct error *error);

/**
 * Connect to the dormouse that runs the VM @name; a VM that does not run is refused
 * with its state. @seconds is as for qmp_client_open(). Returns 0, or -errno with
 * @error set.
 */
int cli_open_client(const char *name, int seconds, struct qmp_client *client, struct error *error);

/**
 * Ask the dormouse that runs the VM @name, by a command of QMP without arguments, for status.
 * Returns a new reference, or NULL: it does not answer soon, or has no such command.
 */
json_t *cli_query(const char *name, const char *command);

#endif
