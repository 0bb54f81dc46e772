/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A new file appears as a whole or not at all and replaces nothing, on file systems that
 * lack one operation or another, whatever fails and whenever a process dies.
 */
#include "base/durable.h"
#include "base/new-file.h"

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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

#define MAGIC "MAGIC "
#define CONTENT MAGIC "and all the rest"

/*
 * The calls that publishing consists of, in place of the C library's. Each fails with its
 * errno if one is set, and the process dies in the call of that number.
 */
static struct {
	char log[64]; /* f, d: fsync of a file, of a directory; R: renameat2; l: linkat; r: renameat. */
	size_t count;
	size_t die_at; /* The first is 1; 0: never. */
	int fsync, fsync_directory, renameat2, linkat, renameat, lock;
	bool linkat_repeated; /* Carried out, and answered as if it were the second time. */
	int fsync_once; /* An errno of the first fsync alone. */
} calls;

static int step(char what, int err)
{
	if (calls.count < sizeof(calls.log) - 1)
		calls.log[calls.count] = what;
	if (++calls.count == calls.die_at)
		(void)raise(SIGKILL);
	errno = err;

	return err ? -1 : 0;
}

int fsync(int fd)
{
	struct stat status;
	const bool directory = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
	const int once = calls.fsync_once;

	calls.fsync_once = 0;
	if (once)
		return step(directory ? 'd' : 'f', once);

	return step(directory ? 'd' : 'f', directory ? calls.fsync_directory : calls.fsync);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
	assert_int_equal(flags, RENAME_NOREPLACE);
	if (step('R', calls.renameat2) < 0)
		return -1;

	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return step('r', calls.renameat) < 0
		       ? -1
		       : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	if (step('l', calls.linkat) < 0)
		return -1;
	if (syscall(SYS_linkat, from_dir, from, to_dir, to, flags) < 0)
		return -1;
	errno = EEXIST;

	return calls.linkat_repeated ? -1 : 0;
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	void *argument;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	if (command == F_OFD_SETLK && calls.lock) {
		errno = calls.lock;

		return -1;
	}

	return (int)syscall(SYS_fcntl, fd, command, argument);
}

static void begin_test(const char *directory)
{
	memset(&calls, 0, sizeof(calls));
	assert_int_equal(mkdir(scratch_path(directory), 0755), 0);
}

/* Returns whether a file has @content; NULL: whether there is none. */
static bool has(const char *path, const char *content)
{
	char found[64] = "";
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (fd < 0)
		return !content;
	size = read(fd, found, sizeof(found) - 1);
	close(fd);

	return content && size == (ssize_t)strlen(content) && strcmp(found, content) == 0;
}

static int begin(struct new_file *file, const char *path)
{
	struct error error = { "" };
	const int err = new_file_begin(file, path, MAGIC, &error);

	if (err)
		return err;
	assert_int_equal(write(file->fd, CONTENT, strlen(CONTENT)), strlen(CONTENT));

	return new_file_sync(file);
}

static int make(const char *path, struct error *error)
{
	struct new_file file;
	int err;

	*error = (struct error){ "" };
	err = begin(&file, path);

	return err ? err : new_file_publish(&file, error);
}

/* --- file systems --- */

static void a_new_file_gets_its_name_on_each_kind_of_file_system(void **state)
{
	static const struct {
		const char *name;
		int renameat2, linkat, fsync_directory, lock;
		const char *log;
	} systems[] = {
		{ "ext4", 0, 0, 0, 0, "fRd" },
		{ "nfs", EINVAL, 0, 0, ENOLCK, "fRld" },
		{ "cephfs", EINVAL, 0, 0, 0, "fRld" },
		{ "kernel-without-it", ENOSYS, 0, 0, 0, "fRld" },
		{ "smb", 0, 0, EINVAL, ENOTSUP, "fRd" },
		{ "fuse-without-links", EINVAL, EPERM, ENOSYS, ENOSYS, "fRlrd" },
		{ "another-without-links", EINVAL, EOPNOTSUPP, EOPNOTSUPP, EINVAL, "fRlrd" },
		{ "and-another", EOPNOTSUPP, ENOSYS, 0, EINVAL, "fRlrd" },
	};

	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		const unsigned int open_files = scratch_open_files();
		struct error error;
		struct stat status;
		char path[PATH_MAX];

		begin_test(systems[i].name);
		calls.renameat2 = systems[i].renameat2;
		calls.linkat = systems[i].linkat;
		calls.fsync_directory = systems[i].fsync_directory;
		calls.lock = systems[i].lock;
		snprintf(path, sizeof(path), "%s/vm", scratch_path(systems[i].name));
		if (make(path, &error) != 0)
			fail_msg("%s: %s", systems[i].name, error.text);
		assert_string_equal(calls.log, systems[i].log);
		assert_true(has(path, CONTENT));
		assert_int_equal(scratch_count_files(systems[i].name), 1);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
		assert_int_equal(scratch_open_files(), open_files);

		/* It works again: the file exists now. */
		assert_int_equal(make(path, &error), -EEXIST);
		assert_true(has(path, CONTENT));
		assert_int_equal(scratch_count_files(systems[i].name), 1);
		assert_int_equal(scratch_open_files(), open_files);
	}
}

/* The name is taken after the work began. */
static void a_new_file_never_replaces_one_that_was_made_meanwhile(void **state)
{
	for (int way = 0; way < 3; way++) {
		char directory[] = "meanwhile-0";
		struct error error = { "" };
		struct new_file file;
		char path[PATH_MAX];

		directory[sizeof(directory) - 2] = (char)('0' + way);
		begin_test(directory);
		calls.renameat2 = way >= 1 ? EINVAL : 0;
		calls.linkat = way >= 2 ? EPERM : 0;
		snprintf(path, sizeof(path), "%s/vm", scratch_path(directory));
		assert_int_equal(begin(&file, path), 0);
		assert_int_equal(symlink("nowhere", path), 0);
		assert_int_equal(new_file_publish(&file, &error), -EEXIST);
		assert_string_equal(error.text, "the file already exists");
		assert_int_equal(scratch_count_files(directory), 0 + 1);
		assert_int_equal(unlink(path), 0);
	}
}

static void a_link_that_nfs_answers_as_repeated_is_a_success(void **state)
{
	struct error error;

	begin_test("repeated");
	calls.renameat2 = EINVAL;
	calls.linkat_repeated = true;
	assert_int_equal(make(scratch_path("repeated/vm"), &error), 0);
	assert_true(has(scratch_path("repeated/vm"), CONTENT));
	assert_int_equal(scratch_count_files("repeated"), 1);
}

/* --- failures --- */

static void a_new_file_whose_step_fails_leaves_nothing_behind(void **state)
{
	static const int ways[][2] = { { 0, 0 }, { EINVAL, 0 }, { EINVAL, EPERM } };
	struct error error;

	begin_test("fails");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int *const failing[] = { &calls.fsync_directory, &calls.renameat2, &calls.linkat,
					 &calls.renameat };

		for (size_t j = i > 0 ? i + 1 : 0; j <= i + 1; j++) {
			memset(&calls, 0, sizeof(calls));
			calls.renameat2 = ways[i][0];
			calls.linkat = ways[i][1];
			*failing[j] = EIO;
			assert_int_equal(make(scratch_path("fails/vm"), &error), -EIO);
			assert_string_equal(error.text, "Input/output error");
			assert_int_equal(scratch_count_files("fails"), 0);
		}
	}
}

static void a_new_file_that_cannot_be_synced_gets_no_name(void **state)
{
	struct new_file file;

	begin_test("not-durable");
	calls.fsync = EIO;
	assert_int_equal(begin(&file, scratch_path("not-durable/vm")), -EIO);
	new_file_drop(&file);
	assert_int_equal(scratch_count_files("not-durable"), 0);
}

static void a_sync_of_a_new_file_that_a_signal_interrupts_is_continued(void **state)
{
	struct error error;
	int fd;

	begin_test("interrupted");
	calls.fsync_once = EINTR;
	assert_int_equal(make(scratch_path("interrupted/vm"), &error), 0);
	assert_string_equal(calls.log, "ffRd");
	fd = open(scratch_path("interrupted"), O_RDONLY | O_CLOEXEC);
	calls.fsync_once = EINTR;
	assert_int_equal(durable_sync_directory(fd), 0);
	calls.fsync_directory = EIO;
	assert_int_equal(durable_sync_directory(fd), -EIO);
	close(fd);
}

static void a_new_file_at_an_impossible_path_is_refused_before_the_work(void **state)
{
	const unsigned int open_files = scratch_open_files();
	char *file_name = scratch_write("a-file", "x", 1);
	char long_name[NAME_MAX + 2];
	char path[PATH_MAX];
	struct new_file file;

	begin_test("refused");
	assert_int_equal(begin(&file, scratch_path("refused/none/vm")), -ENOENT);
	snprintf(path, sizeof(path), "%s/vm", file_name);
	assert_int_equal(begin(&file, path), -ENOTDIR);
	assert_int_equal(begin(&file, scratch_path("refused/")), -EISDIR);
	assert_int_equal(begin(&file, scratch_path("refused")), -EEXIST);
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	snprintf(path, sizeof(path), "%s/%s", scratch_path("refused"), long_name);
	assert_int_equal(begin(&file, path), -ENAMETOOLONG);
	assert_int_equal(symlink("nowhere", scratch_path("refused/link")), 0);
	assert_int_equal(begin(&file, scratch_path("refused/link")), -EEXIST);
	assert_int_equal(scratch_count_files("refused"), 1);
	assert_int_equal(scratch_open_files(), open_files);
}

static void a_new_file_of_the_longest_name_can_be_made(void **state)
{
	struct error error;
	char name[NAME_MAX + 1];
	char path[PATH_MAX];

	begin_test("long");
	memset(name, 'x', NAME_MAX);
	name[NAME_MAX] = '\0';
	snprintf(path, sizeof(path), "%s/%s", scratch_path("long"), name);
	assert_int_equal(make(path, &error), 0);
	assert_true(has(path, CONTENT));
	assert_int_equal(scratch_count_files("long"), 1);
}

static void a_new_file_whose_path_has_no_slash_is_in_the_current_directory(void **state)
{
	const int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error error;

	begin_test("here");
	assert_int_equal(chdir(scratch_path("here")), 0);
	assert_int_equal(make("vm", &error), 0);
	assert_int_equal(fchdir(here), 0);
	assert_true(has(scratch_path("here/vm"), CONTENT));
	close(here);
}

/* --- what is in the way --- */

static void a_partial_file_of_a_killed_writer_is_removed(void **state)
{
	static const int ways[][3] = { { 0, 0, 3 }, { EINVAL, 0, 4 }, { EINVAL, EPERM, 5 } };

	begin_test("killed");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		for (int at = 1; at <= ways[i][2]; at++) {
			const char *path = scratch_path("killed/vm");
			struct error error;
			int status;
			pid_t child;

			memset(&calls, 0, sizeof(calls));
			calls.renameat2 = ways[i][0];
			calls.linkat = ways[i][1];
			child = fork();
			assert_true(child >= 0);
			if (child == 0) {
				calls.die_at = (size_t)at;
				_exit(make(path, &error) == 0 ? 0 : 1);
			}
			assert_int_equal(waitpid(child, &status, 0), child);
			assert_true(WIFSIGNALED(status));
			/* Nothing, the complete file, or the file that took the name first. */
			assert_true(has(path, NULL) || has(path, CONTENT) || has(path, ""));
			(void)unlink(path);
			assert_int_equal(make(path, &error), 0);
			assert_int_equal(scratch_count_files("killed"), 1);
			assert_int_equal(unlink(path), 0);
		}
	}
}

static void an_empty_partial_file_of_a_killed_writer_is_removed(void **state)
{
	struct error error;

	begin_test("empty");
	scratch_write("empty/vm.part", "", 0);
	assert_int_equal(make(scratch_path("empty/vm"), &error), 0);
	assert_int_equal(scratch_count_files("empty"), 1);
}

static void a_partial_file_that_dormouse_did_not_make_is_kept(void **state)
{
	struct error error;
	struct stat status;

	begin_test("theirs");
	scratch_write("theirs/vm.part", "mine", 4);
	assert_int_equal(make(scratch_path("theirs/vm"), &error), 0);
	assert_true(has(scratch_path("theirs/vm.part"), "mine"));
	assert_int_equal(unlink(scratch_path("theirs/vm")), 0);

	/* The target of a symbolic link is kept, and so is the link. */
	scratch_write("theirs/target", CONTENT, strlen(CONTENT));
	assert_int_equal(unlink(scratch_path("theirs/vm.part")), 0);
	assert_int_equal(symlink("target", scratch_path("theirs/vm.part")), 0);
	assert_int_equal(make(scratch_path("theirs/vm"), &error), 0);
	assert_true(has(scratch_path("theirs/target"), CONTENT));
	assert_int_equal(lstat(scratch_path("theirs/vm.part"), &status), 0);
	assert_int_equal(unlink(scratch_path("theirs/vm")), 0);

	/* A directory, and a FIFO that no other process has open. */
	assert_int_equal(unlink(scratch_path("theirs/vm.part")), 0);
	assert_int_equal(mkdir(scratch_path("theirs/vm.part"), 0755), 0);
	assert_int_equal(make(scratch_path("theirs/vm"), &error), 0);
	assert_int_equal(unlink(scratch_path("theirs/vm")), 0);
	assert_int_equal(rmdir(scratch_path("theirs/vm.part")), 0);
	assert_int_equal(mkfifo(scratch_path("theirs/vm.part"), 0600), 0);
	assert_int_equal(make(scratch_path("theirs/vm"), &error), 0);
	assert_int_equal(lstat(scratch_path("theirs/vm.part"), &status), 0);
}

static void two_writers_of_new_files_do_not_disturb_each_other(void **state)
{
	static const int locks[] = { 0, ENOLCK };

	begin_test("two");
	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
		struct error error = { "" };
		struct new_file first;
		struct new_file second;

		calls.lock = locks[i];
		assert_int_equal(begin(&first, scratch_path("two/vm")), 0);
		assert_int_equal(begin(&second, scratch_path("two/vm")), 0);
		assert_int_equal(scratch_count_files("two"), 2);
		assert_int_equal(new_file_publish(&second, &error), 0);
		assert_int_equal(new_file_publish(&first, &error), -EEXIST);
		assert_true(has(scratch_path("two/vm"), CONTENT));
		assert_int_equal(scratch_count_files("two"), 1);
		assert_int_equal(unlink(scratch_path("two/vm")), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_file_gets_its_name_on_each_kind_of_file_system),
		cmocka_unit_test(a_new_file_never_replaces_one_that_was_made_meanwhile),
		cmocka_unit_test(a_link_that_nfs_answers_as_repeated_is_a_success),
		cmocka_unit_test(a_new_file_whose_step_fails_leaves_nothing_behind),
		cmocka_unit_test(a_new_file_that_cannot_be_synced_gets_no_name),
		cmocka_unit_test(a_sync_of_a_new_file_that_a_signal_interrupts_is_continued),
		cmocka_unit_test(a_new_file_at_an_impossible_path_is_refused_before_the_work),
		cmocka_unit_test(a_new_file_of_the_longest_name_can_be_made),
		cmocka_unit_test(a_new_file_whose_path_has_no_slash_is_in_the_current_directory),
		cmocka_unit_test(a_partial_file_of_a_killed_writer_is_removed),
		cmocka_unit_test(an_empty_partial_file_of_a_killed_writer_is_removed),
		cmocka_unit_test(a_partial_file_that_dormouse_did_not_make_is_kept),
		cmocka_unit_test(two_writers_of_new_files_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
