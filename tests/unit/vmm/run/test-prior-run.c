/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM that another process has: it runs, or its run is over and the process about to end. */
#include "run/prior.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"
#include "vmm/record/record-fixture.h"
#include "vmm/record/vm-dir-fixture.h"

/* Another process, which locks the VM. */
static pid_t begin_owner(void)
{
	struct error error = { "" };
	char byte;
	int ready[2];
	pid_t owner;

	assert_int_equal(pipe(ready), 0);
	owner = fork();
	assert_true(owner >= 0);
	if (owner == 0) {
		struct vm_dir mine;

		if (vm_dir_open(RECORD_VM, false, &mine, &error) || vm_dir_lock(&mine, &error) ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		/* The former run's process has something to do yet. */
		alarm(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);

	return owner;
}

static int find_while_locked(enum vm_state state, struct error *error)
{
	struct record record = record_example();
	struct prior_run found = { 0 };
	struct vm_dir dir;
	pid_t owner;
	int err;

	vm_open(RECORD_VM, true, &dir);
	record.state = state;
	if (state == VM_SAVED) {
		record_set_text(&record.saved_file, "/srv/web.saved");
		assert_int_equal(record_make_saved_id(&record), 0);
	}
	record_must_save(dir.fd, &record);
	record_free(&record);
	owner = begin_owner();
	err = prior_run_find(&dir, &found, error);
	if (!err)
		assert_int_equal(found.last.state, state);
	record_free(&found.last);
	vm_dir_close(&dir);
	(void)kill(owner, SIGKILL);
	assert_int_equal(waitpid(owner, NULL, 0), owner);

	return err;
}

static void a_process_whose_run_is_over_is_waited_for(void **state)
{
	static const enum vm_state over[] = { VM_OFF, VM_HIBERNATED, VM_SAVED, VM_CRASHED };
	struct error error = { "" };

	vm_set_places(scratch_path("over"), NULL, NULL);
	for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++)
		if (find_while_locked(over[i], &error) != 0)
			fail_msg("state %d: %s", (int)over[i], error.text);
}

static void a_vm_that_runs_is_refused_with_its_process(void **state)
{
	struct error error = { "" };

	vm_set_places(scratch_path("runs"), NULL, NULL);
	assert_int_equal(find_while_locked(VM_RUNNING, &error), -EBUSY);
	scratch_says(&error, RECORD_VM " is in use: the dormouse with pid ", " runs it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_whose_run_is_over_is_waited_for),
		cmocka_unit_test(a_vm_that_runs_is_refused_with_its_process),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
