/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine in a file and back: state that only KVM has, and files of earlier formats. */
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/kvm.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include <cmocka.h>

#include "base/new-file.h"
#include "base/uniform.h"
#include "board/board.h"
#include "machine/devices.h"
#include "machine/vcpu.h"
#include "save/file.h"
#include "vpsci/vpsci.h"

#define FORMAT_1 "tests/fuzz/corpus/format-1.saved"

/* Of machines of version 3, with KEPT_BYTE at the end of RAM. */
#define FORMAT_2 "tests/fuzz/corpus/format-2.saved"
#define FORMAT_3 "tests/fuzz/corpus/format-3.saved"
/* As large as RAM, and hardly anything but holes. */
#define FORMAT_4 "tests/fuzz/corpus/format-4.saved.zst"
#define KEPT_BYTE 17

static void save(struct rig *rig, const char *path)
{
	rig_put_to_sleep(rig);
	rig_save(rig, path, SAVE_PACKED);
}

/* Into this machine, begun anew. Returns the result of save_file_restore(). */
static int restore(struct rig *rig, const char *path, struct error *error)
{
	struct save_file file;
	int err;

	if (save_file_open(path, &file, error) != 0)
		fail_msg("%s", error->text);
	vm_end(&rig->vm);
	err = save_file_restore(&file, &rig->vm, error);
	save_file_close(&file);

	return err;
}

static void a_saved_file_of_format_1_is_restored(void **state)
{
	struct error error = { "" };
	struct rig rig;

	rig_create_version(&rig, 1, BOARD_VERSION_3);
	if (restore(&rig, FORMAT_1, &error) != 0)
		fail_msg("%s", error.text);
	assert_true(rig.vm.vcpus[0].suspended);
	assert_int_equal(rig.vm.vcpus[0].suspend.entry, MEMORY_BASE);
	assert_int_equal(rig.vm.vcpus[0].suspend.context, 7);
	rig_destroy(&rig);
}

static void saved_files_of_later_formats_are_restored(void **state)
{
	static const char *const files[] = { FORMAT_2, FORMAT_3 };

	for (size_t i = 0; i < 2; i++) {
		struct error error = { "" };
		struct rig rig;

		rig_create_version(&rig, 1, BOARD_VERSION_3);
		if (restore(&rig, files[i], &error) != 0)
			fail_msg("%s", error.text);
		assert_true(rig.vm.vcpus[0].suspended);
		assert_int_equal(rig.vm.vcpus[0].suspend.context, 7);
		assert_int_equal(rig.vm.memory.host[RIG_MEMORY - 1], KEPT_BYTE);
		/* The binary, a jump to itself. */
		assert_memory_equal(memory_at(&rig.vm.memory, rig.vm.image.entry, 4), "\0\0\0\x14",
				    4);
		rig_destroy(&rig);
	}
}

/* Of a small file, into one that has holes where it has zeros. */
static void decompress(const char *from, const char *to)
{
	static uint8_t in[65536];
	static uint8_t bytes[65536];
	FILE *const file = fopen(from, "rb");
	FILE *const copy = fopen(to, "wb");
	ZSTD_DCtx *const context = ZSTD_createDCtx();
	ZSTD_inBuffer input = { .src = in };
	size_t left;

	assert_true(file && copy && context);
	input.size = fread(in, 1, sizeof(in), file);
	assert_true(feof(file));
	do {
		ZSTD_outBuffer output = { .dst = bytes, .size = sizeof(bytes) };

		left = ZSTD_decompressStream(context, &output, &input);
		assert_false(ZSTD_isError(left));
		if (output.pos > 0 && uniform(bytes, output.pos, 0))
			assert_int_equal(fseek(copy, (long)output.pos, SEEK_CUR), 0);
		else
			assert_int_equal(fwrite(bytes, 1, output.pos, copy), output.pos);
	} while (left > 0);
	ZSTD_freeDCtx(context);
	assert_int_equal(fclose(copy), 0);
	fclose(file);
}

static void a_saved_file_with_holes_is_restored(void **state)
{
	struct error error = { "" };
	char path[PATH_MAX];
	struct rig rig;

	rig_create_version(&rig, 1, BOARD_VERSION_3);
	snprintf(path, PATH_MAX, "%s/format-4", rig.dir);
	decompress(FORMAT_4, path);
	if (restore(&rig, path, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(rig.vm.vcpus[0].suspend.context, 7);
	assert_int_equal(rig.vm.memory.host[RIG_MEMORY - 1], KEPT_BYTE);
	unlink(path);
	rig_destroy(&rig);
}

/* --- again in one file --- */

static void withdraw(struct rig *rig)
{
	const int folder = open(rig->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(new_file_withdraw(folder, "saved"), 0);
	close(folder);
}

/* Its record and state vary, so that a later one is shorter. */
static void a_machine_is_saved_again_in_its_file(void **state)
{
	char path[PATH_MAX];
	struct rig rig;

	rig_create(&rig, 2);
	rig_put_to_sleep(&rig);
	snprintf(path, PATH_MAX, "%s/saved", rig.dir);
	for (unsigned int times = 0; times < 6; times++) {
		uint8_t *const byte = &rig.vm.memory.host[RIG_MEMORY / 2];
		struct error error = { "" };
		struct stat status;

		*byte = (uint8_t)times;
		rig.vm.vcpus[0].suspend.context = times;
		free(rig.record.config.append);
		rig.record.config.append = calloc(1, 2048);
		memset(rig.record.config.append, 'a', times % 2 ? 0 : 2000);
		rig_save(&rig, path, SAVE_PLACED);
		memset(rig.vm.memory.host, 0, RIG_MEMORY);
		if (restore(&rig, path, &error) != 0)
			fail_msg("%s", error.text);
		assert_int_equal(*byte, times);
		assert_int_equal(restored_memory_finish(&rig.vm, &error), 0);
		assert_int_equal(stat(path, &status), 0);
		assert_true((uint64_t)status.st_size > RIG_MEMORY);
		withdraw(&rig);
	}
	snprintf(path, PATH_MAX, "%s/saved.part", rig.dir);
	assert_int_equal(unlink(path), 0);
	rig_destroy(&rig);
}

/* What is there is of no use, but the file is written well: of each, on a line, why. */
static void a_file_that_was_no_former_one_is_written_anew(void **state)
{
	enum { EMPTY, CUT, DAMAGED, PACKED, CASES };

	for (int what = 0; what < CASES; what++) {
		struct error error = { "" };
		char path[PATH_MAX];
		char part[PATH_MAX + 8];
		struct rig rig;

		rig_create(&rig, 1);
		rig_put_to_sleep(&rig);
		snprintf(path, PATH_MAX, "%s/saved", rig.dir);
		snprintf(part, sizeof(part), "%s.part", path);
		rig.vm.memory.host[RIG_MEMORY / 2] = 1;
		rig_save(&rig, path, what == PACKED ? SAVE_PACKED : SAVE_PLACED);
		withdraw(&rig);
		if (what == EMPTY)
			assert_int_equal(truncate(part, 0), 0);
		if (what == CUT)
			assert_int_equal(truncate(part, (off_t)RIG_MEMORY + 65536 + 50), 0);
		if (what == DAMAGED) {
			const int fd = open(part, O_WRONLY | O_CLOEXEC);

			assert_int_equal(pwrite(fd, "damage", 6, (off_t)RIG_MEMORY + 65536 + 50),
					 6);
			close(fd);
		}
		rig.vm.memory.host[RIG_MEMORY / 2] = 0;
		rig.vm.memory.host[RIG_MEMORY / 4] = 2;
		rig_save(&rig, path, SAVE_PLACED);
		memset(rig.vm.memory.host, 0, RIG_MEMORY);
		if (restore(&rig, path, &error) != 0)
			fail_msg("%s", error.text);
		assert_int_equal(restored_memory_finish(&rig.vm, &error), 0);
		assert_int_equal(rig.vm.memory.host[RIG_MEMORY / 2], 0);
		assert_int_equal(rig.vm.memory.host[RIG_MEMORY / 4], 2);
		unlink(path);
		rig_destroy(&rig);
	}
}

/* --- copies --- */

/* As a file system whose files share storage. */
static bool share(int fd, unsigned long request, void *argument, int *ret)
{
	static uint8_t bytes[65536];
	const int from = (int)(intptr_t)argument;
	ssize_t count;

	if (request != FICLONE)
		return false;
	for (off_t at = 0; (count = pread(from, bytes, sizeof(bytes), at)) > 0; at += count)
		if (!uniform(bytes, (size_t)count, 0))
			assert_int_equal(pwrite(fd, bytes, (size_t)count, at), count);
	*ret = 0;

	return true;
}

static void copy(struct rig *rig, const char *from, const char *to)
{
	struct error error = { "" };
	struct save_file file;
	struct new_file made;

	assert_int_equal(save_file_open(from, &file, &error), 0);
	if (save_file_copy(&file, to, "copy", &rig->record, &made, &error) != 0)
		fail_msg("%s", error.text);
	save_file_close(&file);
	assert_int_equal(new_file_publish(&made, &error), 0);
}

static void a_copy_is_restored(enum save_form form, bool shares)
{
	struct error error = { "" };
	struct stat status;
	char from[PATH_MAX];
	char to[PATH_MAX];
	struct rig rig;

	rig_create(&rig, 1);
	fake_kvm_answer = shares ? share : NULL;
	rig_put_to_sleep(&rig);
	snprintf(from, PATH_MAX, "%s/saved", rig.dir);
	snprintf(to, PATH_MAX, "%s/copy", rig.dir);
	rig.vm.memory.host[RIG_MEMORY / 2] = KEPT_BYTE;
	rig_save(&rig, from, form);
	copy(&rig, from, to);
	unlink(from);
	assert_int_equal(stat(to, &status), 0);
	assert_int_equal((uint64_t)status.st_size > RIG_MEMORY, shares && form == SAVE_PLACED);
	memset(rig.vm.memory.host, 0, RIG_MEMORY);
	if (restore(&rig, to, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(restored_memory_finish(&rig.vm, &error), 0);
	assert_int_equal(rig.vm.memory.host[RIG_MEMORY / 2], KEPT_BYTE);
	unlink(to);
	rig_destroy(&rig);
	fake_kvm_answer = NULL;
}

static void copies_of_saved_files_are_restored(void **state)
{
	for (int shares = 0; shares < 2; shares++) {
		a_copy_is_restored(SAVE_PACKED, shares);
		a_copy_is_restored(SAVE_PLACED, shares);
		a_copy_is_restored(SAVE_COMPRESSED, shares);
	}
}

/* --- state that only KVM has --- */

/** What the KVM here has, and what was written to it. */
static struct {
	struct kvm_vcpu_events events;
	unsigned int events_set;
	unsigned int priority_bits;
	uint64_t active[2][4]; /* ICC_AP0Rn_EL1 and ICC_AP1Rn_EL1. */
} host;

/* Which of host.active a register is, or NULL. */
static uint64_t *find_active(uint64_t attribute)
{
	const uint64_t crm =
		(attribute & KVM_REG_ARM64_SYSREG_CRM_MASK) >> KVM_REG_ARM64_SYSREG_CRM_SHIFT;
	const uint64_t op2 = attribute & KVM_REG_ARM64_SYSREG_OP2_MASK;

	if (crm == 8 && op2 >= 4)
		return &host.active[0][op2 - 4];

	return crm == 9 && op2 < 4 ? &host.active[1][op2] : NULL;
}

/* Like KVM: one that the host does not have is an invalid argument. */
static int access_active(uint64_t *active, bool set, uint64_t *value)
{
	const size_t number = (size_t)(active - host.active[0]) % 4;

	if (number >= (host.priority_bits == 7 ? 4U : host.priority_bits - 4)) {
		errno = EINVAL;

		return -1;
	}
	if (set)
		*active = *value;
	else
		*value = *active;

	return 0;
}

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	const struct kvm_device_attr *attr = argument;
	const bool set = request == KVM_SET_DEVICE_ATTR;
	uint64_t *value;

	*ret = 0;
	if (request == KVM_GET_VCPU_EVENTS) {
		memcpy(argument, &host.events, sizeof(host.events));

		return true;
	}
	if (request == KVM_SET_VCPU_EVENTS) {
		memcpy(&host.events, argument, sizeof(host.events));
		host.events_set++;

		return true;
	}
	if ((!set && request != KVM_GET_DEVICE_ATTR) ||
	    attr->group != KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS)
		return false;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): KVM's interface passes it as a number. */
	value = (uint64_t *)(uintptr_t)attr->addr;
	if (find_active(attr->attr))
		*ret = access_active(find_active(attr->attr), set, value);
	else if (!set)
		*value = (host.priority_bits - 1ULL) << 8;

	return true;
}

static void begin_test(struct rig *rig, unsigned int priority_bits, char path[PATH_MAX])
{
	memset(&host, 0, sizeof(host));
	host.priority_bits = priority_bits;
	rig_create(rig, 1);
	fake_kvm_answer = answer;
	snprintf(path, PATH_MAX, "%s/saved", rig->dir);
}

static void a_pending_serror_is_pending_after_a_restore(void **state)
{
	for (int has_esr = 0; has_esr < 2; has_esr++) {
		struct error error = { "" };
		char path[PATH_MAX];
		struct rig rig;

		begin_test(&rig, 5, path);
		host.events.exception.serror_pending = 1;
		host.events.exception.serror_has_esr = (uint8_t)has_esr;
		host.events.exception.serror_esr = has_esr ? 0x1234 : 0;
		save(&rig, path);
		memset(&host.events, 0, sizeof(host.events));
		assert_int_equal(restore(&rig, path, &error), 0);
		assert_int_equal(host.events_set, 1);
		assert_int_equal(host.events.exception.serror_pending, 1);
		assert_int_equal(host.events.exception.serror_has_esr, has_esr);
		assert_int_equal(host.events.exception.serror_esr, has_esr ? 0x1234 : 0);
		unlink(path);
		rig_destroy(&rig);
	}
}

static void a_restore_without_a_pending_serror_sets_no_kvm_events(void **state)
{
	struct error error = { "" };
	char path[PATH_MAX];
	struct rig rig;

	begin_test(&rig, 5, path);
	save(&rig, path);
	assert_int_equal(restore(&rig, path, &error), 0);
	assert_int_equal(host.events_set, 0);
	unlink(path);
	rig_destroy(&rig);
}

static void all_active_interrupt_priorities_are_restored(void **state)
{
	for (unsigned int bits = 5; bits <= 7; bits++) {
		const unsigned int count = bits == 7 ? 4 : bits - 4;
		uint64_t active[2][4] = { { 0 } };
		struct error error = { "" };
		char path[PATH_MAX];
		struct rig rig;

		begin_test(&rig, bits, path);
		for (unsigned int i = 0; i < 2 * count; i++)
			active[i % 2][i / 2] = 0x80 + i;
		memcpy(host.active, active, sizeof(active));
		save(&rig, path);
		memset(host.active, 0, sizeof(host.active));
		assert_int_equal(restore(&rig, path, &error), 0);
		assert_memory_equal(host.active, active, sizeof(active));
		unlink(path);
		rig_destroy(&rig);
	}
}

static void a_restore_of_an_active_priority_that_the_host_lacks_is_refused(void **state)
{
	for (int active = 0; active < 2; active++) {
		struct error error = { "" };
		char path[PATH_MAX];
		struct rig rig;

		begin_test(&rig, 7, path);
		host.active[1][2] = (uint64_t)active;
		save(&rig, path);
		host.priority_bits = 5;
		assert_int_equal(restore(&rig, path, &error), active ? -EINVAL : 0);
		if (active)
			assert_non_null(
				strstr(error.text, "cannot restore the GIC's ICC_AP1R2_EL1: "));
		unlink(path);
		rig_destroy(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_saved_file_of_format_1_is_restored),
		cmocka_unit_test(saved_files_of_later_formats_are_restored),
		cmocka_unit_test(a_saved_file_with_holes_is_restored),
		cmocka_unit_test(a_machine_is_saved_again_in_its_file),
		cmocka_unit_test(a_file_that_was_no_former_one_is_written_anew),
		cmocka_unit_test(copies_of_saved_files_are_restored),
		cmocka_unit_test(a_pending_serror_is_pending_after_a_restore),
		cmocka_unit_test(a_restore_without_a_pending_serror_sets_no_kvm_events),
		cmocka_unit_test(all_active_interrupt_priorities_are_restored),
		cmocka_unit_test(a_restore_of_an_active_priority_that_the_host_lacks_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
