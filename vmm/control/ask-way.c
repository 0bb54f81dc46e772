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

/* --- the buttons --- */

/*
 * That a press was taken, since the register was read, does not mean that the guest heard it.
 * Linux loses one in three ways:
 *
 * - Its driver for buttons (drivers/acpi/button.c) drops what comes between its own suspend
 *   and its own resume. The interrupt is off only between suspend_device_irqs() and
 *   resume_device_irqs(), which are both within that time. So a press that waits for the
 *   interrupt is read in the midst of the resume, and dropped.
 * - systemd-logind refuses it ("action already in progress") until systemd has ended the job
 *   by which the guest slept. Until user space is thawed, the press is kept for logind, so
 *   it comes to the same refusal.
 * - While the guest boots, or loads the image of its hibernation, the drivers are there and
 *   their reader is not.
 *
 * Of this, the moment of resume_device_irqs() can be seen, by an event that means nothing: a
 * probe. So a guest that woke a short time ago is probed, and pressed a second after it took
 * that. A guest that sleeps is pressed at once, which wakes it, and is what it has to take.
 * The rest cannot be seen, so a guest that began to run, or woke, a short time ago is pressed
 * again and again.
 *
 * Not so one that has run for longer: a reader that does one thing after the other, such as
 * acpid's, could still be busy with the first press, and would put the guest to sleep a
 * second time, right after its wake. logind refuses the second one, as above.
 */
#define SETTLE (120 * SECOND) /* A boot, or a resume from disk, rarely takes longer. */
#define AGAIN (10 * SECOND)

void ask_has_to_settle(struct ask *ask, uint64_t now)
{
	ask->settled = now + SETTLE;
}

/* It is awake, and takes its interrupts. @again: as long as it does nothing. */
static void press_awake(struct ask *ask, bool again, uint64_t now)
{
	ask->probing = false;
	ask->host.press(ask->host.context, ask->asked);
	ask->look = again ? now + AGAIN : MAIN_LOOP_NEVER;
}

void ask_press(struct ask *ask, uint64_t now)
{
	const bool settles = now < ask->settled;

	ask->by_agent = false;
	ask->taken = false;
	if (!ask->suspended && !(settles && ask->slept)) {
		press_awake(ask, settles, now);
		return;
	}
	ask->probing = true;
	ask->look = now + SECOND;
	if (ask->suspended)
		ask->host.press(ask->host.context, ask->asked);
	else
		ask->host.probe(ask->host.context);
}

void ask_look_at_press(struct ask *ask, uint64_t now)
{
	const bool taken = !ask->host.press_waits(ask->host.context, ask->asked);

	/* It fell asleep again. */
	if (ask->suspended) {
		ask_press(ask, now);
	} else if (!ask->probing) {
		ask->taken = ask->taken || taken;
		press_awake(ask, true, now);
	} else if (!ask->taken || !taken) {
		ask->taken = taken;
		ask->look = now + SECOND;
	} else {
		ask->taken = false;
		press_awake(ask, true, now);
	}
}

bool ask_slept_before_press(struct ask *ask)
{
	const bool waits = ask->host.press_waits(ask->host.context, ask->asked);

	if (!ask->probing && (ask->taken || !waits))
		return false;
	ask->look = 0;

	return true;
}

/* --- both --- */

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
		ask_press(ask, now);
	}
	if (what == REQUEST_POWEROFF && !ask->awaited)
		host->asked_to_power_off(host->context);

	return true;
}

bool ask_await_agent(struct ask *ask)
{
	const struct ask_host *host = &ask->host;
	struct error ignored;

	ask->awaited = host->check_agent(host->context, ask->asked, &ignored) == -ENOTCONN &&
		       host->check_return(host->context, ask->asked, &ignored) == 0;

	return ask->awaited;
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
