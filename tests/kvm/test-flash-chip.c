/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's ROM of the flash chips: it is there while they read as the array, only then. */
#include "rig.h"

#include "board/board.h"
#include "machine/devices.h"
#include "machine/environment-read.h"

#include <errno.h>
#include <linux/kvm.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define BASE BOARD_FLASH_CHIP_BASE
#define READ_IDENTIFIER 0x00900090
#define READ_ARRAY 0x00ff00ff

/* What KVM has of the second bank, by the last call. */
static struct {
	unsigned int changes;
	uint32_t flags;
	uint64_t size;
	uint64_t host;
	int err; /* With which the next change fails. */
} slot;

/* The accesses of the guest, one with each KVM_RUN; a read's value comes back in it. */
struct access {
	bool is_write;
	uint64_t offset;
	uint32_t value;
};
static struct access *accesses;
static size_t access_count;
static size_t access_next;

static int set_region(const struct kvm_userspace_memory_region *region)
{
	if (region->guest_phys_addr != BASE)
		return 0;
	slot.changes++;
	if (slot.err) {
		errno = slot.err;
		slot.err = 0;

		return -1;
	}
	/* As KVM: a slot is added or deleted, and never changed. */
	assert_int_not_equal(region->memory_size == 0, slot.size == 0);
	slot.flags = region->flags;
	slot.size = region->memory_size;
	slot.host = region->userspace_addr;

	return 0;
}

static int run(int fd)
{
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	struct kvm_run *run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(run, MAP_FAILED);
	if (access_next > 0 && access_next <= access_count && !accesses[access_next - 1].is_write)
		memcpy(&accesses[access_next - 1].value, run->mmio.data, sizeof(uint32_t));
	if (access_next < access_count) {
		const struct access *access = &accesses[access_next];

		run->exit_reason = KVM_EXIT_MMIO;
		run->mmio.phys_addr = BASE + access->offset;
		run->mmio.len = sizeof(uint32_t);
		run->mmio.is_write = access->is_write;
		memcpy(run->mmio.data, &access->value, sizeof(uint32_t));
	}
	munmap(run, size);
	if (access_next++ < access_count)
		return 0;

	return fake_kvm_run(fd);
}

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	switch (request) {
	case KVM_CREATE_VM:
		memset(&slot, 0, sizeof(slot));
		return false;
	case KVM_SET_USER_MEMORY_REGION:
		*ret = set_region(argument);
		return true;
	case KVM_RUN:
		*ret = run(fd);
		return true;
	default:
		return false;
	}
}

static void begin(struct rig *rig)
{
	memset(&slot, 0, sizeof(slot));
	access_count = 0;
	access_next = 0;
	fake_kvm_answer = answer;
	rig_create_firmware(rig, 1, NULL);
}

static void put(const struct rig *rig, uint32_t value)
{
	assert_non_null(bus_write(&rig->vm.bus, BASE, 4, value));
}

static uint32_t get(const struct rig *rig)
{
	uint64_t value;

	assert_non_null(bus_read(&rig->vm.bus, BASE, 4, &value));

	return (uint32_t)value;
}

static void the_rom_of_the_chips_is_read_only_and_there_at_first(void **state)
{
	struct rig rig;

	begin(&rig);
	assert_int_equal(slot.changes, 1);
	assert_int_equal(slot.flags, KVM_MEM_READONLY);
	assert_int_equal(slot.size, BOARD_FLASH_BANK_SIZE);
	assert_true(devices_have_rom(rig.vm.devices, BASE, 4));
	rig_destroy(&rig);
}

static void a_command_takes_the_rom_away_until_the_array_is_read_again(void **state)
{
	static struct access script[] = {
		{ true, 0, READ_IDENTIFIER }, { false, 0, 0 }, { true, 8, READ_ARRAY },
		{ true, 0, READ_IDENTIFIER }, { false, 4, 0 },
	};
	struct rig rig;

	begin(&rig);
	accesses = script;
	access_count = sizeof(script) / sizeof(script[0]);
	rig_run(&rig);
	while (*(volatile size_t *)&access_next <= access_count)
		(void)usleep(1000);
	assert_true(vm_hold(&rig.vm));
	assert_int_equal(script[1].value, 0x00890089);
	assert_int_equal(script[4].value, 0x001d001d);
	/* Attached, taken, given, taken. */
	assert_int_equal(slot.changes, 4);
	assert_int_equal(slot.size, 0);
	vm_release(&rig.vm);
	rig_destroy(&rig);
}

static void a_write_that_changes_no_mode_changes_no_rom(void **state)
{
	struct rig rig;

	begin(&rig);
	put(&rig, READ_ARRAY);
	assert_int_equal(slot.changes, 1);
	put(&rig, READ_IDENTIFIER);
	put(&rig, READ_IDENTIFIER);
	assert_int_equal(slot.changes, 2);
	rig_destroy(&rig);
}

static void a_reset_begins_with_the_array_and_its_rom(void **state)
{
	struct error error;
	struct rig rig;

	begin(&rig);
	put(&rig, READ_IDENTIFIER);
	assert_int_equal(slot.size, 0);
	/* As vm_restart() does, but without vCPUs that run. */
	vm_end(&rig.vm);
	bus_reset(&rig.vm.bus);
	assert_int_equal(vm_boot(&rig.vm, &error), 0);
	assert_int_equal(slot.size, BOARD_FLASH_BANK_SIZE);
	assert_int_equal(get(&rig), 0xffffffff);
	put(&rig, READ_IDENTIFIER);
	assert_int_equal(slot.size, 0);
	rig_destroy(&rig);
}

static void a_rom_that_kvm_does_not_change_is_tried_again(void **state)
{
	struct rig rig;

	begin(&rig);
	put(&rig, READ_IDENTIFIER);
	slot.err = ENOMEM;
	put(&rig, READ_ARRAY);
	assert_int_equal(slot.size, 0);
	assert_int_equal(get(&rig), 0xffffffff);
	put(&rig, READ_ARRAY);
	assert_int_equal(slot.size, BOARD_FLASH_BANK_SIZE);
	rig_destroy(&rig);
}

/* What is loaded need not be how a power cycle begins. */
static void a_loaded_state_has_its_rom(void **state)
{
	const int fd = memfd_create("saved", MFD_CLOEXEC);
	struct stream *stream;
	struct error error;
	struct rig rig;

	begin(&rig);
	put(&rig, READ_IDENTIFIER);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	devices_freeze(rig.vm.devices);
	assert_int_equal(devices_serialize(rig.vm.devices, stream, &error), 0);
	devices_thaw(rig.vm.devices);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	rig_destroy(&rig);

	begin(&rig);
	assert_int_equal(slot.size, BOARD_FLASH_BANK_SIZE);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	devices_quiesce(rig.vm.devices);
	devices_freeze(rig.vm.devices);
	assert_int_equal(devices_serialize(rig.vm.devices, stream, &error), 0);
	devices_thaw(rig.vm.devices);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	close(fd);
	assert_int_equal(slot.size, 0);
	assert_int_equal(get(&rig), 0x00890089);
	rig_destroy(&rig);
}

static void the_variables_are_a_line_of_the_environment(void **state)
{
	struct environment before = { 0 };
	struct environment after = { 0 };
	struct error phrase;
	struct rig rig;

	begin(&rig);
	assert_int_equal(environment_read_left_behind(&before, &rig.vm, &phrase), 0);
	assert_non_null(before.values[ENVIRONMENT_VARIABLES]);
	put(&rig, 0x00400040);
	put(&rig, 0);
	assert_int_equal(environment_read_left_behind(&after, &rig.vm, &phrase), 0);
	assert_true(environment_differs(&before, &after, ENVIRONMENT_VARIABLES, &phrase));
	environment_free(&before);
	environment_free(&after);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rom_of_the_chips_is_read_only_and_there_at_first),
		cmocka_unit_test(a_command_takes_the_rom_away_until_the_array_is_read_again),
		cmocka_unit_test(a_write_that_changes_no_mode_changes_no_rom),
		cmocka_unit_test(a_reset_begins_with_the_array_and_its_rom),
		cmocka_unit_test(a_rom_that_kvm_does_not_change_is_tried_again),
		cmocka_unit_test(a_loaded_state_has_its_rom),
		cmocka_unit_test(the_variables_are_a_line_of_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
