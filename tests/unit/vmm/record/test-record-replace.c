/* SPDX-License-Identifier: BSD-3-Clause */
/* A record is replaced as a whole or not at all, whatever fails and whenever a process dies. */
#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "record-fixture.h"
#include "support/scratch.h"

#define LOADS 500
#define ROUNDS 30

/*
 * The calls that a replacement consists of, in place of the C library's: they are
 * recorded while @watching, and one of them can be made to fail or to be the last.
 */
static struct {
	bool watching;
	char log[64]; /* w: write, f: fsync of a file, d: of a directory, r: rename. */
	size_t count;
	size_t fail_at; /* The first is 1. */
	int fail_with; /* An errno, or 0: be killed by SIGKILL. */
	size_t write_max; /* At most this much in a write; 0: all. */
} calls;

static void watch(size_t fail_at, int fail_with)
{
	memset(&calls, 0, sizeof(calls));
	calls.watching = true;
	calls.fail_at = fail_at;
	calls.fail_with = fail_with;
}

/* Returns whether the call may be made. */
static bool step(char what)
{
	if (!calls.watching)
		return true;
	if (calls.count < sizeof(calls.log) - 1)
		calls.log[calls.count] = what;
	calls.count++;
	if (calls.count != calls.fail_at)
		return true;
	if (calls.fail_with == 0)
		(void)raise(SIGKILL);
	errno = calls.fail_with;

	return false;
}

ssize_t write(int fd, const void *data, size_t size)
{
	if (!step('w'))
		return -1;
	if (calls.watching && calls.write_max > 0 && size > calls.write_max)
		size = calls.write_max;

	return syscall(SYS_write, fd, data, size);
}

int fsync(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || !step(S_ISDIR(status.st_mode) ? 'd' : 'f'))
		return -1;

	return (int)syscall(SYS_fsync, fd);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return step('r') ? (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0) : -1;
}

static bool exists(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void save_boots(int dir, uint64_t boots)
{
	struct record record = record_example();

	record.boots = boots;
	record_must_save(dir, &record);
	record_free(&record);
}

/* The record must be whole. */
static uint64_t load_boots(int dir)
{
	struct record want = record_example();
	struct record loaded = record_must_load(dir);
	const uint64_t boots = loaded.boots;

	want.boots = boots;
	record_assert_equal(&loaded, &want);
	record_free(&loaded);
	record_free(&want);

	return boots;
}

/* Try in vain to replace record 1 by record 2: a message, nothing lost, nothing left. */
static void replaced_in_vain(int dir, int err, const char *reason)
{
	const unsigned int open_files = scratch_open_files();
	struct error error = { "" };
	struct record record = record_example();

	record.boots = 2;
	assert_int_equal(record_save(dir, RECORD_VM, &record, &error), err);
	calls.watching = false;
	record_free(&record);
	scratch_says(&error, "cannot write the record of " RECORD_VM ": ", reason);
	assert_int_equal(scratch_open_files(), open_files);
	assert_int_equal(load_boots(dir), 1);
}

static void a_record_is_synced_before_its_rename_and_the_directory_after(void **state)
{
	const int dir = record_make_dir("order");

	watch(0, 0);
	save_boots(dir, 1);
	assert_string_equal(calls.log, "wfrd");
	watch(0, 0);
	save_boots(dir, 2);
	calls.watching = false;
	assert_string_equal(calls.log, "wfrd");
	assert_int_equal(load_boots(dir), 2);
	assert_false(exists(dir, "record.json.new"));
	close(dir);
}

static void a_replacement_whose_step_fails_leaves_the_old_record(void **state)
{
	const int dir = record_make_dir("fails");

	save_boots(dir, 1);
	for (size_t i = 1; i <= strlen("wfr"); i++) {
		watch(i, EIO);
		replaced_in_vain(dir, -EIO, "Input/output error");
		assert_int_equal(calls.count, i);
		assert_false(exists(dir, "record.json.new"));
	}
	close(dir);
}

/* The new one is there, but it may not be durable. */
static void a_replacement_whose_directory_cannot_be_synced_is_a_failure(void **state)
{
	const int dir = record_make_dir("last");
	struct error error = { "" };
	struct record record = record_example();

	save_boots(dir, 1);
	watch(strlen("wfrd"), EIO);
	record.boots = 2;
	assert_int_equal(record_save(dir, RECORD_VM, &record, &error), -EIO);
	calls.watching = false;
	record_free(&record);
	scratch_says(&error, RECORD_VM, "Input/output error");
	assert_in_range(load_boots(dir), 1, 2);
	close(dir);
}

static void short_and_interrupted_writes_of_a_record_are_continued(void **state)
{
	const int dir = record_make_dir("short");

	watch(2, EINTR);
	calls.write_max = 100;
	save_boots(dir, 3);
	calls.watching = false;
	assert_memory_equal(calls.log, "wwwwww", 6);
	assert_int_equal(load_boots(dir), 3);
	close(dir);
}

static void a_full_file_system_leaves_the_old_record(void **state)
{
	const int dir = record_make_dir("full");

	save_boots(dir, 1);
	watch(1, ENOSPC);
	replaced_in_vain(dir, -ENOSPC, "No space left on device");
	assert_false(exists(dir, "record.json.new"));
	close(dir);
}

/* Another user may have planted it in a directory that they can write. */
static void a_temporary_file_in_the_way_is_removed_and_not_written_into(void **state)
{
	const int dir = record_make_dir("planted");
	struct stat status;

	assert_int_equal(mkdirat(dir, "target", 0755), 0);
	for (int hard = 0; hard < 2; hard++) {
		const char *target = scratch_write("planted/target/file", "theirs", 6);

		if (hard)
			assert_int_equal(linkat(dir, "target/file", dir, "record.json.new", 0), 0);
		else
			assert_int_equal(symlinkat("target/file", dir, "record.json.new"), 0);
		save_boots(dir, 1);
		assert_int_equal(load_boots(dir), 1);
		assert_int_equal(stat(target, &status), 0);
		assert_int_equal(status.st_size, 6);
		assert_false(exists(dir, "record.json.new"));
	}
	close(dir);
}

/* It has the kernel's command line, in which tokens are passed. */
static void a_record_is_accessible_to_its_owner_only(void **state)
{
	const int dir = record_make_dir("private");
	struct stat status;

	/* As an earlier version wrote it. */
	save_boots(dir, 1);
	assert_int_equal(fchmodat(dir, "record.json", 0644, 0), 0);
	save_boots(dir, 2);
	assert_int_equal(fstatat(dir, "record.json", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	close(dir);
}

static void a_record_is_replaced_on_a_file_system_that_cannot_sync_directories(void **state)
{
	static const int errors[] = { EINVAL, EOPNOTSUPP, ENOSYS };
	const int dir = record_make_dir("no-fsync");

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		watch(strlen("wfrd"), errors[i]);
		save_boots(dir, i);
		calls.watching = false;
		assert_int_equal(load_boots(dir), i);
	}
	close(dir);
}

static void a_sync_of_a_record_that_a_signal_interrupts_is_continued(void **state)
{
	const int dir = record_make_dir("interrupted");

	watch(strlen("wf"), EINTR);
	save_boots(dir, 1);
	assert_string_equal(calls.log, "wffrd");
	watch(strlen("wfrd"), EINTR);
	save_boots(dir, 2);
	assert_string_equal(calls.log, "wfrdd");
	calls.watching = false;
	assert_int_equal(load_boots(dir), 2);
	close(dir);
}

/* Part of it can be written. */
static void a_limit_on_file_sizes_leaves_the_old_record(void **state)
{
	const int dir = record_make_dir("limit");
	struct rlimit before;
	struct rlimit limit;

	save_boots(dir, 1);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 100;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	replaced_in_vain(dir, -EFBIG, "File too large");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_false(exists(dir, "record.json.new"));
	close(dir);
}

static void a_directory_in_place_of_a_record_is_kept(void **state)
{
	const int dir = record_make_dir("way");
	struct error error = { "" };
	struct record record = record_example();

	save_boots(dir, 1);
	assert_int_equal(mkdirat(dir, "record.json.new", 0755), 0);
	replaced_in_vain(dir, -EISDIR, "Is a directory");
	assert_int_equal(unlinkat(dir, "record.json.new", AT_REMOVEDIR), 0);

	assert_int_equal(unlinkat(dir, "record.json", 0), 0);
	assert_int_equal(mkdirat(dir, "record.json", 0755), 0);
	assert_int_equal(record_save(dir, RECORD_VM, &record, &error), -EISDIR);
	scratch_says(&error, RECORD_VM, "Is a directory");
	assert_true(exists(dir, "record.json"));
	assert_false(exists(dir, "record.json.new"));
	record_free(&record);
	close(dir);
}

static int protected_dir;

static const char *check_protected(void)
{
	struct error error = { "" };
	struct record record = record_example();
	const int err = record_save(protected_dir, RECORD_VM, &record, &error);

	record_free(&record);
	if (err != -EACCES)
		return "it was written";

	return strcmp(error.text, "cannot write the record of web-1: Permission denied")
		       ? "another sentence"
		       : NULL;
}

static void a_directory_without_write_permission_leaves_the_old_record(void **state)
{
	protected_dir = record_make_dir("read-only");
	save_boots(protected_dir, 1);
	assert_int_equal(fchmod(protected_dir, 0555), 0);
	scratch_unprivileged(check_protected);
	assert_int_equal(load_boots(protected_dir), 1);
	assert_int_equal(fchmod(protected_dir, 0755), 0);
	close(protected_dir);
}

static void wait_for_kill(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* A writer dies before each of its steps, then another one continues. */
static void a_writer_killed_at_any_step_leaves_a_whole_record(void **state)
{
	static const char steps[] = "wfrd";
	const int dir = record_make_dir("steps");

	for (size_t i = 1; i <= strlen(steps); i++) {
		const bool renamed = steps[i - 1] == 'd';
		pid_t child;

		save_boots(dir, 1);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			struct error error;
			struct record record = record_example();

			record.boots = 2;
			watch(i, 0);
			_exit(record_save(dir, RECORD_VM, &record, &error) ? 1 : 0);
		}
		wait_for_kill(child);
		assert_int_equal(load_boots(dir), renamed ? 2 : 1);
		save_boots(dir, 3);
		assert_int_equal(load_boots(dir), 3);
		assert_false(exists(dir, "record.json.new"));
	}
	close(dir);
}

/* Replace the record for ever, counting from @boots; returns once it has begun. */
static pid_t start_writer(int dir, uint64_t boots)
{
	char byte;
	int ready[2];
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct record record = record_example();

		for (record.boots = boots;; record.boots++) {
			struct error error;

			if (record_save(dir, RECORD_VM, &record, &error) != 0)
				_exit(1);
			if (record.boots == boots && write(ready[1], "x", 1) != 1)
				_exit(1);
		}
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);

	return child;
}

/* Load until @loads were made and the record has changed: it only ever grows newer. */
static uint64_t follow(int dir, uint64_t boots, unsigned int loads)
{
	const uint64_t first = boots;

	for (unsigned int i = 0; i < loads || boots == first; i++) {
		const uint64_t next = load_boots(dir);

		assert_true(next >= boots);
		boots = next;
	}

	return boots;
}

static void a_reader_during_replacements_finds_a_whole_record(void **state)
{
	const int dir = record_make_dir("readers");
	const pid_t child = start_writer(dir, 1);

	follow(dir, 1, LOADS);
	assert_int_equal(kill(child, SIGKILL), 0);
	wait_for_kill(child);
	close(dir);
}

static void a_writer_killed_at_any_moment_leaves_a_whole_record(void **state)
{
	const int dir = record_make_dir("killed");
	uint64_t boots = 0;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		const pid_t child = start_writer(dir, boots + 1);
		uint64_t seen = follow(dir, boots, (unsigned int)random() % 20);
		uint64_t left;

		assert_int_equal(kill(child, SIGKILL), 0);
		wait_for_kill(child);
		left = load_boots(dir);
		assert_true(left >= seen);
		boots = left;
	}
	save_boots(dir, boots + 1);
	assert_int_equal(load_boots(dir), boots + 1);
	assert_false(exists(dir, "record.json.new"));
	close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_synced_before_its_rename_and_the_directory_after),
		cmocka_unit_test(a_replacement_whose_step_fails_leaves_the_old_record),
		cmocka_unit_test(a_replacement_whose_directory_cannot_be_synced_is_a_failure),
		cmocka_unit_test(short_and_interrupted_writes_of_a_record_are_continued),
		cmocka_unit_test(a_full_file_system_leaves_the_old_record),
		cmocka_unit_test(a_temporary_file_in_the_way_is_removed_and_not_written_into),
		cmocka_unit_test(a_record_is_accessible_to_its_owner_only),
		cmocka_unit_test(
			a_record_is_replaced_on_a_file_system_that_cannot_sync_directories),
		cmocka_unit_test(a_sync_of_a_record_that_a_signal_interrupts_is_continued),
		cmocka_unit_test(a_limit_on_file_sizes_leaves_the_old_record),
		cmocka_unit_test(a_directory_in_place_of_a_record_is_kept),
		cmocka_unit_test(a_directory_without_write_permission_leaves_the_old_record),
		cmocka_unit_test(a_writer_killed_at_any_step_leaves_a_whole_record),
		cmocka_unit_test(a_reader_during_replacements_finds_a_whole_record),
		cmocka_unit_test(a_writer_killed_at_any_moment_leaves_a_whole_record),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
