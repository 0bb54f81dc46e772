/* SPDX-License-Identifier: BSD-3-Clause */
/* The directories of VMs: where they are, which user owns them, which VMs there are. */
#include "record/vm-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"
#include "vm-dir-fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NAME_64 "0123456789abcdefghijklmnopqrstuvwxyz._-ABCDEFGHIJKLMNOPQRSTUVWXY"

/* --- names and places --- */

static void a_vm_name_of_up_to_64_harmless_characters_is_accepted(void **state)
{
	static const char *const names[] = { "a",   "Z",   "0",		  "_",
					     "a.b", "a-b", "web-1.old_2", NAME_64 };

	assert_int_equal(sizeof(NAME_64) - 1, 64);
	vm_set_places(scratch_path("names"), NULL, NULL);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct vm_dir dir;

		vm_open(names[i], true, &dir);
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

	vm_set_places(scratch_path("no-names"), NULL, NULL);
	for (size_t i = 0; i < COUNT(names); i++) {
		char quoted[128];

		snprintf(quoted, sizeof(quoted), "\"%s\"", names[i]);
		vm_refused(names[i], true, -EINVAL, quoted, "cannot be a VM's name");
		vm_refused(names[i], false, -EINVAL, quoted, "cannot be a VM's name");
	}
	assert_false(vm_path_exists(scratch_path("no-names")));
}

static void the_first_state_directory_that_is_set_is_used(void **state)
{
	char own[PATH_MAX];
	char xdg[PATH_MAX];
	char home[PATH_MAX];

	snprintf(own, sizeof(own), "%s", scratch_path("place/own"));
	snprintf(xdg, sizeof(xdg), "%s", scratch_path("place/xdg"));
	snprintf(home, sizeof(home), "%s", scratch_path("place/home"));

	vm_set_places(own, xdg, home);
	vm_make("first");
	assert_true(vm_path_exists(scratch_path("place/own/first/lock")));
	vm_set_places(NULL, xdg, home);
	vm_make("second");
	assert_true(vm_path_exists(scratch_path("place/xdg/dormouse/second/lock")));
	vm_set_places(NULL, NULL, home);
	vm_make("third");
	assert_true(vm_path_exists(scratch_path("place/home/.local/state/dormouse/third/lock")));
	/* A variable that is empty counts as unset. */
	vm_set_places("", xdg, home);
	vm_make("fourth");
	assert_true(vm_path_exists(scratch_path("place/xdg/dormouse/fourth")));
	vm_set_places("", "", home);
	vm_make("fifth");
	assert_true(vm_path_exists(scratch_path("place/home/.local/state/dormouse/fifth")));
}

static int no_name_expected(const char *name, void *context)
{
	fail_msg("%s was listed", name);

	return 0;
}

static void the_error_without_a_state_directory_names_all_three_variables(void **state)
{
	struct error error = { "" };

	vm_set_places(NULL, "", NULL);
	vm_refused("vm", true, -ENOENT, "DORMOUSE_STATE_DIR", "XDG_STATE_HOME");
	vm_refused("vm", false, -ENOENT, "DORMOUSE_STATE_DIR", "HOME is set");
	assert_int_equal(vm_dir_list(no_name_expected, NULL, &error), -ENOENT);
	scratch_says(&error, "DORMOUSE_STATE_DIR", "HOME is set");
}

static void a_state_directory_whose_path_is_too_long_is_refused(void **state)
{
	static char path[PATH_MAX + 10];

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	vm_set_places(path, NULL, NULL);
	vm_refused("vm", true, -ENAMETOOLONG, "path of the state directory", "too long");
	/* Room for the path, yet none for a name after it. */
	path[PATH_MAX - 10] = '\0';
	vm_refused("vm", true, -ENAMETOOLONG, "path of the state directory", "too long");
}

static void looking_at_an_absent_vm_does_not_make_it(void **state)
{
	vm_set_places(scratch_path("nothing"), NULL, NULL);
	vm_refused("ghost", false, -ENOENT, "there is no VM named ghost",
		   scratch_path("nothing/ghost"));
	assert_false(vm_path_exists(scratch_path("nothing")));
	vm_make("real");
	vm_refused("ghost", false, -ENOENT, "there is no VM named ghost",
		   scratch_path("nothing/ghost"));
	assert_false(vm_path_exists(scratch_path("nothing/ghost")));
}

static void files_in_place_of_directories_are_named(void **state)
{
	scratch_write("file", "", 0);
	vm_set_places(scratch_path("file"), NULL, NULL);
	vm_refused("vm", true, -ENOTDIR, scratch_path("file/vm"), "Not a directory");
	vm_refused("vm", false, -ENOTDIR, scratch_path("file/vm"), "Not a directory");
	vm_set_places(scratch_folder(), NULL, NULL);
	vm_refused("file", true, -ENOTDIR, scratch_path("file"), "Not a directory");
	/* A directory, but none that a VM ever had. */
	assert_int_equal(mkdir(scratch_path("bare"), 0755), 0);
	vm_refused("bare", false, -ENOENT, scratch_path("bare/lock"), "No such file or directory");
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
	vm_set_places(scratch_path("protected"), NULL, NULL);
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

	vm_set_places(scratch_path("list"), NULL, NULL);
	for (size_t i = 0; i < COUNT(vms); i++)
		vm_make(vms[i]);
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

	vm_set_places(scratch_path("stop"), NULL, NULL);
	vm_make("one");
	vm_make("three");
	vm_make("two");
	assert_int_equal(vm_dir_list(collect, &names, &error), -4711);
	assert_string_equal(names.text, "one three ");
	assert_string_equal(error.text, "");
}

static void the_list_of_vms_is_empty_without_a_state_directory(void **state)
{
	struct error error = { "" };

	vm_set_places(scratch_path("never/made"), NULL, NULL);
	assert_int_equal(vm_dir_list(no_name_expected, NULL, &error), 0);
	assert_string_equal(error.text, "");
	assert_false(vm_path_exists(scratch_path("never")));
}

static void a_state_directory_that_cannot_be_read_is_named(void **state)
{
	struct error error = { "" };

	vm_set_places(scratch_write("a-file", "", 0), NULL, NULL);
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

/* Its name is not secret; a user who asks for more learns why it is refused. */
static void a_vm_that_may_not_be_entered_is_listed(void **state)
{
	vm_set_places(scratch_path("secrets"), NULL, NULL);
	vm_make("secret");
	assert_int_equal(chmod(scratch_path("secrets"), 0755), 0);
	assert_int_equal(chmod(scratch_path("secrets/secret"), 0000), 0);
	scratch_unprivileged(check_unreadable_vm);
	assert_int_equal(chmod(scratch_path("secrets/secret"), 0700), 0);
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
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
