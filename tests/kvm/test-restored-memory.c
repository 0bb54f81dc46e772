/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine whose RAM is fetched from the file that it was saved in: by userfaultfd,
 * where this user may, by a mapping, or read as a whole; and what follows if it cannot
 * be had.
 */
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kvm.h>
#include <linux/userfaultfd.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/memory-error.h"
#include "machine/devices.h"
#include "machine/vcpu.h"
#include "save/file-header.h"
#include "save/file.h"

#define MIB (1ULL << 20)

/* Of RAM, by the guest: whole pieces, parts of some, and some bytes of zero. */
#define PATTERN_AT (16 * MIB)
#define PATTERN_SIZE (MIB + 5000)

enum way { BY_USERFAULTFD, BY_MAPPING, BY_READING, WAYS };

static enum way way;
static bool kvm_run_fails;

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	*ret = -1;
	errno = kvm_run_fails ? EFAULT : EPERM;

	return (request == UFFDIO_API && way == BY_MAPPING) ||
	       (request == KVM_RUN && kvm_run_fails);
}

static uint8_t pattern(uint64_t at)
{
	return at / 200000 % 2 ? 0 : (uint8_t)(at % 253 + 1);
}

static void fill(const struct vm *vm)
{
	for (uint64_t at = 0; at < PATTERN_SIZE; at++)
		vm->memory.host[PATTERN_AT + at] = pattern(at);
	vm->memory.host[vm->memory.size - 1] = 17;
}

static void check(const struct vm *vm)
{
	for (uint64_t at = 0; at < PATTERN_SIZE; at++)
		assert_int_equal(vm->memory.host[PATTERN_AT + at], pattern(at));
	assert_int_equal(vm->memory.host[vm->memory.size - 1], 17);
	assert_int_equal(vm->memory.host[vm->memory.size / 4 * 3], 0);
}

static void save(struct rig *rig, const char *path)
{
	struct save_draft draft;
	struct error error = { "" };

	devices_freeze(rig->vm.devices);
	assert_int_equal(restored_memory_finish(&rig->vm, &error), 0);
	if (save_file_write(path, &rig->vm, &rig->record, SAVE_PACKED, &draft, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(save_file_publish(&draft, &error), 0);
	devices_thaw(rig->vm.devices);
}

/* Into the same VM, begun anew, whose RAM is empty. */
static int restore(struct rig *rig, const char *path, struct error *error)
{
	struct save_file file;
	int err;

	vm_end(&rig->vm);
	assert_int_equal(restored_memory_drop(&rig->vm), 0);
	assert_int_equal(rig->vm.memory.host[PATTERN_AT], 0);
	if (save_file_open(path, &file, error) != 0)
		fail_msg("%s", error->text);
	file.verify = way == BY_READING;
	file.no_prefetch = true;
	err = save_file_restore(&file, &rig->vm, error);
	save_file_close(&file);

	return err;
}

static void begin_test(struct rig *rig, enum way wanted, char path[PATH_MAX])
{
	struct error error;

	way = wanted;
	kvm_run_fails = false;
	rig_create(rig, 1);
	fake_kvm_answer = answer;
	/* Here, since cmocka handles SIGBUS in each test. */
	assert_int_equal(memory_error_setup(&error), 0);
	snprintf(path, PATH_MAX, "%s/saved", rig->dir);
	rig_put_to_sleep(rig);
	fill(&rig->vm);
	save(rig, path);
}

static void restore_well(struct rig *rig, const char *path)
{
	struct error error = { "" };

	if (restore(rig, path, &error) != 0)
		fail_msg("%s", error.text);
}

static void end_test(struct rig *rig, const char *path)
{
	unlink(path);
	rig_destroy(rig);
}

/* Change the byte of RAM with which the pattern begins. */
static void damage(const char *path)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t bytes[64];
	off_t at = (off_t)FILE_HEADER_MEMORY;

	assert_true(fd >= 0);
	/* It is in the file unchanged. */
	for (; pread(fd, bytes, sizeof(bytes), at) == sizeof(bytes); at += 4096) {
		bool found = true;

		for (size_t i = 0; i < sizeof(bytes); i++)
			found = found && bytes[i] == pattern(i);
		if (found)
			break;
	}
	assert_int_equal(pwrite(fd, "\377", 1, at), 1);
	close(fd);
}

static const char *cause_of(const struct rig *rig)
{
	return rig->vm.cause.what;
}

static void await_crash(const struct rig *rig)
{
	while (!atomic_load(&rig->vm.stopping))
		usleep(1000);
}

static void ram_is_as_it_was_saved(void **state)
{
	for (enum way each = 0; each < WAYS; each++) {
		enum memory_source_way found;
		char path[PATH_MAX];
		struct rig rig;

		begin_test(&rig, each, path);
		restore_well(&rig, path);
		assert_int_equal(restored_memory_needs_file(&rig.vm, &found), each != BY_READING);
		if (each == BY_MAPPING)
			assert_int_equal(found, MEMORY_SOURCE_MAPPING);
		check(&rig.vm);
		assert_false(atomic_load(&rig.vm.stopping));
		end_test(&rig, path);
	}
}

static void a_file_has_only_what_is_not_zero(void **state)
{
	char path[PATH_MAX];
	struct stat status;
	struct rig rig;

	begin_test(&rig, BY_READING, path);
	/* The pattern, of which one piece in three is zero, and few others. */
	assert_int_equal(stat(path, &status), 0);
	assert_in_range(status.st_size, FILE_HEADER_MEMORY, 2 * MIB);
	end_test(&rig, path);
}

static void a_restored_machine_is_saved_as_a_whole(void **state)
{
	for (enum way each = 0; each < WAYS; each++) {
		char path[PATH_MAX];
		char again[PATH_MAX];
		struct rig rig;

		begin_test(&rig, each, path);
		restore_well(&rig, path);
		snprintf(again, sizeof(again), "%s/again", rig.dir);
		save(&rig, again);
		unlink(path);
		restore_well(&rig, again);
		check(&rig.vm);
		end_test(&rig, again);
	}
}

static void a_damaged_piece_is_refused_if_all_is_verified_first(void **state)
{
	struct error error = { "" };
	char expected[PATH_MAX + 32];
	char path[PATH_MAX];
	struct rig rig;

	begin_test(&rig, BY_READING, path);
	damage(path);
	assert_int_equal(restore(&rig, path, &error), -EBADMSG);
	snprintf(expected, sizeof(expected), "%s is damaged", path);
	assert_string_equal(error.text, expected);
	end_test(&rig, path);
}

static void a_damaged_piece_ends_the_machine_as_crashed(void **state)
{
	for (enum way each = 0; each < BY_READING; each++) {
		char expected[PATH_MAX + 64];
		char path[PATH_MAX];
		struct rig rig;

		begin_test(&rig, each, path);
		damage(path);
		restore_well(&rig, path);
		/* By userfaultfd, what is not accessed is not read. */
		if (each == BY_USERFAULTFD)
			(void)*(volatile uint8_t *)(rig.vm.memory.host + PATTERN_AT);
		restored_memory_start(&rig.vm);
		await_crash(&rig);
		snprintf(expected, sizeof(expected),
			 "the file that it was restored from is damaged: %s", path);
		assert_string_equal(cause_of(&rig), expected);
		end_test(&rig, path);
	}
}

static void a_file_that_becomes_shorter_ends_the_machine_as_crashed(void **state)
{
	for (enum way each = 0; each < BY_READING; each++) {
		struct error error = { "" };
		char path[PATH_MAX];
		struct rig rig;

		begin_test(&rig, each, path);
		restore_well(&rig, path);
		assert_int_equal(restored_memory_check(&rig.vm, &error), 0);
		assert_int_equal(truncate(path, FILE_HEADER_MEMORY), 0);
		assert_int_equal(*(volatile uint8_t *)(rig.vm.memory.host + PATTERN_AT), 0);
		/* Before its guest runs, it is not restored. */
		assert_int_equal(restored_memory_check(&rig.vm, &error), -EIO);
		assert_non_null(strstr(error.text, "has become shorter"));
		assert_non_null(strstr(error.text, path));
		/* While it runs, the main thread stops it. */
		assert_false(restored_memory_serve(&rig.vm));
		assert_true(atomic_load(&rig.vm.stopping));
		assert_non_null(strstr(cause_of(&rig), "has become shorter"));
		end_test(&rig, path);
	}
}

static void a_page_that_kvm_cannot_have_ends_the_machine_as_crashed(void **state)
{
	char path[PATH_MAX];
	struct cause cause;
	struct error error;
	struct rig rig;

	begin_test(&rig, BY_MAPPING, path);
	restore_well(&rig, path);
	kvm_run_fails = true;
	assert_int_equal(vm_run(&rig.vm, &error), 0);
	await_crash(&rig);
	cause = vm_wait(&rig.vm);
	assert_int_equal(cause.trigger, VM_TRIGGER_CRASH);
	assert_non_null(strstr(cause.what, "the file that it was restored from has become shorter "
					   "or cannot be read: "));
	end_test(&rig, path);
}

/* As a clone has. Returns the result. */
static int copy(const char *from, const char *to, struct error *error)
{
	struct save_file file;
	struct new_file made;
	int err;

	assert_int_equal(save_file_open(from, &file, error), 0);
	err = save_file_copy(&file, to, "copy", &file.record, &made, error);
	if (!err)
		assert_int_equal(new_file_publish(&made, error), 0);
	save_file_close(&file);

	return err;
}

static void a_copy_of_a_file_has_the_same_ram(void **state)
{
	char again[PATH_MAX];
	char path[PATH_MAX];
	struct error error;
	struct rig rig;

	begin_test(&rig, BY_READING, path);
	snprintf(again, sizeof(again), "%s/copy", rig.dir);
	assert_int_equal(copy(path, again, &error), 0);
	unlink(path);
	restore_well(&rig, again);
	check(&rig.vm);
	end_test(&rig, again);
}

static void a_damaged_file_is_not_copied(void **state)
{
	char expected[3 * PATH_MAX + 64];
	char again[PATH_MAX];
	char path[PATH_MAX];
	struct error error;
	struct rig rig;

	begin_test(&rig, BY_READING, path);
	snprintf(again, sizeof(again), "%s/copy", rig.dir);
	damage(path);
	assert_int_equal(copy(path, again, &error), -EBADMSG);
	snprintf(expected, sizeof(expected), "cannot copy %s to %s: %s is damaged", path, again,
		 path);
	assert_string_equal(error.text, expected);
	assert_int_equal(access(again, F_OK), -1);
	end_test(&rig, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ram_is_as_it_was_saved),
		cmocka_unit_test(a_file_has_only_what_is_not_zero),
		cmocka_unit_test(a_restored_machine_is_saved_as_a_whole),
		cmocka_unit_test(a_damaged_piece_is_refused_if_all_is_verified_first),
		cmocka_unit_test(a_damaged_piece_ends_the_machine_as_crashed),
		cmocka_unit_test(a_file_that_becomes_shorter_ends_the_machine_as_crashed),
		cmocka_unit_test(a_copy_of_a_file_has_the_same_ram),
		cmocka_unit_test(a_damaged_file_is_not_copied),
		cmocka_unit_test(a_page_that_kvm_cannot_have_ends_the_machine_as_crashed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
