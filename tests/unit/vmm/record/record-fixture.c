/* SPDX-License-Identifier: BSD-3-Clause */
#include "record-fixture.h"

#include <fcntl.h>
#include <jansson.h>
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

int record_dir_fd = -1;

int record_setup(void **state)
{
	if (record_dir_fd < 0)
		record_dir_fd = record_make_dir("vm");

	return 0;
}

int record_teardown(void **state)
{
	(void)unlinkat(record_dir_fd, "record.json", 0);

	return 0;
}

struct record record_example(void)
{
	return (struct record){
		.state = VM_HIBERNATED,
		.cause = {
			.trigger = VM_TRIGGER_HIBERNATE,
			.what = "SYSTEM_OFF2",
			.type_known = true,
			.type = 1,
			.cookie = 0xfedcba9876543210,
			.vcpu = 2,
			.when = 1795248844,
		},
		.pid = 4711,
		.boots = 17,
		.host = "6.12.43+deb13-arm64",
		.config = {
			.machine_version = 2,
			.kernel = strdup("/boot/Image"),
			.initrd = strdup("/boot/initrd.img"),
			.append = strdup("console=ttyAMA0 root=/dev/vda"),
			.console = strdup("/var/log/console"),
			.disks = { { strdup("/srv/root.img"), false },
				   { strdup("/srv/data.img"), true },
				   { strdup("/srv/swap.img"), false } },
			.disk_count = 3,
			.cpus = 3,
			.memory = 1ULL << 30,
			.psci = PSCI_SERVER_KERNEL,
			.psci_version = 0x00010003,
			.on_reset = RESET_POLICY_RESTART,
			.on_reset2 = RESET_POLICY_EXIT,
		},
		.environment.values = {
			[ENVIRONMENT_MACHINE_VERSION] = strdup("2"),
			[ENVIRONMENT_CPUS] = strdup("3"),
			[ENVIRONMENT_MPIDRS] = strdup("0 0x1 0x2"),
			[ENVIRONMENT_CPU_FEATURES] = strdup("pmu=on\n"),
			[ENVIRONMENT_ID_REGISTERS] = strdup("MIDR_EL1=0x414fd0b1\n"),
			[ENVIRONMENT_COUNTER_FREQUENCY] = strdup("62500000"),
			[ENVIRONMENT_MEMORY] = strdup("1024"),
			[ENVIRONMENT_TABLES] = strdup("a device tree"),
			[ENVIRONMENT_DEVICES] = strdup("0x9000000=pl011\n"),
			[ENVIRONMENT_PSCI] = strdup("1.3 \xff"),
			[ENVIRONMENT_SMCCC] = strdup(""),
			[ENVIRONMENT_IDLE_STATES] = strdup("none"),
			[ENVIRONMENT_KERNEL] = strdup("size:1 hash:2"),
			[ENVIRONMENT_INITRD] = strdup("none"),
			[ENVIRONMENT_COMMAND_LINE] = strdup("size:15 hash:3"),
			[ENVIRONMENT_DISKS] = strdup("vda=inode:1\nvdb=inode:2\n"),
			[ENVIRONMENT_VARIABLES] = strdup("hash:4"),
		},
		.generation = 0xfedcba9876543210,
		.signatures = { 1, 0xffffffff },
		.signature_count = 2,
	};
}

int record_make_dir(const char *name)
{
	const char *path = scratch_path(name);
	int fd;

	assert_int_equal(mkdir(path, 0755), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);

	return fd;
}

void record_must_save(int dir_fd, const struct record *record)
{
	struct error error = { "" };

	if (record_save(dir_fd, RECORD_VM, record, &error) != 0)
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "");
}

struct record record_must_load(int dir_fd)
{
	struct error error = { "" };
	struct record record = { 0 };

	if (record_load(dir_fd, RECORD_VM, &record, &error) != 0)
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "");

	return record;
}

/* Two strings, or none on both sides. */
static void assert_same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a && b)
		assert_string_equal(a, b);
}

static void assert_same_suspension(const struct suspension *a, const struct suspension *b)
{
	assert_int_equal(a->known, b->known);
	if (!a->known)
		return;
	assert_int_equal(a->since, b->since);
	assert_int_equal(a->vcpu, b->vcpu);
	assert_int_equal(a->entry, b->entry);
	assert_int_equal(a->context, b->context);
	assert_int_equal(a->console, b->console);
	assert_int_equal(a->wake_on_net, b->wake_on_net);
	assert_int_equal(a->alarm_set, b->alarm_set);
	if (a->alarm_set)
		assert_int_equal(a->alarm, b->alarm);
	assert_int_equal(a->interrupt_count, b->interrupt_count);
	assert_memory_equal(a->interrupts, b->interrupts,
			    a->interrupt_count * sizeof(a->interrupts[0]));
}

void record_assert_equal(const struct record *a, const struct record *b)
{
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->cause.trigger, b->cause.trigger);
	assert_string_equal(a->cause.what, b->cause.what);
	assert_int_equal(a->cause.type_known, b->cause.type_known);
	assert_int_equal(a->cause.type, b->cause.type);
	assert_int_equal(a->cause.cookie, b->cause.cookie);
	assert_int_equal(a->cause.vcpu, b->cause.vcpu);
	assert_int_equal(a->cause.when, b->cause.when);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->boots, b->boots);
	assert_string_equal(a->host, b->host);
	assert_int_equal(a->config.machine_version, b->config.machine_version);
	assert_same_text(a->config.kernel, b->config.kernel);
	assert_same_text(a->config.flat, b->config.flat);
	assert_int_equal(a->config.flat_address, b->config.flat_address);
	assert_same_text(a->config.firmware, b->config.firmware);
	assert_same_text(a->config.vars, b->config.vars);
	assert_same_text(a->config.initrd, b->config.initrd);
	assert_same_text(a->config.append, b->config.append);
	assert_same_text(a->config.console, b->config.console);
	assert_int_equal(a->config.disk_count, b->config.disk_count);
	for (size_t i = 0; i < a->config.disk_count; i++) {
		assert_same_text(a->config.disks[i].path, b->config.disks[i].path);
		assert_int_equal(a->config.disks[i].read_only, b->config.disks[i].read_only);
	}
	assert_int_equal(a->config.cpus, b->config.cpus);
	assert_int_equal(a->config.memory, b->config.memory);
	assert_int_equal(a->config.psci, b->config.psci);
	assert_int_equal(a->config.psci_version, b->config.psci_version);
	assert_int_equal(a->config.idle_states, b->config.idle_states);
	assert_int_equal(a->config.idle_clusters, b->config.idle_clusters);
	assert_int_equal(a->config.acpi, b->config.acpi);
	assert_memory_equal(a->config.generation_id, b->config.generation_id,
			    sizeof(a->config.generation_id));
	assert_int_equal(a->config.suspend, b->config.suspend);
	assert_int_equal(a->config.console_device, b->config.console_device);
	assert_int_equal(a->config.on_panic, b->config.on_panic);
	assert_int_equal(a->paused, b->paused);
	assert_int_equal(a->discard_image, b->discard_image);
	assert_same_suspension(&a->suspension, &b->suspension);
	assert_string_equal(a->saved_id, b->saved_id);
	assert_same_text(a->saved_file, b->saved_file);
	assert_same_text(a->parked_in, b->parked_in);
	assert_int_equal(a->parked, b->parked);
	assert_int_equal(a->config.on_reset, b->config.on_reset);
	assert_int_equal(a->config.on_reset2, b->config.on_reset2);
	for (size_t i = 0; i < ENVIRONMENT_LINES; i++)
		assert_same_text(a->environment.values[i], b->environment.values[i]);
	assert_int_equal(a->generation, b->generation);
	assert_int_equal(a->signature_count, b->signature_count);
	assert_memory_equal(a->signatures, b->signatures,
			    a->signature_count * sizeof(a->signatures[0]));
}

void record_set_text(char **text, const char *to)
{
	free(*text);
	*text = to ? strdup(to) : NULL;
}

/* The value at a path such as "machine.disks.0", or NULL. */
static json_t *find(json_t *json, const char *path, size_t length)
{
	while (json && length > 0) {
		const size_t part = strcspn(path, ".") < length ? strcspn(path, ".") : length;
		char key[32];

		snprintf(key, sizeof(key), "%.*s", (int)part, path);
		json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10))
					   : json_object_get(json, key);
		path += part;
		length -= part;
		if (length > 0) {
			path++;
			length--;
		}
	}

	return json;
}

void record_damage(int dir_fd, const char *path, const char *value)
{
	const char *dot = strrchr(path, '.');
	const char *key = dot ? dot + 1 : path;
	int fd = openat(dir_fd, "record.json", O_RDONLY | O_CLOEXEC);
	json_error_t where;
	json_t *json = json_loadfd(fd, 0, &where);
	json_t *parent;

	assert_non_null(json);
	close(fd);
	parent = find(json, path, dot ? (size_t)(dot - path) : 0);
	assert_true(json_is_object(parent));
	if (value)
		assert_int_equal(json_object_set_new(parent, key,
						     json_loads(value, JSON_DECODE_ANY, &where)),
				 0);
	else
		assert_int_equal(json_object_del(parent, key), 0);
	fd = openat(dir_fd, "record.json", O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(json_dumpfd(json, fd, JSON_INDENT(2)), 0);
	close(fd);
	json_decref(json);
}

void record_put(int dir_fd, const char *text, size_t size)
{
	const int fd =
		openat(dir_fd, "record.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	close(fd);
}

void record_refused(int dir_fd, int err, const char *reason)
{
	const unsigned int open_files = scratch_open_files();
	struct error error = { "" };
	struct record record;
	struct record before;

	memset(&record, 0x5a, sizeof(record));
	before = record;
	assert_int_equal(record_load(dir_fd, RECORD_VM, &record, &error), err);
	assert_memory_equal(&record, &before, sizeof(record));
	assert_int_equal(scratch_open_files(), open_files);
	scratch_says(&error, "the record of " RECORD_VM, reason);
}

void record_save_example(int dir_fd)
{
	struct record record = record_example();

	record_must_save(dir_fd, &record);
	record_free(&record);
}
