/* SPDX-License-Identifier: BSD-3-Clause */
#include "clone-rig.h"

#include <dirent.h>
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

#include "base/stream.h"
#include "clone/clone.h"
#include "host/disk-identity.h"
#include "kvm/counter.h"
#include "record/environment-config.h"
#include "record/vm-dir.h"
#include "support/scratch.h"

static unsigned int folder;

/* No machine runs here, and this host need not have the register. */
uint64_t counter_frequency(void)
{
	return 62500000;
}

static char *in_folder(const char *what, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%u/%s%s%s", folder, what, *name ? "/" : "", name);

	return scratch_path(path);
}

char *clone_rig_path(const char *name)
{
	return in_folder("srv", name);
}

int clone_rig_setup(void **state)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", ++folder);
	assert_int_equal(mkdir(scratch_path(name), 0700), 0);
	assert_int_equal(mkdir(in_folder("srv", ""), 0700), 0);
	assert_int_equal(setenv("DORMOUSE_STATE_DIR", in_folder("state", ""), 1), 0);

	return 0;
}

int clone_rig_teardown(void **state)
{
	return 0;
}

void clone_rig_make_disk(const char *name, const char *text)
{
	const int fd = open(clone_rig_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, CLONE_RIG_DISK_SIZE), 0);
	assert_int_equal(pwrite(fd, text, strlen(text), CLONE_RIG_DISK_SIZE / 2), strlen(text));
	close(fd);
}

bool clone_rig_says(const char *name, const char *text)
{
	char found[64] = "";
	const int fd = open(clone_rig_path(name), O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (fd < 0)
		return !text;
	size = pread(fd, found, sizeof(found) - 1, CLONE_RIG_DISK_SIZE / 2);
	close(fd);

	return text && size > 0 && strcmp(found, text) == 0;
}

static void describe_disks(struct record *record)
{
	struct error error = { "" };

	assert_int_equal(environment_set(&record->environment, ENVIRONMENT_DISKS, "%s", ""), 0);
	for (size_t i = 0; i < record->config.disk_count; i++) {
		struct disk_config *config = &record->config.disks[i];
		char identity[DISK_IDENTITY_SIZE];
		struct disk disk;

		assert_int_equal(disk_open(&disk, config->path, true, &error), 0);
		assert_int_equal(disk_identity(&disk, identity, &error), 0);
		assert_int_equal(environment_add_disk(&record->environment, i, config, identity),
				 0);
		disk_close(&disk);
	}
}

struct record clone_rig_record(void)
{
	struct record record = {
		.state = VM_OFF,
		.cause = { .trigger = VM_TRIGGER_OFF, .what = "SYSTEM_OFF", .vcpu = 0 },
		.pid = 4711,
		.boots = 17,
		.host = "7.2",
		.config = {
			.machine_version = 2,
			.kernel = strdup("/boot/Image"),
			.initrd = strdup("/boot/initrd"),
			.append = strdup("console=ttyAMA0"),
			.console = strdup("unix:/run/web"),
			.disks = { { strdup(clone_rig_path("web.img")), false },
				   { strdup(clone_rig_path("base.img")), true },
				   { strdup(clone_rig_path("swap.img")), false } },
			.disk_count = 3,
			.cpus = 2,
			.memory = 1ULL << 30,
			.psci = PSCI_SERVER_USERSPACE,
			.psci_version = 0x00010003,
			.acpi = true,
			.generation_id = { 1, 2, 3 },
		},
		.generation = 5,
		.signatures = { 7, 9 },
		.signature_count = 2,
	};

	for (enum environment_line i = 0; i < ENVIRONMENT_LINES; i++)
		assert_int_equal(environment_set(&record.environment, i, "1"), 0);
	for (enum environment_line i = 0; i < ENVIRONMENT_LINES; i++)
		if (!environment_is_valid(i, "1"))
			assert_int_equal(environment_set(&record.environment, i, "%s", ""), 0);
	clone_rig_make_disk("web.img", "the web");
	clone_rig_make_disk("swap.img", "the swap");
	clone_rig_make_disk("base.img", "the base");
	describe_disks(&record);

	return record;
}

void clone_rig_save(const char *name, const struct record *record)
{
	struct error error = { "" };
	struct vm_dir dir;

	if (vm_dir_open(name, true, &dir, &error) != 0 ||
	    record_save(dir.fd, name, record, &error) != 0)
		fail_msg("%s", error.text);
	vm_dir_close(&dir);
}

void clone_rig_make_vm(const char *name, enum vm_state state)
{
	struct record record = clone_rig_record();

	record.state = state;
	clone_rig_save(name, &record);
	record_free(&record);
}

struct record clone_rig_load(const char *name)
{
	struct record record = { 0 };
	struct error error = { "" };
	struct vm_dir dir;

	if (vm_dir_open(name, false, &dir, &error) != 0 ||
	    record_load(dir.fd, name, &record, &error) != 0)
		fail_msg("%s", error.text);
	vm_dir_close(&dir);

	return record;
}

/* What save/file.c writes, with a machine that has a few bytes. */
static void write_saved(const char *path, const struct record *record)
{
	json_t *json = record_to_json(record, "web");
	char *text = json_dumps(json, JSON_COMPACT);
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint32_t length = 3;
	struct stream *stream;
	char name[] = "web";
	char machine[] = "all of the machine";

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "DORMOUSE saved \1", 16), 16);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	stream_serialize_u32(stream, &length);
	stream_serialize(stream, name, length);
	length = (uint32_t)strlen(text);
	stream_serialize_u32(stream, &length);
	stream_serialize(stream, text, length);
	stream_serialize(stream, machine, sizeof(machine));
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	close(fd);
	free(text);
	json_decref(json);
}

void clone_rig_save_machine(struct record *record)
{
	record->state = VM_SUSPENDED;
	record->cause.trigger = VM_TRIGGER_SUSPEND;
	record->suspension = (struct suspension){ .known = true, .entry = 0x40200000 };
	assert_int_equal(record_make_saved_id(record), 0);
	record->saved_file = strdup(clone_rig_path("web.saved"));
	write_saved(record->saved_file, record);
	record->state = VM_SAVED;
	clone_rig_save("web", record);
}

int clone_rig_clone(const char *first_disk, const char *second_disk, struct error *error)
{
	char *const disks[] = { clone_rig_path(first_disk ? first_disk : ""),
				clone_rig_path(second_disk ? second_disk : "") };
	const struct clone_options options = {
		.from = "web",
		.to = "copy",
		.disks = disks,
		.disk_count = (size_t)(first_disk != NULL) + (second_disk != NULL),
	};

	return clone_vm(&options, error);
}

void clone_rig_must_clone(const char *first_disk, const char *second_disk)
{
	const unsigned int open_files = scratch_open_files();
	struct error error = { "" };

	if (clone_rig_clone(first_disk, second_disk, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(scratch_open_files(), open_files);
}

static void add_names(char *text, size_t size, const char *directory)
{
	struct dirent **entries;
	const int count = scandir(directory, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		const size_t used = strlen(text);

		if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0)
			snprintf(text + used, size - used, "%s ", entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

const char *clone_rig_all(void)
{
	static char text[16384];
	const int fd = open(in_folder("state", "web/record.json"), O_RDONLY | O_CLOEXEC);
	size_t used;

	text[0] = '\0';
	add_names(text, sizeof(text), in_folder("srv", ""));
	add_names(text, sizeof(text), in_folder("state", ""));
	used = strlen(text);
	if (fd >= 0) {
		const ssize_t size = read(fd, text + used, sizeof(text) - 1 - used);

		assert_true(size >= 0);
		text[used + (size_t)size] = '\0';
		close(fd);
	}

	return text;
}

void clone_rig_refused(const char *first_disk, const char *second_disk, int err, const char *part)
{
	const unsigned int open_files = scratch_open_files();
	char *before = strdup(clone_rig_all());
	struct error error = { "" };

	assert_int_equal(clone_rig_clone(first_disk, second_disk, &error), err);
	scratch_says(&error, part, "");
	assert_string_equal(clone_rig_all(), before);
	assert_int_equal(scratch_open_files(), open_files);
	free(before);
}
