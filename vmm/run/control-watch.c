/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/control-watch.h"

#include <stddef.h>

#include "control/act.h"
#include "control/ask-vm.h"
#include "control/idle-vm.h"
#include "control/park.h"

static void on_question(void *context)
{
	struct control *control = context;

	control_serve(control);
}

static uint64_t record_due(const void *context)
{
	const struct control *control = context;

	return control_deadline(control);
}

static void on_record_due(void *context)
{
	struct control *control = context;

	control_write_late(control);
}

static uint64_t alarm_due(const void *context)
{
	const struct control *control = context;

	return control_alarm_due(control);
}

static void on_alarm(void *context)
{
	struct control *control = context;

	control_on_alarm(control);
}

static uint64_t call_due(const void *context)
{
	const struct control *control = context;

	return control_call_due(control);
}

static void on_call(void *context)
{
	struct control *control = context;

	control_on_call(control);
}

static uint64_t ask_is_due(const void *context)
{
	const struct control *control = context;

	return control_ask_due(control);
}

static void on_ask_due(void *context)
{
	struct control *control = context;

	control_on_ask_due(control);
}

static uint64_t idle_is_due(const void *context)
{
	const struct control *control = context;

	return control_idle_due(control);
}

static void on_idle_due(void *context)
{
	struct control *control = context;

	control_on_idle_due(control);
}

static uint64_t parking_is_due(const void *context)
{
	const struct control *control = context;

	return park_due(control);
}

static void on_parking_due(void *context)
{
	struct control *control = context;

	park_on_due(control);
}

int run_watch_control(struct control *control, struct main_loop *loop)
{
	static const struct {
		enum main_loop_order order;
		uint64_t (*due)(const void *context);
		void (*run)(void *context);
	} deadlines[] = {
		/* A flood of other events must not put it off. */
		{ MAIN_LOOP_FIRST, record_due, on_record_due },
		{ MAIN_LOOP_USUAL, alarm_due, on_alarm },
		/* After devices, in the same round. */
		{ MAIN_LOOP_LAST, call_due, on_call },
		/* And after all that may wake it. */
		{ MAIN_LOOP_LAST, parking_is_due, on_parking_due },
		{ MAIN_LOOP_USUAL, idle_is_due, on_idle_due },
		{ MAIN_LOOP_USUAL, ask_is_due, on_ask_due },
	};
	/* First, so that requests of the host find the current state. */
	int err = main_loop_add(loop, MAIN_LOOP_FIRST, control_fd(control), on_question, control);

	for (size_t i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]) && !err; i++)
		err = main_loop_add_deadline(loop, deadlines[i].order, deadlines[i].due,
					     deadlines[i].run, control);

	return err;
}
