/* SPDX-License-Identifier: BSD-3-Clause */
/* How a VM's directories are made: durably, and for their owner alone. */
#include "record/vm-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"
#include "vm-dir-fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The directories that were synced, by inode, or could not be, with an errno. */
static struct {
	ino_t inodes[8];
	size_t count;
	int fail_with;
} synced;

int fsync(int fd)
{
	struct stat status;

	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) &&
	    synced.count < COUNT(synced.inodes))
		synced.inodes[synced.count++] = status.st_ino;
	errno = synced.fail_with;

	return synced.fail_with ? -1 : 0;
}

/* Another user than this program's, if it is not 0. */
static uid_t another_user;

uid_t geteuid(void)
{
	return another_user ? another_user : (uid_t)syscall(SYS_geteuid);
}

/* An errno of each mkdir(), as of a file system of FUSE whose top is not ours to change. */
static int mkdir_fails_with;

int mkdir(const char *path, mode_t mode)
{
	errno = mkdir_fails_with;

	return mkdir_fails_with ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

static ino_t inode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);

	return status.st_ino;
}

/* Or a power failure could lose a VM that was reported as hibernated. */
static void the_directories_of_a_new_vm_are_synced_once(void **state)
{
	vm_set_places(scratch_path("new/state"), NULL, NULL);
	synced.count = 0;
	vm_make("a");
	assert_int_equal(synced.count, 5);
	assert_int_equal(synced.inodes[0], inode_of("/tmp"));
	assert_int_equal(synced.inodes[1], inode_of(scratch_folder()));
	assert_int_equal(synced.inodes[2], inode_of(scratch_path("new")));
	assert_int_equal(synced.inodes[3], inode_of(scratch_path("new/state")));
	assert_int_equal(synced.inodes[4], inode_of("/"));

	synced.count = 0;
	vm_make("a");
	assert_int_equal(synced.count, 0);
}

/* As left by a dormouse that was killed once it had made them. */
static void directories_that_an_earlier_process_left_unsynced_are_synced(void **state)
{
	assert_int_equal(mkdir(scratch_path("unsynced"), 0755), 0);
	assert_int_equal(mkdir(scratch_path("unsynced/vm"), 0755), 0);
	vm_set_places(scratch_path("unsynced"), NULL, NULL);
	synced.count = 0;
	vm_make("vm");
	assert_int_equal(synced.count, 4);
	assert_int_equal(synced.inodes[2], inode_of(scratch_path("unsynced")));
}

static void a_directory_that_cannot_be_synced_is_refused_until_it_can(void **state)
{
	vm_set_places(scratch_path("not-durable"), NULL, NULL);
	synced.fail_with = EIO;
	vm_refused("vm", true, -EIO, scratch_path("not-durable/vm"), "Input/output error");
	vm_refused("vm", true, -EIO, scratch_path("not-durable/vm"), "Input/output error");
	synced.fail_with = 0;
	synced.count = 0;
	vm_make("vm");
	assert_int_equal(synced.count, 4);
}

static void a_vm_is_made_on_a_file_system_that_cannot_sync_directories(void **state)
{
	vm_set_places(scratch_path("no-fsync"), NULL, NULL);
	synced.fail_with = EINVAL;
	vm_make("vm");
	synced.fail_with = 0;
}

static void a_directory_that_exists_is_used_whatever_error_mkdir_returns(void **state)
{
	vm_set_places(scratch_path("automounted"), NULL, NULL);
	vm_make("vm");
	mkdir_fails_with = EACCES;
	vm_make("vm");
	vm_refused("another", true, -EACCES, scratch_path("automounted/another"),
		   "Permission denied");
	mkdir_fails_with = 0;
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);

	return status.st_mode & 07777;
}

static void new_directories_are_accessible_to_their_owner_only(void **state)
{
	vm_set_places(NULL, NULL, scratch_path("home"));
	vm_make("vm");
	assert_int_equal(mode_of(scratch_path("home/.local")), 0700);
	assert_int_equal(mode_of(scratch_path("home/.local/state/dormouse")), 0700);
	assert_int_equal(mode_of(scratch_path("home/.local/state/dormouse/vm")), 0700);
	assert_int_equal(mode_of(scratch_path("home/.local/state/dormouse/vm/lock")), 0600);
}

/* As an earlier version made it, or its owner wishes. */
static void existing_directories_keep_their_permissions(void **state)
{
	assert_int_equal(mkdir(scratch_path("open"), 0755), 0);
	assert_int_equal(mkdir(scratch_path("open/vm"), 0755), 0);
	scratch_write("open/vm/lock", "", 0);
	vm_set_places(scratch_path("open"), NULL, NULL);
	vm_make("vm");
	assert_int_equal(mode_of(scratch_path("open")), 0755);
	assert_int_equal(mode_of(scratch_path("open/vm")), 0755);
}

static void directories_of_another_user_can_be_read_but_not_used(void **state)
{
	const char *belongs = "belongs to user";
	struct error error = { "" };
	struct vm_dir dir;

	vm_set_places(scratch_path("theirs"), NULL, NULL);
	vm_make("vm");
	/* Unless the former belong to root, as in a state directory for all users. */
	assert_int_equal(chown(scratch_path("theirs"), 4711, (gid_t)-1) == 0, geteuid() == 0);
	another_user = 4712;
	vm_refused("vm", true, -EACCES, scratch_path("theirs"), belongs);
	vm_refused("new", true, -EACCES, scratch_path("theirs"), belongs);
	another_user = 0;
	assert_false(vm_path_exists(scratch_path("theirs/new")));

	another_user = 4712;
	vm_open("vm", false, &dir);
	assert_int_equal(vm_dir_lock(&dir, &error), -EACCES);
	scratch_says(&error, "vm", belongs);
	vm_dir_close(&dir);
	another_user = 0;
}

static void a_lock_that_is_a_symbolic_link_is_not_followed(void **state)
{
	assert_int_equal(mkdir(scratch_path("planted"), 0755), 0);
	assert_int_equal(mkdir(scratch_path("planted/vm"), 0755), 0);
	assert_int_equal(symlink("../target", scratch_path("planted/vm/lock")), 0);
	vm_set_places(scratch_path("planted"), NULL, NULL);
	vm_refused("vm", true, -ELOOP, scratch_path("planted/vm/lock"), "symbolic links");
	vm_refused("vm", false, -ELOOP, scratch_path("planted/vm/lock"), "symbolic links");
	assert_false(vm_path_exists(scratch_path("planted/target")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_directories_of_a_new_vm_are_synced_once),
		cmocka_unit_test(directories_that_an_earlier_process_left_unsynced_are_synced),
		cmocka_unit_test(a_directory_that_cannot_be_synced_is_refused_until_it_can),
		cmocka_unit_test(a_vm_is_made_on_a_file_system_that_cannot_sync_directories),
		cmocka_unit_test(a_directory_that_exists_is_used_whatever_error_mkdir_returns),
		cmocka_unit_test(new_directories_are_accessible_to_their_owner_only),
		cmocka_unit_test(existing_directories_keep_their_permissions),
		cmocka_unit_test(directories_of_another_user_can_be_read_but_not_used),
		cmocka_unit_test(a_lock_that_is_a_symbolic_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
