/* SPDX-License-Identifier: BSD-3-Clause */
/* Options that several commands have. */
#ifndef VMM_CLI_OPTION_H
#define VMM_CLI_OPTION_H

#include <stddef.h>

#include "base/error.h"
#include "config/config.h"

/**
 * Set @to, which is freed before unless it is NULL, to an absolute path, since
 * a record or another process has another current directory: the first @length
 * bytes of @path. Whether the file itself is valid is checked when it is
 * opened. Returns 0, or CLI_USAGE or -errno with @error set.
 */
int cli_set_path(char **to, const char *path, size_t length, struct error *error);

/**
 * Set a configuration's console to the argument of --console, in the form of
 * the record: tty is NULL, and a file is its path. Returns like cli_set_path().
 */
int cli_set_console(struct config *config, const char *argument, struct error *error);

/** Add a network device, the argument of --net. Returns like cli_set_path(). */
int cli_add_net(struct config *config, const char *argument, struct error *error);

/** Add a forwarded port, the argument of --forward, or none. Likewise. */
int cli_add_forward(struct config *config, const char *argument, struct error *error);

#endif
