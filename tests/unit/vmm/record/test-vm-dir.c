/* SPDX-License-Identifier: BSD-3-Clause */
/* The directories of VMs: where they are, whose they are, which there are. */
#include "record/vm-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NAME_64 "0123456789abcdefghijklmnopqrstuvwxyz._-ABCDEFGHIJKLMNOPQRSTUVWXY"

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

static void set_or_unset(const char *name, const char *value)
{
	assert_int_equal(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

/* Each variable's value, or NULL to unset it. */
static void set_places(const char *own, const char *xdg, const char *home)
{
	set_or_unset("DORMOUSE_STATE_DIR", own);
	set_or_unset("XDG_STATE_HOME", xdg);
	set_or_unset("HOME", home);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void open_vm(const char *name, bool create, struct vm_dir *dir)
{
	struct error error = { "" };

	if (vm_dir_open(name, create, dir, &error) != 0)
		fail_msg("%s", error.text);
}

static void make_vm(const char *name)
{
	struct vm_dir dir;

	open_vm(name, true, &dir);
	vm_dir_close(&dir);
}

/* Expect a refusal that leaves no file open. */
static void refused(const char *name, bool create, int err, const char *part, const char *other)
{
	struct error error = { "" };
	struct vm_dir dir;
	const unsigned int open_files = scratch_open_files();

	assert_int_equal(vm_dir_open(name, create, &dir, &error), err);
	assert_int_equal(scratch_open_files(), open_files);
	scratch_says(&error, part, other);
}

/* --- names and places --- */

static void a_vm_name_of_up_to_64_harmless_characters_is_accepted(void **state)
{
	static const char *const names[] = { "a",   "Z",   "0",		  "_",
					     "a.b", "a-b", "web-1.old_2", NAME_64 };

	assert_int_equal(sizeof(NAME_64) - 1, 64);
	set_places(scratch_path("names"), NULL, NULL);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct vm_dir dir;

		open_vm(names[i], true, &dir);
		assert_ptr_equal(dir.name, names[i]);
		vm_dir_close(&dir);
	}
}

static void any_other_vm_name_is_refused_and_makes_nothing(void **state)
{
	static const char too_long[] = NAME_64 "Z";
	static const char *const names[] = {
		"",   ".",  "..",  ".hidden", "-x",  "a/b",	   "/",	    "../a",   "a b",
		" a", "a*", "a:b", "a\\b",    "a,b", "d\u00f6rte", "a\xff", too_long,
	};

	set_places(scratch_path("no-names"), NULL, NULL);
	for (size_t i = 0; i < COUNT(names); i++) {
		char quoted[128];

		snprintf(quoted, sizeof(quoted), "\"%s\"", names[i]);
		refused(names[i], true, -EINVAL, quoted, "cannot be a VM's name");
		refused(names[i], false, -EINVAL, quoted, "cannot be a VM's name");
	}
	assert_false(exists(scratch_path("no-names")));
}

static void the_first_state_directory_that_is_set_is_used(void **state)
{
	char own[PATH_MAX];
	char xdg[PATH_MAX];
	char home[PATH_MAX];

	snprintf(own, sizeof(own), "%s", scratch_path("place/own"));
	snprintf(xdg, sizeof(xdg), "%s", scratch_path("place/xdg"));
	snprintf(home, sizeof(home), "%s", scratch_path("place/home"));

	set_places(own, xdg, home);
	make_vm("first");
	assert_true(exists(scratch_path("place/own/first/lock")));
	set_places(NULL, xdg, home);
	make_vm("second");
	assert_true(exists(scratch_path("place/xdg/dormouse/second/lock")));
	set_places(NULL, NULL, home);
	make_vm("third");
	assert_true(exists(scratch_path("place/home/.local/state/dormouse/third/lock")));
	/* A variable that is empty is as good as none. */
	set_places("", xdg, home);
	make_vm("fourth");
	assert_true(exists(scratch_path("place/xdg/dormouse/fourth")));
	set_places("", "", home);
	make_vm("fifth");
	assert_true(exists(scratch_path("place/home/.local/state/dormouse/fifth")));
}

static int no_name_expected(const char *name, void *context)
{
	fail_msg("%s was listed", name);

	return 0;
}

static void the_error_without_a_state_directory_names_all_three_variables(void **state)
{
	struct error error = { "" };

	set_places(NULL, "", NULL);
	refused("vm", true, -ENOENT, "DORMOUSE_STATE_DIR", "XDG_STATE_HOME");
	refused("vm", false, -ENOENT, "DORMOUSE_STATE_DIR", "HOME is set");
	assert_int_equal(vm_dir_list(no_name_expected, NULL, &error), -ENOENT);
	scratch_says(&error, "DORMOUSE_STATE_DIR", "HOME is set");
}

static void a_state_directory_whose_path_is_too_long_is_refused(void **state)
{
	static char path[PATH_MAX + 10];

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	set_places(path, NULL, NULL);
	refused("vm", true, -ENAMETOOLONG, "path of the state directory", "too long");
	/* Room for the path, yet none for a name after it. */
	path[PATH_MAX - 10] = '\0';
	refused("vm", true, -ENAMETOOLONG, "path of the state directory", "too long");
}

static void looking_at_an_absent_vm_does_not_make_it(void **state)
{
	set_places(scratch_path("nothing"), NULL, NULL);
	refused("ghost", false, -ENOENT, "there is no VM named ghost",
		scratch_path("nothing/ghost"));
	assert_false(exists(scratch_path("nothing")));
	make_vm("real");
	refused("ghost", false, -ENOENT, "there is no VM named ghost",
		scratch_path("nothing/ghost"));
	assert_false(exists(scratch_path("nothing/ghost")));
}

static void files_in_place_of_directories_are_named(void **state)
{
	scratch_write("file", "", 0);
	set_places(scratch_path("file"), NULL, NULL);
	refused("vm", true, -ENOTDIR, scratch_path("file/vm"), "Not a directory");
	refused("vm", false, -ENOTDIR, scratch_path("file/vm"), "Not a directory");
	set_places(scratch_folder(), NULL, NULL);
	refused("file", true, -ENOTDIR, scratch_path("file"), "Not a directory");
	/* A directory, but none that a VM ever had. */
	assert_int_equal(mkdir(scratch_path("bare"), 0755), 0);
	refused("bare", false, -ENOENT, scratch_path("bare/lock"), "No such file or directory");
}

static const char *check_protected_place(void)
{
	struct error error = { "" };
	struct vm_dir dir;

	if (vm_dir_open("vm", true, &dir, &error) != -EACCES)
		return "a VM was made in a protected place";

	return strstr(error.text, "/protected/vm: Permission denied") ? NULL : "another sentence";
}

static void a_state_directory_without_write_permission_is_named(void **state)
{
	assert_int_equal(mkdir(scratch_path("protected"), 0555), 0);
	set_places(scratch_path("protected"), NULL, NULL);
	scratch_unprivileged(check_protected_place);
}

/* --- lists --- */

struct names {
	char text[256];
	unsigned int count;
	unsigned int stop_after; /* 0: never. */
};

static int collect(const char *name, void *context)
{
	struct names *names = context;
	const size_t length = strlen(names->text);

	snprintf(names->text + length, sizeof(names->text) - length, "%s ", name);
	names->count++;

	return names->count == names->stop_after ? -4711 : 0;
}

static void the_list_of_vms_is_sorted_and_has_nothing_else(void **state)
{
	static const char *const vms[] = { "b", "a", "c", "Z", "a10", "a2", "_" };
	struct error error = { "" };
	struct names names = { 0 };
	const unsigned int open_files = scratch_open_files();

	set_places(scratch_path("list"), NULL, NULL);
	for (size_t i = 0; i < COUNT(vms); i++)
		make_vm(vms[i]);
	scratch_write("list/notes.txt", "x", 1);
	assert_int_equal(mkdir(scratch_path("list/.hidden"), 0755), 0);
	assert_int_equal(mkdir(scratch_path("list/two words"), 0755), 0);
	assert_int_equal(mkdir(scratch_path("list/never-a-vm"), 0755), 0);
	assert_int_equal(symlink("nowhere", scratch_path("list/dangling")), 0);
	assert_int_equal(vm_dir_list(collect, &names, &error), 0);
	assert_string_equal(names.text, "Z _ a a10 a2 b c ");
	assert_int_equal(scratch_open_files(), open_files);
}

static void the_list_of_vms_ends_where_its_callback_says(void **state)
{
	struct error error = { "" };
	struct names names = { .stop_after = 2 };

	set_places(scratch_path("stop"), NULL, NULL);
	make_vm("one");
	make_vm("three");
	make_vm("two");
	assert_int_equal(vm_dir_list(collect, &names, &error), -4711);
	assert_string_equal(names.text, "one three ");
	assert_string_equal(error.text, "");
}

static void the_list_of_vms_is_empty_without_a_state_directory(void **state)
{
	struct error error = { "" };

	set_places(scratch_path("never/made"), NULL, NULL);
	assert_int_equal(vm_dir_list(no_name_expected, NULL, &error), 0);
	assert_string_equal(error.text, "");
	assert_false(exists(scratch_path("never")));
}

static void a_state_directory_that_cannot_be_read_is_named(void **state)
{
	struct error error = { "" };

	set_places(scratch_write("a-file", "", 0), NULL, NULL);
	assert_int_equal(vm_dir_list(no_name_expected, NULL, &error), -ENOTDIR);
	scratch_says(&error, scratch_path("a-file"), "Not a directory");
}

static const char *check_unreadable_vm(void)
{
	struct error error = { "" };
	struct names names = { 0 };

	if (vm_dir_list(collect, &names, &error) != 0)
		return "no list";

	return strcmp(names.text, "secret ") == 0 ? NULL : "it is not in the list";
}

/* Its name is no secret; who wants to know more is told why not. */
static void a_vm_that_may_not_be_entered_is_listed(void **state)
{
	set_places(scratch_path("secrets"), NULL, NULL);
	make_vm("secret");
	assert_int_equal(chmod(scratch_path("secrets"), 0755), 0);
	assert_int_equal(chmod(scratch_path("secrets/secret"), 0000), 0);
	scratch_unprivileged(check_unreadable_vm);
	assert_int_equal(chmod(scratch_path("secrets/secret"), 0700), 0);
}

static ino_t inode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);

	return status.st_ino;
}

/* Or a power failure could take the VM of which "hibernated" was said. */
static void the_directories_of_a_new_vm_are_synced_once(void **state)
{
	set_places(scratch_path("new/state"), NULL, NULL);
	synced.count = 0;
	make_vm("a");
	assert_int_equal(synced.count, 5);
	assert_int_equal(synced.inodes[0], inode_of("/tmp"));
	assert_int_equal(synced.inodes[1], inode_of(scratch_folder()));
	assert_int_equal(synced.inodes[2], inode_of(scratch_path("new")));
	assert_int_equal(synced.inodes[3], inode_of(scratch_path("new/state")));
	assert_int_equal(synced.inodes[4], inode_of("/"));

	synced.count = 0;
	make_vm("a");
	assert_int_equal(synced.count, 0);
}

/* As of a dormouse that was killed once it had made them. */
static void directories_that_an_earlier_process_left_unsynced_are_synced(void **state)
{
	assert_int_equal(mkdir(scratch_path("unsynced"), 0755), 0);
	assert_int_equal(mkdir(scratch_path("unsynced/vm"), 0755), 0);
	set_places(scratch_path("unsynced"), NULL, NULL);
	synced.count = 0;
	make_vm("vm");
	assert_int_equal(synced.count, 4);
	assert_int_equal(synced.inodes[2], inode_of(scratch_path("unsynced")));
}

static void a_directory_that_cannot_be_synced_is_refused_until_it_can(void **state)
{
	set_places(scratch_path("not-durable"), NULL, NULL);
	synced.fail_with = EIO;
	refused("vm", true, -EIO, scratch_path("not-durable/vm"), "Input/output error");
	refused("vm", true, -EIO, scratch_path("not-durable/vm"), "Input/output error");
	synced.fail_with = 0;
	synced.count = 0;
	make_vm("vm");
	assert_int_equal(synced.count, 4);
}

static void a_vm_is_made_on_a_file_system_that_cannot_sync_directories(void **state)
{
	set_places(scratch_path("no-fsync"), NULL, NULL);
	synced.fail_with = EINVAL;
	make_vm("vm");
	synced.fail_with = 0;
}

static void a_directory_that_exists_is_used_whatever_error_mkdir_returns(void **state)
{
	set_places(scratch_path("automounted"), NULL, NULL);
	make_vm("vm");
	mkdir_fails_with = EACCES;
	make_vm("vm");
	refused("another", true, -EACCES, scratch_path("automounted/another"), "Permission denied");
	mkdir_fails_with = 0;
}

/* --- owners --- */

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);

	return status.st_mode & 07777;
}

static void new_directories_are_accessible_to_their_owner_only(void **state)
{
	set_places(NULL, NULL, scratch_path("home"));
	make_vm("vm");
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
	set_places(scratch_path("open"), NULL, NULL);
	make_vm("vm");
	assert_int_equal(mode_of(scratch_path("open")), 0755);
	assert_int_equal(mode_of(scratch_path("open/vm")), 0755);
}

static void directories_of_another_user_can_be_read_but_not_used(void **state)
{
	const char *belongs = "belongs to user";
	struct error error = { "" };
	struct vm_dir dir;

	set_places(scratch_path("theirs"), NULL, NULL);
	make_vm("vm");
	/* Unless the former are root's, which a state directory for all users is. */
	assert_int_equal(chown(scratch_path("theirs"), 4711, (gid_t)-1) == 0, geteuid() == 0);
	another_user = 4712;
	refused("vm", true, -EACCES, scratch_path("theirs"), belongs);
	refused("new", true, -EACCES, scratch_path("theirs"), belongs);
	another_user = 0;
	assert_false(exists(scratch_path("theirs/new")));

	another_user = 4712;
	open_vm("vm", false, &dir);
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
	set_places(scratch_path("planted"), NULL, NULL);
	refused("vm", true, -ELOOP, scratch_path("planted/vm/lock"), "symbolic links");
	refused("vm", false, -ELOOP, scratch_path("planted/vm/lock"), "symbolic links");
	assert_false(exists(scratch_path("planted/target")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vm_name_of_up_to_64_harmless_characters_is_accepted),
		cmocka_unit_test(any_other_vm_name_is_refused_and_makes_nothing),
		cmocka_unit_test(the_first_state_directory_that_is_set_is_used),
		cmocka_unit_test(the_error_without_a_state_directory_names_all_three_variables),
		cmocka_unit_test(a_state_directory_whose_path_is_too_long_is_refused),
		cmocka_unit_test(looking_at_an_absent_vm_does_not_make_it),
		cmocka_unit_test(files_in_place_of_directories_are_named),
		cmocka_unit_test(a_state_directory_without_write_permission_is_named),
		cmocka_unit_test(the_list_of_vms_is_sorted_and_has_nothing_else),
		cmocka_unit_test(the_list_of_vms_ends_where_its_callback_says),
		cmocka_unit_test(the_list_of_vms_is_empty_without_a_state_directory),
		cmocka_unit_test(a_state_directory_that_cannot_be_read_is_named),
		cmocka_unit_test(a_vm_that_may_not_be_entered_is_listed),
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
