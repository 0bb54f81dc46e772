/* SPDX-License-Identifier: BSD-3-Clause */
/* A clone has a copy of its VM's variables, where the VM has its own. */
#include "clone-rig.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "board/board.h"
#include "clone/clone.h"
#include "host/flash-file.h"
#include "host/flash-hash.h"
#include "record/vm-dir.h"
#include "support/scratch.h"
#include "vmm/record/record-fixture.h"

static struct record new_record(const char *vars)
{
	struct record record = clone_rig_record();

	record.config.machine_version = BOARD_VERSION_3;
	record.config.acpi = false;
	memset(record.config.generation_id, 0, sizeof(record.config.generation_id));
	record_set_text(&record.config.kernel, NULL);
	record_set_text(&record.config.initrd, NULL);
	record_set_text(&record.config.firmware, "/boot/firmware");
	record_set_text(&record.config.vars, vars);

	return record;
}

/* A VM with a firmware; its variables are in the file @vars, or in its directory. */
static void make_vm(const char *vars)
{
	struct record record = new_record(vars);

	clone_rig_save("web", &record);
	record_free(&record);
}

/* The path of a VM's own. Valid until the next call. */
static const char *own_vars(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s/vars", getenv("DORMOUSE_STATE_DIR"), name);

	return path;
}

static void write_vars(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void assert_vars_are(const char *path, const char *text)
{
	char found[64] = "";
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, found, sizeof(found) - 1) >= 0);
	close(fd);
	assert_string_equal(found, text);
}

static void must_clone(void)
{
	const unsigned int open_files = scratch_open_files();
	struct error error = { "" };

	if (clone_rig_clone(NULL, NULL, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(scratch_open_files(), open_files);
}

static void a_clone_has_a_copy_of_the_variables_in_its_directory(void **state)
{
	struct record copy;

	make_vm(NULL);
	write_vars(own_vars("web"), "the variables");
	must_clone();
	assert_vars_are(own_vars("copy"), "the variables");
	assert_vars_are(own_vars("web"), "the variables");
	copy = clone_rig_load("copy");
	assert_null(copy.config.vars);
	assert_string_equal(copy.environment.values[ENVIRONMENT_VARIABLES], "1");
	record_free(&copy);
}

static void a_clone_has_a_copy_of_the_variables_beside_the_user_s_file(void **state)
{
	struct record copy;

	make_vm(clone_rig_path("web.vars"));
	write_vars(clone_rig_path("web.vars"), "the variables");
	must_clone();
	assert_vars_are(clone_rig_path("copy-web.vars"), "the variables");
	copy = clone_rig_load("copy");
	assert_string_equal(copy.config.vars, clone_rig_path("copy-web.vars"));
	record_free(&copy);
}

static void a_vm_that_has_no_variables_yet_is_cloned_without(void **state)
{
	make_vm(NULL);
	must_clone();
	assert_int_equal(access(own_vars("copy"), F_OK), -1);
}

static void a_vm_whose_variables_are_missing_or_in_use_is_not_cloned(void **state)
{
	struct error error;
	struct flash_file file;

	make_vm(clone_rig_path("web.vars"));
	clone_rig_refused(NULL, NULL, -ENOENT, "web.vars: No such file");
	write_vars(clone_rig_path("web.vars"), "the variables");
	assert_int_equal(
		flash_file_open(&file, clone_rig_path("web.vars"), BOARD_FLASH_BANK_SIZE, &error),
		0);
	clone_rig_refused(NULL, NULL, -EBUSY, "in use by another VM");
	flash_file_close(&file);
}

/* It could not be restored. */
static void a_saved_vm_whose_variables_have_changed_is_not_cloned(void **state)
{
	struct record record = new_record(clone_rig_path("web.vars"));
	struct flash_file file;
	struct error error;
	uint64_t hash;

	write_vars(clone_rig_path("web.vars"), "the variables");
	assert_int_equal(
		flash_file_open(&file, clone_rig_path("web.vars"), BOARD_FLASH_BANK_SIZE, &error),
		0);
	assert_int_equal(flash_hash_file(&file, &hash), 0);
	flash_file_close(&file);
	assert_int_equal(environment_set_variables(&record.environment, hash), 0);
	record.state = VM_SAVED;
	clone_rig_save_machine(&record);
	clone_rig_save("web", &record);
	record_free(&record);
	write_vars(clone_rig_path("web.vars"), "others");
	clone_rig_refused(NULL, NULL, -EPERM, "needs its firmware's variables");
	write_vars(clone_rig_path("web.vars"), "the variables");
	must_clone();
}

/* Nothing of the clone remains. */
static void a_copy_of_variables_never_replaces_a_file(void **state)
{
	make_vm(clone_rig_path("web.vars"));
	write_vars(clone_rig_path("web.vars"), "the variables");
	write_vars(clone_rig_path("copy-web.vars"), "another's");
	clone_rig_refused(NULL, NULL, -EEXIST, "copy-web.vars");
	assert_vars_are(clone_rig_path("copy-web.vars"), "another's");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLONE_TEST(a_clone_has_a_copy_of_the_variables_in_its_directory),
		CLONE_TEST(a_clone_has_a_copy_of_the_variables_beside_the_user_s_file),
		CLONE_TEST(a_vm_that_has_no_variables_yet_is_cloned_without),
		CLONE_TEST(a_vm_whose_variables_are_missing_or_in_use_is_not_cloned),
		CLONE_TEST(a_saved_vm_whose_variables_have_changed_is_not_cloned),
		CLONE_TEST(a_copy_of_variables_never_replaces_a_file),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
