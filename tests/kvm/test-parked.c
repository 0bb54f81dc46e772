/* SPDX-License-Identifier: BSD-3-Clause */
/* From which file, and when, a parked machine's RAM may come: not from any that has the name. */
#include "rig.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/act-file.h"
#include "control/park.h"
#include "host/memory-error.h"
#include "machine/devices.h"
#include "machine/restored-memory.h"
#include "save/file.h"

static bool has_no_memory;

/* In place of the C library's. */
char *strdup(const char *text)
{
	return has_no_memory ? NULL : strndup(text, strlen(text));
}

/* A byte of RAM: in the file, in another one, and in memory. */
#define AT (RIG_MEMORY / 2)
enum { PARKED = 1, OTHER, NEWER };

static void save(struct rig *rig, const char *path, unsigned int id, uint8_t byte)
{
	struct save_draft draft;
	struct error error = { "" };

	snprintf(rig->record.saved_id, sizeof(rig->record.saved_id), "%032x", id);
	rig->vm.memory.host[AT] = byte;
	devices_freeze(rig->vm.devices);
	if (save_file_write(path, &rig->vm, &rig->record, SAVE_PLACED, &draft, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(save_file_publish(&draft, &error), 0);
	devices_thaw(rig->vm.devices);
}

static void begin_test(struct rig *rig, char path[PATH_MAX])
{
	struct error error;

	rig_create(rig, 1);
	/* Here, since cmocka handles SIGBUS in each test. */
	assert_int_equal(memory_error_setup(&error), 0);
	rig_put_to_sleep(rig);
	snprintf(path, PATH_MAX, "%s/parked", rig->dir);
	save(rig, path, PARKED, PARKED);
	rig->record.saved_file = strdup(path);
	assert_non_null(rig->record.saved_file);
	park_note_devices(&rig->control);
}

static void end_test(struct rig *rig, const char *path)
{
	unlink(path);
	rig_destroy(rig);
}

static void a_parked_machine_s_memory_is_given_back(void **state)
{
	enum memory_source_way way;
	char path[PATH_MAX];
	struct rig rig;

	begin_test(&rig, path);
	park_give_back(&rig.control);
	assert_true(restored_memory_needs_file(&rig.vm, &way));
	assert_int_equal(rig.vm.memory.host[AT], PARKED);
	end_test(&rig, path);
}

static void a_parked_machine_s_memory_is_not_that_of_another_file(void **state)
{
	enum memory_source_way way;
	char other[PATH_MAX];
	char path[PATH_MAX];
	struct rig rig;

	begin_test(&rig, path);
	snprintf(other, PATH_MAX, "%s/other", rig.dir);
	save(&rig, other, OTHER, OTHER);
	assert_int_equal(rename(other, path), 0);
	snprintf(rig.record.saved_id, sizeof(rig.record.saved_id), "%032x", PARKED);
	rig.vm.memory.host[AT] = NEWER;
	park_give_back(&rig.control);
	assert_false(restored_memory_needs_file(&rig.vm, &way));
	assert_int_equal(rig.vm.memory.host[AT], NEWER);
	assert_false(atomic_load(&rig.vm.stopping));
	end_test(&rig, path);
}

/* The file would undo that, and not what the device knows of its queues. */
static void memory_that_a_device_has_written_to_stays(void **state)
{
	enum memory_source_way way;
	char path[PATH_MAX];
	struct rig rig;

	begin_test(&rig, path);
	rig.control.park_given--;
	rig.vm.memory.host[AT] = NEWER;
	park_give_back(&rig.control);
	assert_false(restored_memory_needs_file(&rig.vm, &way));
	assert_int_equal(rig.vm.memory.host[AT], NEWER);
	end_test(&rig, path);
}

/* Otherwise it could not be woken: no file would be known to be spent. */
static void a_record_still_names_its_file_after_a_save_without_memory(void **state)
{
	char other[PATH_MAX];
	char path[PATH_MAX];
	struct rig rig;

	begin_test(&rig, path);
	snprintf(other, PATH_MAX, "%s/other", rig.dir);
	rig.control.life.parked = true;
	rig.control.save_path = other;
	has_no_memory = true;
	assert_int_equal(act_write_file(&rig.control), -ENOMEM);
	has_no_memory = false;
	act_discard_file(&rig.control);
	assert_non_null(rig.record.saved_file);
	assert_string_equal(rig.record.saved_file, path);
	assert_string_not_equal(rig.record.saved_id, "");
	end_test(&rig, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parked_machine_s_memory_is_given_back),
		cmocka_unit_test(a_parked_machine_s_memory_is_not_that_of_another_file),
		cmocka_unit_test(memory_that_a_device_has_written_to_stays),
		cmocka_unit_test(a_record_still_names_its_file_after_a_save_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
