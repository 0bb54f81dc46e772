/* SPDX-License-Identifier: BSD-3-Clause */
/* A clone has what its VM has, and disks, IDs and a signature of its own. */
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
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "clone/clone.h"
#include "host/disk.h"
#include "record/vm-dir.h"
#include "save/file.h"
#include "support/scratch.h"
#include "vmm/record/record-fixture.h"

/* The identity that a record has of a disk, such as "inode:12 size:4096". */
static char *identity(const struct record *record, const char *name)
{
	const char *line = strstr(record->environment.values[ENVIRONMENT_DISKS], name);

	assert_non_null(line);

	return strndup(line, strcspn(line, "\n"));
}

static void assert_disk_is(const struct record *record, size_t i, const char *name)
{
	char inode[40];
	char disk[] = "vda=";
	struct stat status;
	char *text;

	assert_string_equal(record->config.disks[i].path, clone_rig_path(name));
	assert_int_equal(stat(clone_rig_path(name), &status), 0);
	disk[2] = (char)('a' + (int)i);
	text = identity(record, disk);
	snprintf(inode, sizeof(inode), "inode:%ju ", (uintmax_t)status.st_ino);
	assert_non_null(strstr(text, inode));
	assert_non_null(strstr(text, clone_rig_path(name)));
	free(text);
}

/* --- records --- */

static void a_clone_has_its_vm_s_configuration_and_copies_of_its_disks(void **state)
{
	struct record web, copy;

	clone_rig_make_vm("web", VM_OFF);
	clone_rig_must_clone(NULL, NULL);
	assert_true(clone_rig_says("copy-web.img", "the web"));
	assert_true(clone_rig_says("copy-swap.img", "the swap"));
	assert_true(clone_rig_says("copy-base.img", NULL));
	web = clone_rig_load("web");
	copy = clone_rig_load("copy");
	assert_disk_is(&copy, 0, "copy-web.img");
	assert_disk_is(&copy, 1, "base.img");
	assert_disk_is(&copy, 2, "copy-swap.img");
	assert_true(copy.config.disks[1].read_only);
	assert_memory_not_equal(web.config.generation_id, copy.config.generation_id,
				sizeof(web.config.generation_id));
	assert_int_equal(copy.pid, getpid());
	assert_false(copy.discard_image);

	/* The rest is the same. */
	for (size_t i = 0; i < 3; i++)
		record_set_text(&copy.config.disks[i].path, web.config.disks[i].path);
	record_set_text(&copy.environment.values[ENVIRONMENT_DISKS],
			web.environment.values[ENVIRONMENT_DISKS]);
	memcpy(copy.config.generation_id, web.config.generation_id,
	       sizeof(copy.config.generation_id));
	copy.pid = web.pid;
	copy.generation = web.generation;
	copy.signature_count = web.signature_count;
	record_assert_equal(&copy, &web);
	record_free(&web);
	record_free(&copy);
}

static void a_clone_gets_a_signature_that_its_vm_gave_no_guest(void **state)
{
	struct record web, copy;

	clone_rig_make_vm("web", VM_OFF);
	clone_rig_must_clone(NULL, NULL);
	web = clone_rig_load("web");
	copy = clone_rig_load("copy");
	assert_int_not_equal(copy.generation, web.generation);
	assert_int_equal(copy.signature_count, 3);
	assert_memory_equal(copy.signatures, web.signatures, 2 * sizeof(web.signatures[0]));
	assert_int_equal(record_signature(&copy),
			 environment_signature(&copy.environment, copy.generation));
	assert_int_not_equal(record_signature(&copy), 7);
	assert_int_not_equal(record_signature(&copy), 9);
	record_free(&web);
	record_free(&copy);
}

/* Each of them may have an image on its disk, which is its VM's. */
static void a_clone_of_a_vm_that_may_have_an_image_must_discard_it(void **state)
{
	static const struct {
		enum vm_state state, becomes;
	} cases[] = {
		{ VM_HIBERNATED, VM_HIBERNATED },
		{ VM_RUNNING, VM_CRASHED },
		{ VM_SUSPENDED, VM_CRASHED },
		{ VM_RESETTING, VM_CRASHED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record copy;

		clone_rig_setup(state);
		clone_rig_make_vm("web", cases[i].state);
		clone_rig_must_clone(NULL, NULL);
		copy = clone_rig_load("copy");
		assert_true(copy.discard_image);
		assert_int_equal(copy.state, cases[i].becomes);
		record_free(&copy);
	}
}

static void a_clone_of_a_clone_that_was_not_started_must_discard_the_image(void **state)
{
	struct record web = clone_rig_record();
	struct record copy;

	web.discard_image = true;
	clone_rig_save("web", &web);
	clone_rig_must_clone(NULL, NULL);
	copy = clone_rig_load("copy");
	assert_true(copy.discard_image);
	record_free(&web);
	record_free(&copy);
}

static void a_clone_of_a_vm_of_an_earlier_release_gets_its_signature_when_it_starts(void **state)
{
	struct record web = clone_rig_record();
	struct record copy;

	web.signature_count = 0;
	web.config.acpi = false;
	clone_rig_save("web", &web);
	clone_rig_must_clone(NULL, NULL);
	copy = clone_rig_load("copy");
	assert_int_equal(copy.signature_count, 0);
	record_free(&web);
	record_free(&copy);
}

/* --- disks --- */

static void a_clone_has_the_disks_that_its_user_names(void **state)
{
	struct record copy;

	clone_rig_make_vm("web", VM_HIBERNATED);
	clone_rig_make_disk("one.img", "one");
	clone_rig_make_disk("two.img", "two");
	clone_rig_must_clone("one.img", "two.img");
	copy = clone_rig_load("copy");
	assert_disk_is(&copy, 0, "one.img");
	assert_disk_is(&copy, 1, "base.img");
	assert_disk_is(&copy, 2, "two.img");
	assert_true(clone_rig_says("one.img", "one"));
	assert_true(clone_rig_says("copy-web.img", NULL));
	record_free(&copy);
}

static void a_clone_s_disks_must_be_as_many_as_its_vm_s(void **state)
{
	clone_rig_make_vm("web", VM_OFF);
	clone_rig_make_disk("one.img", "one");
	clone_rig_refused("one.img", NULL, -EINVAL,
			  "web has writable disks: 2, and --disk names: 1; name one for each");
}

static void a_disk_that_a_vm_has_cannot_be_a_clone_s(void **state)
{
	struct record other;

	clone_rig_make_vm("web", VM_OFF);
	other = clone_rig_load("web");
	for (size_t i = 0; i < 3; i++)
		record_set_text(&other.config.disks[i].path, clone_rig_path("other.img"));
	clone_rig_make_disk("other.img", "other");
	clone_rig_save("other", &other);
	record_free(&other);
	clone_rig_make_disk("one.img", "one");
	assert_int_equal(symlink("web.img", clone_rig_path("link.img")), 0);
	assert_int_equal(link(clone_rig_path("other.img"), clone_rig_path("hard.img")), 0);
	clone_rig_refused("one.img", "web.img", -EBUSY, "web.img is a disk of web");
	clone_rig_refused("one.img", "link.img", -EBUSY, "link.img is a disk of web");
	clone_rig_refused("base.img", "one.img", -EBUSY, "base.img is a disk of web");
	clone_rig_refused("other.img", "one.img", -EBUSY, "other.img is a disk of other");
	clone_rig_refused("hard.img", "one.img", -EBUSY, "hard.img is a disk of other");
	clone_rig_refused("one.img", "one.img", -EBUSY, "one.img");
	clone_rig_refused("one.img", "none.img", -ENOENT, "cannot open disk ");
	clone_rig_refused("one.img", "", -EINVAL, "is a directory, not an image");
}

static void a_copy_of_a_disk_never_replaces_a_file(void **state)
{
	clone_rig_make_vm("web", VM_OFF);
	clone_rig_make_disk("copy-swap.img", "another's");
	clone_rig_refused(NULL, NULL, -EEXIST, "copy-swap.img: the file already exists");
	assert_true(clone_rig_says("copy-swap.img", "another's"));
	assert_true(clone_rig_says("copy-web.img", NULL));
}

static void a_disk_that_is_written_elsewhere_is_not_copied(void **state)
{
	struct error error = { "" };
	struct disk disk;

	clone_rig_make_vm("web", VM_OFF);
	assert_int_equal(disk_open(&disk, clone_rig_path("web.img"), false, &error), 0);
	clone_rig_refused(NULL, NULL, -EBUSY, "web.img is in use");
	disk_close(&disk);
}

/* --- VMs that cannot be cloned --- */

static void a_vm_that_runs_is_not_cloned(void **state)
{
	struct error error = { "" };
	struct vm_dir dir;

	clone_rig_make_vm("web", VM_SUSPENDED);
	assert_int_equal(vm_dir_open("web", false, &dir, &error), 0);
	assert_int_equal(vm_dir_lock(&dir, &error), 0);
	clone_rig_refused(
		NULL, NULL, -EBUSY,
		"cannot clone web while it is suspended (pid 4711 runs it): it must first be");
	vm_dir_close(&dir);
}

static void a_vm_that_is_not_there_is_not_cloned(void **state)
{
	struct error error = { "" };
	struct vm_dir dir;

	clone_rig_refused(NULL, NULL, -ENOENT, "there is no VM named web");
	assert_int_equal(vm_dir_open("web", true, &dir, &error), 0);
	vm_dir_close(&dir);
	clone_rig_refused(NULL, NULL, -ENOENT, "web has never run: there is nothing to clone");
}

static void a_clone_does_not_get_a_name_that_a_vm_has(void **state)
{
	const struct clone_options bad = { .from = "web", .to = "../copy" };
	const struct clone_options itself = { .from = "web", .to = "web" };
	struct error error = { "" };

	clone_rig_make_vm("web", VM_OFF);
	assert_int_equal(clone_vm(&itself, &error), -EEXIST);
	assert_int_equal(clone_vm(&bad, &error), -EINVAL);
	clone_rig_must_clone(NULL, NULL);
	clone_rig_refused(NULL, NULL, -EEXIST, "there is a VM named copy already");
}

/* --- saved VMs --- */

/* The rest of a saved file. */
static void assert_machine(struct save_file *file)
{
	char machine[sizeof("all of the machine")];

	stream_serialize(file->stream, machine, sizeof(machine));
	assert_int_equal(stream_end(file->stream), 0);
	assert_string_equal(machine, "all of the machine");
}

static void a_clone_of_a_saved_vm_is_saved_in_a_file_of_its_own(void **state)
{
	struct record web = clone_rig_record();
	struct error error = { "" };
	struct save_file file;
	struct record copy;

	clone_rig_save_machine(&web);
	clone_rig_must_clone(NULL, NULL);
	copy = clone_rig_load("copy");
	assert_int_equal(copy.state, VM_SAVED);
	assert_string_equal(copy.saved_file, clone_rig_path("copy-web.saved"));
	assert_string_not_equal(copy.saved_id, web.saved_id);
	assert_false(copy.discard_image);
	/* Its guest has them in its memory. */
	assert_int_equal(copy.generation, web.generation);
	assert_int_equal(copy.signature_count, web.signature_count);
	assert_int_equal(record_signature(&copy), record_signature(&web));

	assert_int_equal(save_file_open(copy.saved_file, &file, &error), 0);
	assert_string_equal(file.name, "copy");
	assert_int_equal(file.record.state, VM_SUSPENDED);
	assert_string_equal(file.record.saved_id, copy.saved_id);
	assert_string_equal(file.record.saved_file, copy.saved_file);
	assert_disk_is(&file.record, 0, "copy-web.img");
	assert_disk_is(&file.record, 2, "copy-swap.img");
	assert_memory_equal(file.record.config.generation_id, copy.config.generation_id,
			    sizeof(copy.config.generation_id));
	assert_memory_not_equal(file.record.config.generation_id, web.config.generation_id,
				sizeof(copy.config.generation_id));
	/* As it was, in the format of the file. */
	assert_int_equal(stream_format(file.stream), 1);
	assert_machine(&file);
	save_file_close(&file);

	assert_int_equal(save_file_open(clone_rig_path("web.saved"), &file, &error), 0);
	assert_string_equal(file.record.saved_id, web.saved_id);
	assert_machine(&file);
	save_file_close(&file);
	record_free(&web);
	record_free(&copy);
}

/* Its dormouse died between the file's name and the record that says "saved". */
static void a_vm_whose_dormouse_died_after_it_was_saved_is_cloned_as_saved(void **state)
{
	struct record web = clone_rig_record();
	struct record copy;

	clone_rig_save_machine(&web);
	web.state = VM_SUSPENDED;
	clone_rig_save("web", &web);
	clone_rig_must_clone(NULL, NULL);
	copy = clone_rig_load("copy");
	assert_int_equal(copy.state, VM_SAVED);
	assert_string_equal(copy.saved_file, clone_rig_path("copy-web.saved"));
	record_free(&web);
	record_free(&copy);
}

static void a_vm_whose_dormouse_died_before_it_was_saved_is_cloned_as_crashed(void **state)
{
	struct record web = clone_rig_record();
	struct record copy;

	clone_rig_save_machine(&web);
	web.state = VM_SUSPENDED;
	clone_rig_save("web", &web);
	assert_int_equal(unlink(clone_rig_path("web.saved")), 0);
	clone_rig_must_clone(NULL, NULL);
	copy = clone_rig_load("copy");
	assert_int_equal(copy.state, VM_CRASHED);
	assert_null(copy.saved_file);
	assert_string_equal(copy.saved_id, "");
	record_free(&web);
	record_free(&copy);
}

static void a_saved_vm_whose_disk_was_written_since_is_not_cloned(void **state)
{
	struct record web = clone_rig_record();

	clone_rig_save_machine(&web);
	clone_rig_make_disk("swap.img", "written");
	clone_rig_refused(NULL, NULL, -EPERM, "needs the disk vdc as its guest left it");
	record_free(&web);
}

static void a_saved_vm_s_clone_has_disks_of_the_size_that_its_guest_knows(void **state)
{
	struct record web = clone_rig_record();

	clone_rig_save_machine(&web);
	clone_rig_make_disk("one.img", "one");
	clone_rig_make_disk("two.img", "two");
	assert_int_equal(truncate(clone_rig_path("two.img"), 512), 0);
	clone_rig_refused("one.img", "two.img", -EINVAL, "two.img has 512 bytes, and disk ");
	record_free(&web);
}

static void a_saved_file_that_is_not_the_vm_s_is_not_cloned(void **state)
{
	struct record web = clone_rig_record();

	clone_rig_save_machine(&web);
	assert_int_equal(record_make_saved_id(&web), 0);
	clone_rig_save("web", &web);
	clone_rig_refused(NULL, NULL, -ESTALE, "web.saved is not the file that web is saved in");
	assert_int_equal(truncate(clone_rig_path("web.saved"), 20), 0);
	clone_rig_refused(NULL, NULL, -ENODATA, "web.saved is damaged");
	assert_int_equal(unlink(clone_rig_path("web.saved")), 0);
	clone_rig_refused(NULL, NULL, -ENOENT, "cannot open ");
	record_free(&web);
}

static void a_saved_file_that_is_damaged_at_its_end_is_not_cloned(void **state)
{
	struct record web = clone_rig_record();
	struct stat status;

	clone_rig_save_machine(&web);
	assert_int_equal(stat(clone_rig_path("web.saved"), &status), 0);
	assert_int_equal(truncate(clone_rig_path("web.saved"), status.st_size - 1), 0);
	clone_rig_refused(NULL, NULL, -ENODATA, "web.saved is damaged: it ends too early");
	record_free(&web);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLONE_TEST(a_clone_has_its_vm_s_configuration_and_copies_of_its_disks),
		CLONE_TEST(a_clone_gets_a_signature_that_its_vm_gave_no_guest),
		CLONE_TEST(a_clone_of_a_vm_that_may_have_an_image_must_discard_it),
		CLONE_TEST(a_clone_of_a_clone_that_was_not_started_must_discard_the_image),
		CLONE_TEST(a_clone_of_a_vm_of_an_earlier_release_gets_its_signature_when_it_starts),
		CLONE_TEST(a_clone_has_the_disks_that_its_user_names),
		CLONE_TEST(a_clone_s_disks_must_be_as_many_as_its_vm_s),
		CLONE_TEST(a_disk_that_a_vm_has_cannot_be_a_clone_s),
		CLONE_TEST(a_copy_of_a_disk_never_replaces_a_file),
		CLONE_TEST(a_disk_that_is_written_elsewhere_is_not_copied),
		CLONE_TEST(a_vm_that_runs_is_not_cloned),
		CLONE_TEST(a_vm_that_is_not_there_is_not_cloned),
		CLONE_TEST(a_clone_does_not_get_a_name_that_a_vm_has),
		CLONE_TEST(a_clone_of_a_saved_vm_is_saved_in_a_file_of_its_own),
		CLONE_TEST(a_vm_whose_dormouse_died_after_it_was_saved_is_cloned_as_saved),
		CLONE_TEST(a_vm_whose_dormouse_died_before_it_was_saved_is_cloned_as_crashed),
		CLONE_TEST(a_saved_vm_whose_disk_was_written_since_is_not_cloned),
		CLONE_TEST(a_saved_vm_s_clone_has_disks_of_the_size_that_its_guest_knows),
		CLONE_TEST(a_saved_file_that_is_not_the_vm_s_is_not_cloned),
		CLONE_TEST(a_saved_file_that_is_damaged_at_its_end_is_not_cloned),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
