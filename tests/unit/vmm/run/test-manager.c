/* SPDX-License-Identifier: BSD-3-Clause */
/* What a service manager learns of a run. */
#include "run/manager.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

/* A run and its service manager. */
static struct {
	int fd;
	struct record record;
	struct control control;
	struct main_loop loop;
	struct manager manager;
} rig;

static void begin(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct error error = { "" };

	memset(&rig, 0, sizeof(rig));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", scratch_path("manager"));
	(void)unlink(address.sun_path);
	rig.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(rig.fd >= 0);
	assert_int_equal(bind(rig.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
	rig.control.record = &rig.record;
	assert_int_equal(manager_watch(&rig.manager, &rig.control, &rig.loop, &error), 0);
}

static void is(enum vm_state state, enum vm_trigger trigger, const char *what)
{
	rig.record.state = state;
	cause_set(&rig.record.cause, trigger, CAUSE_VCPU_NONE, what);
}

/* As control/report.c does it. */
static void report(enum vm_report kind)
{
	const struct control_event event = { .kind = kind };

	for (const struct control_listener *l = rig.control.listeners; l; l = l->next)
		l->on_event(l->context, &event);
}

static void received(const char *text)
{
	char buffer[1024] = "";

	assert_true(recv(rig.fd, buffer, sizeof(buffer) - 1, 0) > 0);
	assert_string_equal(buffer, text);
}

static void received_nothing(void)
{
	char byte;

	assert_int_equal(recv(rig.fd, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static void end_loop(void *context)
{
	main_loop_end(context);
}

static void a_guest_that_runs_makes_the_service_ready(void **state)
{
	begin();
	is(VM_RUNNING, VM_TRIGGER_START, "dormouse run");
	received_nothing();
	manager_ready(&rig.manager);
	received("READY=1\nSTATUS=running: dormouse run");
	received_nothing();
	close(rig.fd);
}

static void a_restored_guest_is_ready_while_it_sleeps(void **state)
{
	begin();
	is(VM_SUSPENDED, VM_TRIGGER_RESTORE, "from /srv/web.saved");
	rig.record.paused = true;
	manager_ready(&rig.manager);
	received("READY=1\nSTATUS=paused, suspended: from /srv/web.saved");
	close(rig.fd);
}

static void the_end_is_reported_at_once(void **state)
{
	begin();
	is(VM_RUNNING, VM_TRIGGER_START, "dormouse run");
	manager_ready(&rig.manager);
	received("READY=1\nSTATUS=running: dormouse run");
	is(VM_HIBERNATED, VM_TRIGGER_HIBERNATE, "SYSTEM_OFF2");
	report(VM_REPORT_SHUTDOWN);
	received("STOPPING=1\nSTATUS=hibernated: SYSTEM_OFF2");
	close(rig.fd);
}

static void of_many_states_the_last_one_arrives(void **state)
{
	begin();
	is(VM_RUNNING, VM_TRIGGER_START, "dormouse run");
	manager_ready(&rig.manager);
	received("READY=1\nSTATUS=running: dormouse run");
	for (unsigned int i = 0; i < 100; i++) {
		is(VM_SUSPENDED, VM_TRIGGER_SUSPEND, "SYSTEM_SUSPEND");
		report(VM_REPORT_SUSPEND);
		is(VM_RUNNING, VM_TRIGGER_WAKE, "woken by the console");
		report(VM_REPORT_WAKEUP);
	}
	assert_int_equal(main_loop_add(&rig.loop, MAIN_LOOP_LAST, rig.fd, end_loop, &rig.loop), 0);
	main_loop_run(&rig.loop);
	received("STATUS=running: woken by the console");
	received_nothing();
	close(rig.fd);
}

static void a_line_break_in_a_cause_begins_no_assignment(void **state)
{
	begin();
	is(VM_SAVED, VM_TRIGGER_SAVE, "in /srv/a\nMAINPID=1\tb");
	report(VM_REPORT_SHUTDOWN);
	received("STOPPING=1\nSTATUS=saved: in /srv/a?MAINPID=1?b");
	close(rig.fd);
}

static void readiness_waits_for_room_in_the_manager_s_queue(void **state)
{
	char byte;

	begin();
	is(VM_SAVED, VM_TRIGGER_SAVE, "in a file");
	do
		report(VM_REPORT_SHUTDOWN);
	while (!rig.manager.lags);
	is(VM_RUNNING, VM_TRIGGER_START, "dormouse run");
	manager_ready(&rig.manager);
	while (recv(rig.fd, &byte, 1, 0) > 0)
		;
	assert_int_equal(main_loop_add(&rig.loop, MAIN_LOOP_LAST, rig.fd, end_loop, &rig.loop), 0);
	main_loop_run(&rig.loop);
	received("READY=1\nSTATUS=running: dormouse run");
	received_nothing();
	close(rig.fd);
}

static void without_a_manager_nothing_is_watched(void **state)
{
	struct error error = { "" };

	memset(&rig, 0, sizeof(rig));
	unsetenv("NOTIFY_SOCKET");
	rig.control.record = &rig.record;
	assert_int_equal(manager_watch(&rig.manager, &rig.control, &rig.loop, &error), 0);
	assert_null(rig.control.listeners);
	assert_int_equal(rig.loop.count, 0);
	manager_ready(&rig.manager);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_that_runs_makes_the_service_ready),
		cmocka_unit_test(a_restored_guest_is_ready_while_it_sleeps),
		cmocka_unit_test(the_end_is_reported_at_once),
		cmocka_unit_test(of_many_states_the_last_one_arrives),
		cmocka_unit_test(a_line_break_in_a_cause_begins_no_assignment),
		cmocka_unit_test(readiness_waits_for_room_in_the_manager_s_queue),
		cmocka_unit_test(without_a_manager_nothing_is_watched),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
