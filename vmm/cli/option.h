/* SPDX-License-Identifier: BSD-3-Clause */
/* What options of several commands are made of. */
#ifndef VMM_CLI_OPTION_H
#define VMM_CLI_OPTION_H

#include <stddef.h>

#include "base/error.h"
#include "config/config.h"

/**
 * Make @to, which is freed before unless it is NULL, an absolute path, since a
 * record or another process has another directory: the first @length bytes of
 * @path. What is wrong with the file itself is for those to say who open it.
 * Returns 0, or CLI_USAGE or -errno with @error set.
 */
int cli_set_path(char **to, const char *path, size_t length, struct error *error);

/**
 * Set a configuration's console to what --console was given, in the words that the
 * record has: tty is NULL, and a file is its path. Returns as cli_set_path() does.
 */
int cli_set_console(struct config *config, const char *argument, struct error *error);

#endif
