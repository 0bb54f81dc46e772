/* SPDX-License-Identifier: BSD-3-Clause */
/* What the agent in a guest says, for status. */
#ifndef VMM_CLI_AGENT_H
#define VMM_CLI_AGENT_H

#include <jansson.h>

/**
 * What is known of the agent of a VM that runs, as x-dormouse-query-agent has it: a new
 * reference; or NULL, if its dormouse does not answer soon.
 */
json_t *cli_query_agent(const char *name);

/** Print it as lines of status: none if no agent has its port open. NULL is fine. */
void cli_print_agent(const json_t *facts);

#endif
