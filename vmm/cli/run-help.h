/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_CLI_RUN_HELP_H
#define VMM_CLI_RUN_HELP_H

/** Print the text of `dormouse run --help`. */
void cli_print_run_help(void);

#endif
