/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM's lock: one dormouse has it, its owner may query it, no other user may take it. */
#include "record/vm-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"
#include "vm-dir-fixture.h"

static void lock_and_directory_are_closed_on_exec_and_on_close(void **state)
{
	const unsigned int open_files = scratch_open_files();
	struct vm_dir dir;

	vm_set_places(scratch_path("files"), NULL, NULL);
	vm_open("vm", true, &dir);
	assert_int_equal(fcntl(dir.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(dir.lock_fd, F_GETFD), FD_CLOEXEC);
	vm_dir_close(&dir);
	assert_int_equal(scratch_open_files(), open_files);
}

static bool is_locked(const struct vm_dir *dir)
{
	struct error error = { "" };
	bool locked;

	assert_int_equal(vm_dir_is_locked(dir, &locked, &error), 0);
	assert_string_equal(error.text, "");

	return locked;
}

static void only_one_of_two_processes_can_lock_a_vm(void **state)
{
	struct error error = { "" };
	struct vm_dir first;
	struct vm_dir second;

	vm_set_places(scratch_path("locks"), NULL, NULL);
	vm_open("vm", true, &first);
	vm_open("vm", false, &second);
	assert_int_equal(vm_dir_lock(&first, &error), 0);
	assert_int_equal(vm_dir_lock(&second, &error), -EBUSY);
	assert_string_equal(error.text, "");
	/* The lock is released with the process that has it, and with no other. */
	vm_dir_close(&second);
	vm_open("vm", true, &second);
	assert_int_equal(vm_dir_lock(&second, &error), -EBUSY);
	vm_dir_close(&first);
	assert_int_equal(vm_dir_lock(&second, &error), 0);
	vm_dir_close(&second);
}

static void asking_whether_a_vm_is_locked_does_not_lock_it(void **state)
{
	struct error error = { "" };
	struct vm_dir owner;
	struct vm_dir looker;

	vm_set_places(scratch_path("asks"), NULL, NULL);
	vm_open("vm", true, &owner);
	vm_open("vm", false, &looker);
	assert_false(is_locked(&looker));
	assert_false(is_locked(&owner));
	/* It is free, whatever was queried: */
	assert_int_equal(vm_dir_lock(&owner, &error), 0);
	assert_true(is_locked(&looker));
	assert_false(is_locked(&owner));
	vm_dir_close(&owner);
	assert_false(is_locked(&looker));
	vm_dir_close(&looker);
}

/* Another process has the VM until it is killed. */
static void the_lock_of_a_vm_ends_with_its_process(void **state)
{
	struct error error = { "" };
	struct vm_dir dir;
	char byte;
	int status;
	int ready[2];
	pid_t child;

	vm_set_places(scratch_path("processes"), NULL, NULL);
	vm_open("vm", true, &dir);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct vm_dir mine;

		if (vm_dir_open("vm", false, &mine, &error) || vm_dir_lock(&mine, &error) ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	assert_true(is_locked(&dir));
	assert_int_equal(vm_dir_lock(&dir, &error), -EBUSY);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(is_locked(&dir));
	assert_int_equal(vm_dir_lock(&dir, &error), 0);
	vm_dir_close(&dir);
}

/* What another user finds on opening it: NULL, or what is wrong. */
static const char *check_not_lockable(struct vm_dir *dir)
{
	struct error error = { "" };

	if (vm_dir_open("vm", false, dir, &error) != 0)
		return error.text[0] ? "it could not be opened" : "it could not be opened, no why";
	if (vm_dir_lock(dir, &error) != -EACCES)
		return "it could be locked";

	return strncmp(error.text, "vm belongs to user ", 19) ? "another sentence" : NULL;
}

static const char *check_someone_elses(void)
{
	static const char sentence[] =
		"cannot determine whether vm is in use: its lock: Permission denied";
	struct error error = { "" };
	struct vm_dir dir;
	bool locked;
	const char *wrong = check_not_lockable(&dir);

	if (wrong)
		return wrong;
	if (vm_dir_is_locked(&dir, &locked, &error) != -EACCES)
		return "it could be asked about";

	return strcmp(error.text, sentence) ? "another sentence about its lock" : NULL;
}

static const char *check_readable(void)
{
	struct error error = { "" };
	struct vm_dir dir;
	bool locked;
	const char *wrong = check_not_lockable(&dir);

	if (wrong)
		return wrong;
	if (vm_dir_is_locked(&dir, &locked, &error) != 0)
		return "it could not be asked about";

	return locked ? NULL : "it is not locked";
}

static const char *check_closed(void)
{
	struct error error = { "" };
	struct vm_dir dir;

	if (vm_dir_open("vm", false, &dir, &error) != -EACCES)
		return "it could be opened";

	return strstr(error.text, ": Permission denied") ? NULL : "another sentence";
}

/*
 * Another user finds nothing, unless the owner lets them look at it; and then they cannot
 * open its lock, by which they could block its owner, unless the owner lets them read
 * that, too.
 */
static void the_vm_of_another_user_can_be_read_or_locked_only_with_permission(void **state)
{
	struct error error = { "" };
	struct vm_dir dir;

	vm_set_places(scratch_path("others"), NULL, NULL);
	vm_open("vm", true, &dir);
	assert_int_equal(vm_dir_lock(&dir, &error), 0);
	scratch_unprivileged(check_closed);
	assert_int_equal(chmod(scratch_path("others"), 0755), 0);
	assert_int_equal(chmod(scratch_path("others/vm"), 0755), 0);
	scratch_unprivileged(check_someone_elses);
	assert_int_equal(chmod(scratch_path("others/vm/lock"), 0444), 0);
	scratch_unprivileged(check_readable);
	vm_dir_close(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lock_and_directory_are_closed_on_exec_and_on_close),
		cmocka_unit_test(only_one_of_two_processes_can_lock_a_vm),
		cmocka_unit_test(asking_whether_a_vm_is_locked_does_not_lock_it),
		cmocka_unit_test(the_lock_of_a_vm_ends_with_its_process),
		cmocka_unit_test(the_vm_of_another_user_can_be_read_or_locked_only_with_permission),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
