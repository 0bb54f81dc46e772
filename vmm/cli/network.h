/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of the networks of a VM that runs, for status. */
#ifndef VMM_CLI_NETWORK_H
#define VMM_CLI_NETWORK_H

#include <jansson.h>

/**
 * The networks of the VM @name, which runs, as x-dormouse-query-network has them: a new
 * reference; or NULL, if its dormouse does not answer soon.
 */
json_t *cli_query_network(const char *name);

/** Print them as lines of status, one for each. NULL is fine. */
void cli_print_network(const json_t *networks);

#endif
