/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file of a firmware's variables: the user's, or one in the VM's directory,
 * which dormouse makes at the VM's first start with a firmware.
 */
#ifndef VMM_RUN_VARS_H
#define VMM_RUN_VARS_H

#include <stdbool.h>

#include "base/error.h"
#include "board/board.h"
#include "config/config.h"
#include "record/vm-dir.h"

/** The size of the chip. */
#define RUN_VARS_SIZE_MAX BOARD_FLASH_BANK_SIZE

/** The name of the file in a VM's directory. */
#define RUN_VARS_NAME "vars"

/**
 * Set vars_file of @config to the file that there is. If there is none, because
 * the machine keeps no variables or has not been started yet, it stays NULL.
 * Returns 0, or -errno with @error set.
 */
int run_find_vars(const struct vm_dir *dir, struct config *config, struct error *error);

/**
 * The same, and make the VM's own file if it is missing, durably: a copy of
 * @template, without room for its zeros, or, if that is NULL, an empty one,
 * which is erased flash. Returns 0, or -errno with @error set.
 */
int run_make_vars(const struct vm_dir *dir, const char *template, struct config *config,
		  struct error *error);

/**
 * The same for a VM whose guest, which may resume, left its variables there: a
 * missing file is -ENOENT with @error set, and none is made.
 */
int run_need_vars(const struct vm_dir *dir, struct config *config, struct error *error);

/** Whether a machine has variables in a file of its VM's own directory. */
bool run_has_own_vars(const struct config *config);

#endif
