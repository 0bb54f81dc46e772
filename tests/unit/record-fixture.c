/* SPDX-License-Identifier: BSD-3-Clause */
#include "record-fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "scratch.h"

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
		},
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
	assert_same_text(a->config.kernel, b->config.kernel);
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
	assert_int_equal(a->config.on_reset, b->config.on_reset);
	assert_int_equal(a->config.on_reset2, b->config.on_reset2);
}

void record_set_text(char **text, const char *to)
{
	free(*text);
	*text = to ? strdup(to) : NULL;
}
