/* SPDX-License-Identifier: BSD-3-Clause */
/* The record of a VM is loaded as it was saved, to the last byte. */
#include "record/record.h"

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
#include <unistd.h>

#include <cmocka.h>

#include "record-fixture.h"
#include "support/scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Save, load, compare, and free what was loaded. */
static void round_trip(int dir_fd, const struct record *record)
{
	struct record loaded;

	record_must_save(dir_fd, record);
	loaded = record_must_load(dir_fd);
	record_assert_equal(&loaded, record);
	record_free(&loaded);
}

static void every_field_of_a_record_survives_a_round_trip(void **state)
{
	const int dir = record_make_dir("all");
	const unsigned int open_files = scratch_open_files();
	struct record record = record_example();

	round_trip(dir, &record);
	assert_int_equal(scratch_open_files(), open_files);
	record_free(&record);
	close(dir);
}

static void a_record_is_json_with_its_format_and_name(void **state)
{
	static const char *const parts[] = {
		"{\n  \"format\": 2,\n  \"name\": \"web-1\",\n  \"state\": \"hibernated\",\n",
		"\"trigger\": \"hibernate\"",
		"\"when\": \"2026-11-21T08:14:04Z\"",
		"\"type\": 1,\n    \"cookie\": \"0xfedcba9876543210\"",
		"\"memory\": 1073741824",
		"\"machine\": {\n    \"version\": 2,\n",
		"\"psci\": \"kernel\"",
		"\"path\": \"/srv/data.img\",\n        \"read-only\": true",
	};
	const int dir = record_make_dir("text");
	struct record record = record_example();
	char text[4096] = "";
	int fd;

	record_must_save(dir, &record);
	fd = openat(dir, "record.json", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	for (size_t i = 0; i < COUNT(parts); i++) {
		if (!strstr(text, parts[i]))
			fail_msg("no \"%s\" in %s", parts[i], text);
	}
	record_free(&record);
	close(dir);
}

static void absent_fields_are_absent_after_a_round_trip(void **state)
{
	const int dir = record_make_dir("absent");
	struct record record = record_example();

	record_set_text(&record.config.initrd, NULL);
	round_trip(dir, &record);
	record_set_text(&record.config.console, NULL);
	round_trip(dir, &record);
	record_set_text(&record.config.initrd, "/boot/initrd.img");
	round_trip(dir, &record);
	while (record.config.disk_count > 0) {
		free(record.config.disks[--record.config.disk_count].path);
		round_trip(dir, &record);
	}
	record_free(&record);
	close(dir);
}

static void a_kernel_or_binary_or_firmware_survives_a_round_trip(void **state)
{
	const int dir = record_make_dir("starts");
	struct record record = record_example();

	record_set_text(&record.config.kernel, NULL);
	record_set_text(&record.config.firmware, "/boot/\xff.fd");
	round_trip(dir, &record);
	record_set_text(&record.config.firmware, NULL);
	record_set_text(&record.config.flat, "/boot/\xff.bin");
	round_trip(dir, &record);
	record.config.flat_address = 4;
	round_trip(dir, &record);
	record.config.flat_address = UINT64_MAX;
	round_trip(dir, &record);
	record_free(&record);
	close(dir);
}

static void the_greatest_number_of_disks_survives_a_round_trip_in_order(void **state)
{
	const int dir = record_make_dir("disks");
	struct record record = record_example();
	struct config *config = &record.config;

	for (; config->disk_count < CONFIG_DISKS_MAX; config->disk_count++) {
		struct disk_config *disk = &config->disks[config->disk_count];
		char path[32];

		snprintf(path, sizeof(path), "/srv/%zu.img", 100 - config->disk_count);
		record_set_text(&disk->path, path);
		disk->read_only = config->disk_count % 3 == 0;
	}
	round_trip(dir, &record);
	record_free(&record);
	close(dir);
}

static void every_state_trigger_server_and_policy_survives_a_round_trip(void **state)
{
	const int dir = record_make_dir("words");
	struct record record = record_example();

	round_trip(dir, &record);
	memcpy(record.saved_id, "0123456789abcdef0123456789abcdef", RECORD_SAVED_ID_SIZE);
	round_trip(dir, &record);
	record_set_text(&record.saved_file, "/srv/web.saved");
	for (int i = 0; i < VM_STATE_COUNT; i++) {
		record.state = (enum vm_state)i;
		round_trip(dir, &record);
	}
	for (int i = 0; i < VM_TRIGGER_COUNT; i++) {
		record.cause.trigger = (enum vm_trigger)i;
		round_trip(dir, &record);
	}
	record.config.psci = PSCI_SERVER_USERSPACE;
	round_trip(dir, &record);
	record.config.psci = PSCI_SERVER_MIXED;
	round_trip(dir, &record);
	record.config.acpi = true;
	memcpy(record.config.generation_id, "\x01\xab\xff\x10 0123456789\n",
	       sizeof(record.config.generation_id));
	round_trip(dir, &record);
	record.config.acpi = false;
	memset(record.config.generation_id, 0, sizeof(record.config.generation_id));
	record.config.idle_states = true;
	round_trip(dir, &record);
	record.config.idle_clusters = true;
	round_trip(dir, &record);
	record.config.on_reset = RESET_POLICY_EXIT;
	record.config.on_reset2 = RESET_POLICY_RESTART;
	round_trip(dir, &record);
	record.config.suspend = SUSPEND_POLICY_ALLOW;
	round_trip(dir, &record);
	record.config.suspend = SUSPEND_POLICY_DENY;
	round_trip(dir, &record);
	record_free(&record);
	close(dir);
}

static void a_suspension_survives_a_round_trip(void **state)
{
	const int dir = record_make_dir("suspension");
	struct record record = record_example();

	record.state = VM_SUSPENDED;
	record.paused = true;
	round_trip(dir, &record);
	record.suspension = (struct suspension){
		.known = true,
		.since = 1700000000,
		.vcpu = 2,
		.entry = 0xffffffffffff,
		.context = UINT64_MAX,
	};
	round_trip(dir, &record);
	record.suspension.console = true;
	record.suspension.wake_on_net = WAKE_ON_NET_MAGIC;
	record.suspension.alarm_set = true;
	record.suspension.alarm = 1700000005;
	record.suspension.context = 0;
	for (uint16_t i = 0; i < SUSPENSION_INTERRUPTS_MAX; i++)
		record.suspension.interrupts[i] = (uint16_t)(16 + i);
	record.suspension.interrupt_count = SUSPENSION_INTERRUPTS_MAX;
	round_trip(dir, &record);
	record_free(&record);
	close(dir);
}

/* So that the dormouse that made it can still run it. */
static void a_record_of_a_machine_of_version_1_has_the_format_of_its_time(void **state)
{
	const int dir = record_make_dir("version-1");
	struct record record = record_example();
	json_t *json;

	record.config.machine_version = 1;
	round_trip(dir, &record);
	json = record_to_json(&record, RECORD_VM);
	assert_int_equal(json_integer_value(json_object_get(json, "format")), 1);
	json_decref(json);
	record_free(&record);
	close(dir);
}

static void a_cause_without_a_type_has_neither_type_nor_cookie_after_a_round_trip(void **state)
{
	const int dir = record_make_dir("no-type");
	struct record record = record_example();
	struct record loaded;

	record.cause.type_known = false;
	record_must_save(dir, &record);
	loaded = record_must_load(dir);
	record.cause.type = 0;
	record.cause.cookie = 0;
	record_assert_equal(&loaded, &record);
	record_free(&loaded);
	record.cause.vcpu = CAUSE_VCPU_NONE;
	round_trip(dir, &record);
	record_free(&record);
	close(dir);
}

static void types_and_cookies_keep_all_bits_in_a_round_trip(void **state)
{
	static const struct {
		uint32_t type;
		uint64_t cookie;
	} cases[] = {
		{ 0, 0 },
		{ 1, 1 },
		{ 0x80000000, 0x8000000000000000 },
		{ UINT32_MAX, UINT64_MAX },
		/* Not even as a double's nearest. */
		{ 0x7fffffff, (1ULL << 53) + 1 },
	};
	const int dir = record_make_dir("bits");
	struct record record = record_example();

	for (size_t i = 0; i < COUNT(cases); i++) {
		record.cause.type = cases[i].type;
		record.cause.cookie = cases[i].cookie;
		round_trip(dir, &record);
	}
	record_free(&record);
	close(dir);
}

static void numbers_at_their_limits_survive_a_round_trip(void **state)
{
	const int dir = record_make_dir("limits");
	struct record record = record_example();

	record.pid = 1;
	record.boots = 0;
	record.cause.vcpu = 0;
	record.cause.when = 0;
	record.config.cpus = 1;
	record.config.memory = CONFIG_MEMORY_MIN;
	record.config.psci_version = 0;
	record.config.machine_version = 1;
	round_trip(dir, &record);
	record.pid = INT32_MAX;
	record.boots = INT64_MAX;
	record.cause.vcpu = CONFIG_CPUS_MAX - 1;
	record.cause.when = 253402300799; /* The last second of 9999. */
	record.config.cpus = CONFIG_CPUS_MAX;
	record.config.memory = CONFIG_MEMORY_MAX;
	record.config.psci_version = UINT32_MAX;
	round_trip(dir, &record);
	record_free(&record);
	close(dir);
}

static void words_at_their_limits_survive_a_round_trip(void **state)
{
	const int dir = record_make_dir("long");
	struct record record = record_example();
	char path[4096];

	memset(record.cause.what, 'w', sizeof(record.cause.what) - 1);
	memset(record.host, 'h', sizeof(record.host) - 1);
	memset(path, 'p', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	record_set_text(&record.config.kernel, path);
	record_set_text(&record.config.append, path);
	round_trip(dir, &record);
	record.cause.what[0] = '\0';
	record.host[0] = '\0';
	record_set_text(&record.config.append, "");
	round_trip(dir, &record);
	record_free(&record);
	close(dir);
}

/* Paths and command lines are bytes: all but NUL may be in them. */
static void paths_of_any_bytes_survive_a_round_trip(void **state)
{
	static const char *const texts[] = {
		"/with \"quotes\" and \\backslashes\\ and /slashes",
		"/with\nnewlines\r\tand\vcontrol\x01\x1f\x7f characters",
		"/d\u00f6rmaus \u20ac \U0001f401 \ufffd \uffff",
		"/\\u0000 \\ud800",
		"{\"bytes\": \"2f\"}",
		/* No UTF-8: Latin-1, cut off, overlong, a surrogate, beyond Unicode. */
		"/d\xf6rmaus",
		"/\xe2\x82",
		"/\xc0\xaf",
		"/\xed\xa0\x80",
		"/\xf4\x90\x80\x80",
		"\xff",
		"/good \u00f6 and \xfe bad",
	};
	const int dir = record_make_dir("bytes");
	struct record record = record_example();

	for (size_t i = 0; i < COUNT(texts); i++) {
		record_set_text(&record.config.kernel, texts[i]);
		record_set_text(&record.config.initrd, texts[i]);
		record_set_text(&record.config.append, texts[i]);
		record_set_text(&record.config.console, texts[i]);
		record_set_text(&record.config.disks[1].path, texts[i]);
		snprintf(record.cause.what, sizeof(record.cause.what), "%s", texts[i]);
		snprintf(record.host, sizeof(record.host), "%s", texts[i]);
		round_trip(dir, &record);
	}
	record_free(&record);
	close(dir);
}

static void every_single_byte_but_nul_survives_a_round_trip(void **state)
{
	const int dir = record_make_dir("each-byte");
	struct record record = record_example();
	char text[256];

	for (unsigned int byte = 1; byte < 256; byte++)
		text[byte - 1] = (char)(unsigned char)byte;
	text[255] = '\0';
	record_set_text(&record.config.append, text);
	round_trip(dir, &record);
	record_free(&record);
	close(dir);
}

static void a_second_record_replaces_the_first(void **state)
{
	const int dir = record_make_dir("twice");
	struct record record = record_example();

	round_trip(dir, &record);
	/* It is shorter than before: nothing of the longer one may be left. */
	record_set_text(&record.config.append, "");
	record.state = VM_OFF;
	record.boots++;
	round_trip(dir, &record);
	record_free(&record);
	close(dir);
}

/* A text of @count characters, each of which takes the most room in a record. */
static char *make_text(size_t count)
{
	char *text = malloc(count + 1);

	assert_non_null(text);
	memset(text, 1, count);
	text[count] = '\0';

	return text;
}

/* Else no dormouse could read it again, nor start the machine again. */
static void a_record_that_is_too_long_to_be_read_is_not_written(void **state)
{
	const int dir = record_make_dir("too-long");
	struct record good = record_example();
	struct record long_one = record_example();
	struct record loaded;
	struct error error = { "" };

	record_must_save(dir, &good);
	free(long_one.config.append);
	long_one.config.append = make_text(60000);
	assert_int_equal(record_check_config(&long_one.config, RECORD_VM, &error), -E2BIG);
	scratch_says(&error, "the machine of " RECORD_VM " needs ",
		     "shorten --append or the paths");
	assert_int_equal(record_save(dir, RECORD_VM, &long_one, &error), -EFBIG);
	scratch_says(&error, "cannot write the record of " RECORD_VM, "File too large");
	loaded = record_must_load(dir);
	record_assert_equal(&loaded, &good);
	record_free(&loaded);
	record_free(&long_one);
	record_free(&good);
	close(dir);
}

/* This holds whatever happens to the machine later. */
static void a_machine_whose_record_fits_has_only_records_that_fit(void **state)
{
	const int dir = record_make_dir("fits");
	struct record record = record_example();
	struct record loaded;
	struct error error = { "" };
	size_t count = 60000;

	do {
		free(record.config.append);
		record.config.append = make_text(count);
		count -= 500;
	} while (record_check_config(&record.config, RECORD_VM, &error) != 0);
	assert_in_range(count, 25000, 28000);
	record.state = VM_SAVED;
	memset(record.cause.what, 1, sizeof(record.cause.what) - 1);
	memset(record.host, 1, sizeof(record.host) - 1);
	memset(record.saved_id, 'a', sizeof(record.saved_id) - 1);
	record.saved_file = make_text(PATH_MAX + NAME_MAX);
	record.parked_in = make_text(PATH_MAX + NAME_MAX);
	record.suspension.known = true;
	record.suspension.interrupt_count = SUSPENSION_INTERRUPTS_MAX;
	for (uint16_t i = 0; i < SUSPENSION_INTERRUPTS_MAX; i++)
		record.suspension.interrupts[i] = 16 + i;
	record_must_save(dir, &record);
	loaded = record_must_load(dir);
	record_assert_equal(&loaded, &record);
	record_free(&loaded);
	record_free(&record);
	close(dir);
}

static void loading_an_absent_record_fails_without_a_message(void **state)
{
	const int dir = record_make_dir("none");
	struct error error = { "" };
	struct record record;
	struct record before;

	memset(&record, 0x5a, sizeof(record));
	before = record;
	assert_int_equal(record_load(dir, RECORD_VM, &record, &error), -ENOENT);
	assert_string_equal(error.text, "");
	assert_memory_equal(&record, &before, sizeof(record));
	close(dir);
}

static void a_freed_record_is_all_zero(void **state)
{
	static const struct record zero;
	struct record record = record_example();

	record_free(&record);
	assert_memory_equal(&record, &zero, sizeof(record));
	record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_a_record_survives_a_round_trip),
		cmocka_unit_test(a_record_is_json_with_its_format_and_name),
		cmocka_unit_test(a_record_of_a_machine_of_version_1_has_the_format_of_its_time),
		cmocka_unit_test(absent_fields_are_absent_after_a_round_trip),
		cmocka_unit_test(a_kernel_or_binary_or_firmware_survives_a_round_trip),
		cmocka_unit_test(the_greatest_number_of_disks_survives_a_round_trip_in_order),
		cmocka_unit_test(every_state_trigger_server_and_policy_survives_a_round_trip),
		cmocka_unit_test(a_suspension_survives_a_round_trip),
		cmocka_unit_test(
			a_cause_without_a_type_has_neither_type_nor_cookie_after_a_round_trip),
		cmocka_unit_test(types_and_cookies_keep_all_bits_in_a_round_trip),
		cmocka_unit_test(numbers_at_their_limits_survive_a_round_trip),
		cmocka_unit_test(words_at_their_limits_survive_a_round_trip),
		cmocka_unit_test(paths_of_any_bytes_survive_a_round_trip),
		cmocka_unit_test(every_single_byte_but_nul_survives_a_round_trip),
		cmocka_unit_test(a_second_record_replaces_the_first),
		cmocka_unit_test(a_record_that_is_too_long_to_be_read_is_not_written),
		cmocka_unit_test(a_machine_whose_record_fits_has_only_records_that_fit),
		cmocka_unit_test(loading_an_absent_record_fails_without_a_message),
		cmocka_unit_test(a_freed_record_is_all_zero),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
