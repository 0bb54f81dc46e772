/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/idle-vm.h"

#include "base/main-loop.h"
#include "base/message.h"
#include "control/ask-vm.h"
#include "machine/devices.h"
#include "machine/vcpu-time.h"

void control_create_idle(struct control *control)
{
	const uint32_t seconds = control->vm->config->sleep_when_idle;

	if (seconds != CONFIG_IDLE_OFF)
		control->idle.time = seconds * UINT64_C(1000000);
}

/* A request that the user has made goes on. */
static bool can_sleep(const struct control *control)
{
	return control->life.stage == LIFECYCLE_RUNNING && control->life.state == VM_RUNNING &&
	       !control->life.paused && control_ask_due(control) == MAIN_LOOP_NEVER;
}

uint64_t control_idle_due(const struct control *control)
{
	return idle_due(&control->idle, can_sleep(control));
}

void control_on_idle_due(struct control *control)
{
	const struct idle_sample sample = {
		.now = main_loop_now(),
		.cpu = vcpus_cpu_time(control->vm),
		.uses = devices_uses(control->vm->devices) + control->inputs,
	};
	struct error error;

	if (!idle_take(&control->idle, &sample))
		return;
	message_ratelimited("%s: idle for %u s: its guest is asked to suspend", control->vm->name,
			    control->vm->config->sleep_when_idle);
	/* How the request ends is reported as of any other. */
	if (control_ask(control, REQUEST_SUSPEND, CONTROL_ASK_TIMEOUT, REQUEST_ELSE_LEAVE, &error) <
	    0)
		message_ratelimited("%s", error.text);
}
