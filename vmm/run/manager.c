/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/manager.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/message.h"
#include "base/notify.h"

#define MICROSECONDS_BETWEEN 1000000

/* @first: another line, or "". */
static void send_state(struct manager *manager, const char *first)
{
	const struct record *record = manager->control->record;
	char cause[CAUSE_TEXT_SIZE];
	char text[CAUSE_TEXT_SIZE + 128];
	struct error error;
	int err;

	cause_format(&record->cause, cause);
	/* A line break in the name of a file would begin another assignment. */
	for (char *c = cause; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = '?';
	snprintf(text, sizeof(text), "%s%sSTATUS=%s%s: %s", manager->is_ready ? "READY=1\n" : "",
		 first, record->paused ? "paused, " : "", lifecycle_state_word(record->state),
		 cause);
	manager->next = main_loop_now() + MICROSECONDS_BETWEEN;
	err = notify_send(text, &error);
	manager->lags = err == -EAGAIN;
	manager->is_ready = manager->is_ready && manager->lags;
	if (err && !manager->lags)
		message_ratelimited("%s", error.text);
}

static void send_if_due(struct manager *manager)
{
	manager->lags = true;
	if (main_loop_now() >= manager->next)
		send_state(manager, "");
}

static void on_event(void *context, const struct control_event *event)
{
	struct manager *manager = context;

	if (event->kind == VM_REPORT_SHUTDOWN)
		send_state(manager, "STOPPING=1\n");
	else
		send_if_due(manager);
}

static uint64_t late_due(const void *context)
{
	const struct manager *manager = context;

	return manager->lags ? manager->next : MAIN_LOOP_NEVER;
}

static void send_late(void *context)
{
	send_if_due(context);
}

int manager_watch(struct manager *manager, struct control *control, struct main_loop *loop,
		  struct error *error)
{
	int err;

	*manager = (struct manager){ .control = control };
	if (!notify_is_wanted())
		return 0;
	manager->listener = (struct control_listener){ .on_event = on_event, .context = manager };
	control_listen(control, &manager->listener);
	err = main_loop_add_deadline(loop, MAIN_LOOP_USUAL, late_due, send_late, manager);

	return err ? error_set(error, err, "cannot wait to notify the service manager: %s",
			       strerror(-err))
		   : 0;
}

void manager_ready(struct manager *manager)
{
	if (!notify_is_wanted())
		return;
	manager->is_ready = true;
	send_state(manager, "");
}
