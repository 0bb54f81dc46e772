/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor.h"

static const char *const names[] = {
	[CONTROL_SUSPEND] = "SUSPEND",
	[CONTROL_WAKEUP] = "WAKEUP",
	[CONTROL_STOP] = "STOP",
	[CONTROL_RESUME] = "RESUME",
	[CONTROL_RESET] = "RESET",
	[CONTROL_POWERDOWN] = "POWERDOWN",
	[CONTROL_SHUTDOWN] = "SHUTDOWN",
	[CONTROL_SUSPEND_DISK] = "SUSPEND_DISK",
	[CONTROL_GUEST_PANICKED] = "GUEST_PANICKED",
};

/* What the event is about. Returns a new reference, or NULL for nothing. */
static json_t *data(const struct control_event *event)
{
	switch (event->kind) {
	case CONTROL_RESET:
	case CONTROL_SHUTDOWN:
		return json_pack("{s:b, s:s}", "guest", event->guest, "reason",
				 control_reason_word(event->reason));
	case CONTROL_GUEST_PANICKED:
		return json_pack("{s:s}", "action", "poweroff");
	case CONTROL_SUSPEND:
	case CONTROL_WAKEUP:
	case CONTROL_STOP:
	case CONTROL_RESUME:
	case CONTROL_POWERDOWN:
	case CONTROL_SUSPEND_DISK:
		break;
	}

	return NULL;
}

json_t *monitor_event(const struct control_event *event)
{
	return json_pack("{s:{s:I, s:I}, s:s, s:o*}", "timestamp", "seconds",
			 (json_int_t)event->when.tv_sec, "microseconds",
			 (json_int_t)(event->when.tv_nsec / 1000), "event", names[event->kind],
			 "data", data(event));
}
