/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ask-way.h"

#include <errno.h>

#include "base/main-loop.h"

#define SECOND 1000000ULL

static const char no_buttons[] =
	"its machine has no buttons, which come with --acpi or a firmware (machine version 4)";

/*
 * Whether the agent can be asked: 0, or -errno with @error set. With @returns it is
 * away, since its guest sleeps or has just woken, and can be asked once it is back.
 */
static int check_agent(const struct ask *ask, enum request_what what, bool *returns,
		       struct error *error)
{
	const struct ask_host *host = &ask->host;
	int err = host->check_agent(host->context, what, error);

	*returns = false;
	if (err != -ENOTCONN || !ask->slept)
		return err;
	err = host->check_return(host->context, what, error);
	*returns = !err;

	return err;
}

/* Sets @error. Returns false. */
static bool has_neither(const struct error *agent, struct error *error)
{
	error_set(error, 0, "%s, and %s", no_buttons, agent->text);

	return false;
}

bool ask_has_way(const struct ask *ask, enum request_what what, struct error *error)
{
	const struct ask_host *host = &ask->host;
	struct error why;
	bool returns;

	if (host->check(host->context, what, error) < 0)
		return false;
	if (host->has_buttons(host->context) || check_agent(ask, what, &returns, &why) == 0)
		return true;

	return has_neither(&why, error);
}

void ask_press(struct ask *ask, bool sleeps, uint64_t now)
{
	ask->by_agent = false;
	ask->host.press(ask->host.context, ask->asked);
	ask->taken = false;
	ask->look = sleeps ? now + SECOND : MAIN_LOOP_NEVER;
}

/* Returns whether the agent is asked, or will be. */
static bool ask_by_agent(struct ask *ask, enum request_what what, struct error *error)
{
	const struct ask_host *host = &ask->host;
	bool returns;

	if (check_agent(ask, what, &returns, error) < 0)
		return false;
	/* A button is pressed now. */
	if (returns && host->has_buttons(host->context))
		return false;
	if (!returns && host->ask_agent(host->context, what, error) < 0)
		return false;
	ask->by_agent = true;
	ask->awaited = returns;
	/* Not before: it is not woken for what its agent refuses. */
	if (ask->suspended)
		host->wake(host->context);

	return true;
}

bool ask_guest(struct ask *ask, enum request_what what, uint64_t now, struct error *error)
{
	const struct ask_host *host = &ask->host;
	struct error why;

	ask->asked = what;
	ask->look = MAIN_LOOP_NEVER;
	if (!ask_has_way(ask, what, error))
		return false;
	if (!ask_by_agent(ask, what, &why)) {
		if (!host->has_buttons(host->context))
			return has_neither(&why, error);
		ask_press(ask, ask->suspended, now);
	}
	if (what == REQUEST_POWEROFF && !ask->awaited)
		host->asked_to_power_off(host->context);

	return true;
}

/*
 * A second after the guest's driver took the press that woke it, or later, its
 * driver for buttons passes on another press.
 */
void ask_look_at_press(struct ask *ask, uint64_t now)
{
	ask->look = now + SECOND;
	if (ask->host.press_waits(ask->host.context, ask->asked)) {
		ask->taken = false;
	} else if (!ask->taken) {
		ask->taken = true;
	} else {
		ask_press(ask, ask->suspended, now);
	}
}

bool ask_agent_is_back(const struct ask *ask)
{
	struct error ignored;

	return ask->awaited &&
	       ask->host.check_agent(ask->host.context, ask->asked, &ignored) != -ENOTCONN;
}

int ask_awaited_agent(struct ask *ask, struct error *error)
{
	const struct ask_host *host = &ask->host;
	const int err = host->ask_agent(host->context, ask->asked, error);

	ask->awaited = false;
	if (!err && ask->asked == REQUEST_POWEROFF)
		host->asked_to_power_off(host->context);

	return err;
}

void ask_take_back(struct ask *ask)
{
	ask->host.withdraw(ask->host.context, ask->asked);
	if (ask->by_agent)
		ask->host.forget_agent(ask->host.context);
	ask->by_agent = false;
	ask->awaited = false;
	ask->refused = false;
	ask->look = MAIN_LOOP_NEVER;
}
