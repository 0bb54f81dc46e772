/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A clone is made as a whole or not at all, whatever fails, and whenever its process is asked
 * to end or is killed; its VM never changes.
 */
#include "clone-rig.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

/*
 * The calls by which a clone is made, in place of the C library's. While @watching they are
 * counted, and at one of them something happens: a failure or a signal.
 */
static struct {
	bool watching;
	size_t count;
	size_t at; /* The first is 1. */
	int fail_with; /* An errno, or */
	int signal; /* a signal. */
} calls;

static void watch(size_t at, int fail_with, int signal)
{
	memset(&calls, 0, sizeof(calls));
	calls.watching = true;
	calls.at = at;
	calls.fail_with = fail_with;
	calls.signal = signal;
}

/* Returns whether the call may be made. */
static bool step(void)
{
	if (!calls.watching || ++calls.count != calls.at)
		return true;
	if (calls.signal)
		(void)raise(calls.signal);
	errno = calls.fail_with;

	return calls.fail_with == 0;
}

ssize_t write(int fd, const void *data, size_t size)
{
	return step() ? syscall(SYS_write, fd, data, size) : -1;
}

ssize_t copy_file_range(int from, off_t *in, int to, off_t *out, size_t size, unsigned int flags)
{
	return step() ? syscall(SYS_copy_file_range, from, in, to, out, size, flags) : -1;
}

int ftruncate(int fd, off_t size)
{
	return step() ? (int)syscall(SYS_ftruncate, fd, size) : -1;
}

/* No power is lost here. */
int fsync(int fd)
{
	return step() ? 0 : -1;
}

int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	return step() ? (int)syscall(SYS_fsetxattr, fd, name, value, size, flags) : -1;
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	return step() ? (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags) : -1;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return step() ? (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0) : -1;
}

int mkdir(const char *path, mode_t mode)
{
	return step() ? (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode) : -1;
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);

	return step() ? (int)syscall(SYS_openat, dir, path, flags, mode) : -1;
}

ssize_t getrandom(void *bytes, size_t size, unsigned int flags)
{
	return step() ? syscall(SYS_getrandom, bytes, size, flags) : -1;
}

/* --- what there is afterwards --- */

static void begin(void **state)
{
	struct record web;

	clone_rig_setup(state);
	web = clone_rig_record();
	clone_rig_save_machine(&web);
	record_free(&web);
}

static void assert_whole(void)
{
	struct record copy = clone_rig_load("copy");

	assert_int_equal(copy.state, VM_SAVED);
	assert_int_equal(access(copy.saved_file, F_OK), 0);
	assert_true(clone_rig_says("copy-web.img", "the web"));
	assert_true(clone_rig_says("copy-swap.img", "the swap"));
	record_free(&copy);
}

static bool has_record(void)
{
	return strstr(clone_rig_all(), "copy web ") != NULL &&
	       access(clone_rig_path("../state/copy/record.json"), F_OK) == 0;
}

/* The way to end, as the exit status of a process. */
enum { MADE, FAILED };

static int clone_in_child(size_t at, int signal)
{
	const pid_t pid = fork();
	struct error error;
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		watch(at, 0, signal);
		_exit(clone_rig_clone(NULL, NULL, &error) == 0 ? MADE : FAILED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);

	return status;
}

static size_t count_calls(void **state)
{
	struct error error = { "" };

	begin(state);
	watch(0, 0, 0);
	if (clone_rig_clone(NULL, NULL, &error) != 0)
		fail_msg("%s", error.text);
	calls.watching = false;
	assert_whole();

	return calls.count;
}

static void a_failure_of_any_call_leaves_nothing_of_a_clone(void **state)
{
	static const int errors[] = { EIO, ENOSPC };
	const size_t count = count_calls(state);
	size_t failed = 0;

	for (size_t i = 0; i < 2 * count; i++) {
		const unsigned int open_files = scratch_open_files();
		struct error error = { "" };
		char *before;
		int err;

		begin(state);
		before = strdup(clone_rig_all());
		watch(i / 2 + 1, errors[i % 2], 0);
		err = clone_rig_clone(NULL, NULL, &error);
		calls.watching = false;
		assert_int_equal(scratch_open_files(), open_files);
		if (err) {
			failed++;
			assert_true(*error.text);
			assert_string_equal(clone_rig_all(), before);
		} else {
			/* A file system need not have attributes. */
			assert_whole();
		}
		free(before);
	}
	/* Most do matter. */
	assert_true(failed > count);
}

static void a_clone_that_is_asked_to_end_leaves_nothing_or_is_whole(void **state)
{
	const size_t count = count_calls(state);
	size_t made = 0;

	for (size_t at = 1; at <= count; at++) {
		char *before;
		int status;

		begin(state);
		before = strdup(clone_rig_all());
		status = clone_in_child(at, SIGTERM);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == MADE) {
			made++;
			assert_whole();
		} else {
			assert_string_equal(clone_rig_all(), before);
		}
		free(before);
	}
	assert_in_range(made, 1, count - 1);
}

/* A copy that is not complete has no name; the record, which makes the VM, comes last. */
static void a_clone_whose_process_is_killed_has_no_record_or_is_whole(void **state)
{
	const size_t count = count_calls(state);
	size_t whole = 0;
	size_t nothing = 0;

	for (size_t at = 1; at <= count; at++) {
		char *before;

		begin(state);
		before = strdup(clone_rig_all());
		assert_true(WIFSIGNALED(clone_in_child(at, SIGKILL)));
		if (has_record()) {
			whole++;
			assert_whole();
		}
		nothing += strcmp(clone_rig_all(), before) == 0;
		assert_true(clone_rig_says("copy-web.img", NULL) ||
			    clone_rig_says("copy-web.img", "the web"));
		assert_true(clone_rig_says("copy-swap.img", NULL) ||
			    clone_rig_says("copy-swap.img", "the swap"));
		free(before);
	}
	/* It is there only once all else is, and nothing is there before all is copied. */
	assert_in_range(whole, 1, 2);
	assert_true(nothing > count / 3);
}

/* As a killed process leaves it. */
static void a_directory_without_a_record_is_taken_for_a_clone(void **state)
{
	struct error error = { "" };

	begin(state);
	assert_int_equal(mkdir(clone_rig_path("../state/copy"), 0700), 0);
	assert_int_equal(clone_rig_clone(NULL, NULL, &error), 0);
	assert_whole();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_of_any_call_leaves_nothing_of_a_clone),
		cmocka_unit_test(a_clone_that_is_asked_to_end_leaves_nothing_or_is_whole),
		cmocka_unit_test(a_clone_whose_process_is_killed_has_no_record_or_is_whole),
		cmocka_unit_test(a_directory_without_a_record_is_taken_for_a_clone),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
