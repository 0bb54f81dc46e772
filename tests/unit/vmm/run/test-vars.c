/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of a firmware's variables: where it is, and how a VM's own one begins. */
#include "run/vars.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "board/board.h"
#include "support/scratch.h"

static char firmware[] = "/boot/firmware";

static struct config new_config(void)
{
	return (struct config){ .machine_version = BOARD_VERSION_3, .firmware = firmware };
}

/* A VM in a state directory of the test's. */
static int setup(void **state)
{
	static struct vm_dir dir;
	static unsigned int number;
	char name[32];
	struct error error;

	snprintf(name, sizeof(name), "state-%u", number++);
	assert_int_equal(setenv("DORMOUSE_STATE_DIR", scratch_path(name), 1), 0);
	assert_int_equal(vm_dir_open("web", true, &dir, &error), 0);
	*state = &dir;

	return 0;
}

static int teardown(void **state)
{
	vm_dir_close(*state);

	return 0;
}

static void drop(struct config *config)
{
	config->firmware = NULL;
	config_free(config);
}

static struct stat status_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);

	return status;
}

static void must_make(const struct vm_dir *dir, const char *template, struct config *config)
{
	struct error error = { "" };

	if (run_make_vars(dir, template, config, &error) != 0)
		fail_msg("%s", error.text);
}

static void refused(const struct vm_dir *dir, const char *template, int err, const char *part)
{
	struct config config = new_config();
	struct error error = { "" };
	struct stat status;

	assert_int_equal(run_make_vars(dir, template, &config, &error), err);
	scratch_says(&error, part, "variables");
	assert_int_equal(fstatat(dir->fd, RUN_VARS_NAME, &status, AT_SYMLINK_NOFOLLOW),
			 err == -EMLINK ? 0 : -1);
	drop(&config);
}

static void a_vm_s_own_file_begins_empty_and_is_kept(void **state)
{
	struct config config = new_config();
	struct error error;

	assert_int_equal(run_find_vars(*state, &config, &error), 0);
	assert_null(config.vars_file);
	must_make(*state, NULL, &config);
	assert_int_equal(status_of(config.vars_file).st_size, 0);
	assert_int_equal(status_of(config.vars_file).st_mode & 0777, 0600);
	assert_null(config.vars);
	assert_int_equal(truncate(config.vars_file, 5), 0);
	must_make(*state, scratch_write("template", "abc", 3), &config);
	assert_int_equal(status_of(config.vars_file).st_size, 5);
	assert_int_equal(run_find_vars(*state, &config, &error), 0);
	assert_non_null(config.vars_file);
	drop(&config);
}

static void variables_that_a_guest_left_are_not_made_anew(void **state)
{
	struct config config = new_config();
	struct error error = { "" };

	assert_true(run_has_own_vars(&config));
	assert_int_equal(run_need_vars(*state, &config, &error), -ENOENT);
	scratch_says(&error, "are missing, which the guest relies on", "--force");
	assert_int_equal(access(config.vars_file, F_OK), -1);
	must_make(*state, NULL, &config);
	assert_int_equal(run_need_vars(*state, &config, &error), 0);
	config.vars = strdup("/srv/vars");
	assert_false(run_has_own_vars(&config));
	drop(&config);
}

static void a_template_is_copied_without_room_for_its_zeros(void **state)
{
	struct config config = new_config();
	const char *template = scratch_write("template", "abc", 3);
	char text[4] = "";
	int fd;

	assert_int_equal(truncate(template, BOARD_FLASH_BANK_SIZE), 0);
	must_make(*state, template, &config);
	assert_int_equal(status_of(config.vars_file).st_size, BOARD_FLASH_BANK_SIZE);
	assert_in_range(status_of(config.vars_file).st_blocks, 1, 1024);
	fd = open(config.vars_file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, 3), 3);
	close(fd);
	assert_string_equal(text, "abc");
	drop(&config);
}

static void a_file_of_the_user_s_is_taken_as_it_is(void **state)
{
	struct config config = new_config();
	struct error error;

	config.vars = strdup("/srv/vars");
	must_make(*state, NULL, &config);
	assert_string_equal(config.vars_file, "/srv/vars");
	assert_int_equal(run_find_vars(*state, &config, &error), 0);
	assert_string_equal(config.vars_file, "/srv/vars");
	drop(&config);
}

static void machines_without_the_chip_have_no_file(void **state)
{
	struct config config = new_config();

	config.machine_version = 2;
	must_make(*state, NULL, &config);
	assert_null(config.vars_file);
	config = (struct config){ .machine_version = BOARD_VERSION_3 };
	must_make(*state, NULL, &config);
	assert_null(config.vars_file);
}

static void a_template_that_cannot_be_copied_is_refused(void **state)
{
	const char *fifo = scratch_path("fifo");

	(void)mkfifo(fifo, 0600);
	refused(*state, scratch_path("missing"), -ENOENT, "No such file");
	refused(*state, scratch_folder(), -EINVAL, "is no regular file");
	refused(*state, fifo, -EINVAL, "is no regular file");
	refused(*state, scratch_sparse("empty", 0), -EINVAL, "is empty");
	refused(*state, scratch_sparse("large", BOARD_FLASH_BANK_SIZE + 1), -EINVAL,
		"longer than the flash");
}

/* Another VM, or each new one, would find what this one writes. */
static void a_link_to_a_file_of_others_is_refused(void **state)
{
	const struct vm_dir *dir = *state;
	const char *other = scratch_write("other", "abc", 3);

	assert_int_equal(symlinkat(other, dir->fd, RUN_VARS_NAME), 0);
	refused(dir, NULL, -EMLINK, "are a link");
	assert_int_equal(unlinkat(dir->fd, RUN_VARS_NAME, 0), 0);
	assert_int_equal(linkat(AT_FDCWD, other, dir->fd, RUN_VARS_NAME, 0), 0);
	refused(dir, NULL, -EMLINK, "are a link");
}

static const struct vm_dir *unprivileged_dir;

static const char *check_unprivileged(void)
{
	struct config config = new_config();
	struct error error = { "" };
	const int err = run_make_vars(unprivileged_dir, NULL, &config, &error);

	drop(&config);

	return err == -EACCES ? NULL : "a file is made where none can be";
}

static void a_directory_that_cannot_be_written_is_an_error(void **state)
{
	unprivileged_dir = *state;
	assert_int_equal(fchmod(unprivileged_dir->fd, 0555), 0);
	scratch_unprivileged(check_unprivileged);
	assert_int_equal(fchmod(unprivileged_dir->fd, 0755), 0);
}

#define VARS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VARS_TEST(a_vm_s_own_file_begins_empty_and_is_kept),
		VARS_TEST(variables_that_a_guest_left_are_not_made_anew),
		VARS_TEST(a_template_is_copied_without_room_for_its_zeros),
		VARS_TEST(a_file_of_the_user_s_is_taken_as_it_is),
		VARS_TEST(machines_without_the_chip_have_no_file),
		VARS_TEST(a_template_that_cannot_be_copied_is_refused),
		VARS_TEST(a_link_to_a_file_of_others_is_refused),
		VARS_TEST(a_directory_that_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
