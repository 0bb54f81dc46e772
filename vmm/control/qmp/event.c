/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp/monitor.h"

#include "base/utf8.h"

/* Whether the VM goes on, with or without a reset. */
static bool goes_on(const struct control_event *event)
{
	return event->cause && (event->cause->trigger == VM_TRIGGER_PANIC ||
				event->cause->trigger == VM_TRIGGER_RESET);
}

/* "reason" is omitted if it was done. */
static json_t *request_data(const struct control_event *event)
{
	const struct request *request = event->request;

	return json_pack("{s:s, s:s, s:s, s:o*}", "request", request_word(request->what), "outcome",
			 request_outcome_word(request->outcome), "state",
			 lifecycle_state_word(event->state), "reason",
			 *request->reason ? utf8_to_json(request->reason) : NULL);
}

/* The event's data. Returns a new reference, or NULL for none. */
static json_t *data(const struct control_event *event)
{
	switch (event->kind) {
	case VM_REPORT_RESET:
	case VM_REPORT_SHUTDOWN:
		return json_pack("{s:b, s:s}", "guest", event->guest, "reason",
				 control_reason_word(event->reason));
	case VM_REPORT_GUEST_PANICKED:
		return json_pack("{s:s}", "action", goes_on(event) ? "run" : "poweroff");
	case VM_REPORT_REQUEST:
		return request_data(event);
	case VM_REPORT_VSERPORT_CHANGE:
		return json_pack("{s:s, s:b}", "id", "org.qemu.guest_agent.0", "open", event->open);
	case VM_REPORT_NONE:
	case VM_REPORT_SUSPEND:
	case VM_REPORT_WAKEUP:
	case VM_REPORT_STOP:
	case VM_REPORT_RESUME:
	case VM_REPORT_POWERDOWN:
	case VM_REPORT_SUSPEND_DISK:
		break;
	}

	return NULL;
}

json_t *monitor_event(const struct control_event *event)
{
	return json_pack("{s:{s:I, s:I}, s:s, s:o*}", "timestamp", "seconds",
			 (json_int_t)event->when.tv_sec, "microseconds",
			 (json_int_t)(event->when.tv_nsec / 1000), "event",
			 lifecycle_report_word(event->kind), "data", data(event));
}
