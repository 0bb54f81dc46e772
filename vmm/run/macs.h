/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_RUN_MACS_H
#define VMM_RUN_MACS_H

#include "config/config.h"

/**
 * Log which VMs of this state directory, other than @name, have a MAC that
 * @config has. What cannot be read is skipped.
 */
void run_report_shared_macs(const char *name, const struct config *config);

#endif
