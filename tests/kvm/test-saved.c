/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine in a file and back: state that only KVM has, and files of earlier formats. */
#include "rig.h"

#include <errno.h>
#include <limits.h>
#include <linux/kvm.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "board/board.h"
#include "machine/devices.h"
#include "machine/vcpu.h"
#include "save/file.h"
#include "vpsci/vpsci.h"

#define FORMAT_1 "tests/fuzz/corpus/format-1.saved"

/* Of machines of version 3, with KEPT_BYTE at the end of RAM. */
#define FORMAT_2 "tests/fuzz/corpus/format-2.saved"
#define FORMAT_3 "tests/fuzz/corpus/format-3.saved"
#define KEPT_BYTE 17

static void save(struct rig *rig, const char *path)
{
	struct save_draft draft;
	struct error error = { "" };

	rig_put_to_sleep(rig);
	devices_freeze(rig->vm.devices);
	if (save_file_write(path, &rig->vm, &rig->record, false, &draft, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(save_file_publish(&draft, &error), 0);
	devices_thaw(rig->vm.devices);
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
		cmocka_unit_test(a_pending_serror_is_pending_after_a_restore),
		cmocka_unit_test(a_restore_without_a_pending_serror_sets_no_kvm_events),
		cmocka_unit_test(all_active_interrupt_priorities_are_restored),
		cmocka_unit_test(a_restore_of_an_active_priority_that_the_host_lacks_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
