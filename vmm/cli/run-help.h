/* SPDX-License-Identifier: BSD-3-Clause */
/* What `dormouse run --help` prints. */
#ifndef VMM_CLI_RUN_HELP_H
#define VMM_CLI_RUN_HELP_H

extern const char cli_run_help[];

#endif
