/* SPDX-License-Identifier: BSD-3-Clause */
/* Clones of VMs whose dormouse died while they were parked: docs/park.md. */
#include "clone-rig.h"

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

#include "record/vm-dir.h"
#include "support/scratch.h"

/* Of the two files that its record names there is the one that it was parked in. */
static void a_vm_whose_dormouse_died_while_it_was_parked_and_saved_is_cloned_as_saved(void **state)
{
	struct record web = clone_rig_record();
	struct record copy;

	clone_rig_save_machine(&web);
	web.state = VM_SUSPENDED;
	web.parked = true;
	web.parked_in = strdup(clone_rig_path("web.parked"));
	clone_rig_save("web", &web);
	assert_int_equal(rename(clone_rig_path("web.saved"), web.parked_in), 0);
	clone_rig_must_clone(NULL, NULL);
	copy = clone_rig_load("copy");
	assert_int_equal(copy.state, VM_SAVED);
	assert_string_equal(copy.saved_file, clone_rig_path("copy-web.parked"));
	assert_null(copy.parked_in);
	assert_false(copy.parked);
	record_free(&web);
	record_free(&copy);
}

/* The path of a VM's file. The caller frees it. */
static char *path_in(const char *name, const char *file)
{
	const struct vm_dir dir = { .name = name };
	struct error error;
	char *path;

	assert_int_equal(vm_dir_path(&dir, file, &path, &error), 0);

	return path;
}

/* What is in the directory of another one would go with that. */
static void the_clone_of_a_vm_whose_dormouse_died_while_it_was_parked_has_its_file(void **state)
{
	struct record web = clone_rig_record();
	char *const wrong = path_in("web", "copy-parked");
	char *const path = path_in("copy", VM_DIR_PARKED);
	struct record copy;

	clone_rig_save_machine(&web);
	web.state = VM_SUSPENDED;
	web.parked = true;
	free(web.saved_file);
	web.saved_file = path_in("web", VM_DIR_PARKED);
	clone_rig_save("web", &web);
	assert_int_equal(rename(clone_rig_path("web.saved"), web.saved_file), 0);
	clone_rig_must_clone(NULL, NULL);
	copy = clone_rig_load("copy");
	assert_int_equal(copy.state, VM_SAVED);
	assert_string_equal(copy.saved_file, path);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(access(wrong, F_OK), -1);
	record_free(&web);
	record_free(&copy);
	free(wrong);
	free(path);
}

/* Its record has @former as the directory of the file, and web has one with the record's id. */
static enum vm_state clone_of_a_vm_parked_in(const char *former)
{
	struct record web = clone_rig_record();
	char *const file = path_in("web", VM_DIR_PARKED);
	struct record copy;
	enum vm_state state;

	clone_rig_save_machine(&web);
	web.state = VM_SUSPENDED;
	web.parked = true;
	free(web.saved_file);
	assert_true(asprintf(&web.saved_file, "%s/" VM_DIR_PARKED, former) > 0);
	clone_rig_save("web", &web);
	assert_int_equal(rename(clone_rig_path("web.saved"), file), 0);
	clone_rig_must_clone(NULL, NULL);
	copy = clone_rig_load("copy");
	state = copy.state;
	record_free(&web);
	record_free(&copy);
	free(file);

	return state;
}

static void the_file_of_a_vm_whose_directory_was_moved_is_found(void **state)
{
	assert_int_equal(clone_of_a_vm_parked_in(clone_rig_path("gone")), VM_SAVED);
}

/* The one that it was copied from is there, and its file is not: that guest was woken. */
static void the_file_in_a_copy_of_a_directory_is_not_taken(void **state)
{
	assert_int_equal(mkdir(clone_rig_path("former"), 0700), 0);
	assert_int_not_equal(clone_of_a_vm_parked_in(clone_rig_path("former")), VM_SAVED);
	assert_int_equal(rmdir(clone_rig_path("former")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLONE_TEST(
			a_vm_whose_dormouse_died_while_it_was_parked_and_saved_is_cloned_as_saved),
		CLONE_TEST(the_clone_of_a_vm_whose_dormouse_died_while_it_was_parked_has_its_file),
		CLONE_TEST(the_file_of_a_vm_whose_directory_was_moved_is_found),
		CLONE_TEST(the_file_in_a_copy_of_a_directory_is_not_taken),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
