/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/agent.h"

#include <errno.h>

/* No machine has the port of an agent: each is NULL. */

bool agent_is_there(const struct agent *agent)
{
	return false;
}

int agent_ask(struct agent *agent, enum agent_request request, const struct agent_user *user,
	      struct error *error)
{
	return error_set(error, -ENOTCONN, "the guest has no agent");
}

void agent_forget(struct agent *agent)
{
}
