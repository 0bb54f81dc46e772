/* SPDX-License-Identifier: BSD-3-Clause */
/* All devices of a machine together: which there are, and that the loops reach each. */
#include "machine/devices.h"

#include <errno.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_console.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "board/board.h"
#include "devices/cfi-flash.h"
#include "support/board.h"
#include "support/scratch.h"

#define SLOT(n) (BOARD_VIRTIO_BASE + (n)*BOARD_VIRTIO_SIZE)

/* A machine of two disks and a firmware. */
static void create(struct board *board)
{
	const struct config config = {
		.machine_version = BOARD_VERSION_NEWEST,
		.firmware = scratch_write("firmware", "\1\2\3\4", 4),
		.disk_count = 2,
	};

	board_create(board, &config);
}

static size_t count_of(const struct devices *devices, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < devices->count; i++)
		count += strcmp(devices->all[i].ops->name, name) == 0;

	return count;
}

static void a_machine_has_the_devices_of_its_configuration(void **state)
{
	static struct board board;
	const struct config bare = { .machine_version = BOARD_VERSION_1 };

	board_create(&board, &bare);
	assert_int_equal(board.devices.count, 3);
	assert_null(devices_fw_cfg(&board.devices));
	assert_int_equal(count_of(&board.devices, "pl011"), 1);
	assert_int_equal(count_of(&board.devices, "pl031"), 1);
	assert_int_equal(count_of(&board.devices, "virtio-rng"), 1);
	board_destroy(&board);

	create(&board);
	assert_int_equal(board.devices.count, 11);
	assert_int_equal(count_of(&board.devices, "virtio-console"), 1);
	assert_int_equal(count_of(&board.devices, "pvpanic"), 1);
	assert_int_equal(count_of(&board.devices, "acpi-ged"), 1);
	assert_int_equal(count_of(&board.devices, "fw_cfg"), 1);
	assert_non_null(devices_fw_cfg(&board.devices));
	assert_int_equal(count_of(&board.devices, "flash"), 1);
	assert_int_equal(count_of(&board.devices, "cfi-flash"), 1);
	assert_int_equal(count_of(&board.devices, "virtio-blk"), 2);
	board_destroy(&board);
}

static void a_device_exists_from_its_machine_version_on(void **state)
{
	const struct device_ops later = { .name = "later", .since = 3 };
	const struct device_ops ever = { .name = "ever" };
	struct config config = { .machine_version = 2 };

	assert_int_equal(devices_count(&later, &config), 0);
	assert_int_equal(devices_count(&ever, &config), 1);
	config.machine_version = 3;
	assert_int_equal(devices_count(&later, &config), 1);
}

/* Each answers on the bus at its address. */
static void each_device_answers_at_its_address(void **state)
{
	static const uint64_t bases[] = {
		BOARD_FLASH_BASE,
		BOARD_FLASH_CHIP_BASE,
		BOARD_UART_BASE,
		BOARD_RTC_BASE,
		BOARD_FW_CFG_BASE,
		BOARD_GED_BASE,
		BOARD_PVPANIC_BASE,
		SLOT(0),
		SLOT(1),
		SLOT(30),
		SLOT(31),
	};
	static struct board board;

	create(&board);
	assert_int_equal(board.bus.count, sizeof(bases) / sizeof(bases[0]));
	for (size_t i = 0; i < board.bus.count; i++) {
		const struct bus_window *window = &board.bus.windows[i];
		bool found = false;

		assert_int_equal(window->base, bases[i]);
		for (size_t j = 0; j < board.devices.count; j++)
			found |= board.devices.all[j].self == window->self &&
				 board.devices.all[j].base == window->base;
		assert_true(found);
	}
	board_destroy(&board);
}

static void addresses_of_rom_are_distinguished_from_others(void **state)
{
	const uint64_t size = BOARD_FLASH_BANK_SIZE;
	const struct config bare = { .machine_version = BOARD_VERSION_NEWEST };
	static struct board board;

	board_create(&board, &bare);
	assert_false(devices_have_rom(&board.devices, 0, 4));
	board_destroy(&board);

	create(&board);
	assert_true(devices_have_rom(&board.devices, 0, 4));
	assert_true(devices_have_rom(&board.devices, size - 4, 4));
	assert_true(devices_have_rom(&board.devices, 0, size));
	assert_false(devices_have_rom(&board.devices, size - 3, 4));
	assert_true(devices_have_rom(&board.devices, size, 4));
	assert_false(devices_have_rom(&board.devices, 2 * size, 4));
	assert_false(devices_have_rom(&board.devices, UINT64_MAX, 4));
	assert_false(devices_have_rom(&board.devices, 0, UINT64_MAX));
	assert_false(devices_have_rom(&board.devices, 0, 0));
	assert_false(devices_have_rom(&board.devices, BOARD_UART_BASE, 4));
	board_destroy(&board);
}

static void disks_are_listed_in_their_order(void **state)
{
	static struct board board;

	create(&board);
	assert_string_equal(devices_disk(&board.devices, 0)->path, board.config.disks[0].path);
	assert_string_equal(devices_disk(&board.devices, 1)->path, board.config.disks[1].path);
	assert_null(devices_disk(&board.devices, 2));
	board_destroy(&board);
}

/* --- the loops, with devices that count --- */

/** What was done with a device. */
struct probe {
	unsigned int quiesced, unquiesced, drained, frozen, thawed, flushed;
	int err;
	int64_t alarm; /**< -1: none. */
	bool raised;
};

static void quiesce(void *self)
{
	((struct probe *)self)->quiesced++;
}

static void unquiesce(void *self)
{
	((struct probe *)self)->unquiesced++;
}

static int drain(void *self, struct error *error)
{
	struct probe *probe = self;

	/* All are quiesced before the first is waited for. */
	assert_int_equal(probe[0].quiesced, 1);
	probe->drained++;

	return probe->err ? error_set(error, probe->err, "failed with %d", probe->err) : 0;
}

static void freeze(void *self)
{
	((struct probe *)self)->frozen++;
}

static void thaw(void *self)
{
	((struct probe *)self)->thawed++;
}

static int flush(void *self, struct error *error)
{
	struct probe *probe = self;

	probe->flushed++;

	return probe->err ? error_set(error, probe->err, "failed with %d", probe->err) : 0;
}

static bool is_raised(void *self)
{
	return ((struct probe *)self)->raised;
}

static bool next_alarm(void *self, int64_t *seconds)
{
	const struct probe *probe = self;

	if (probe->alarm < 0)
		return false;
	*seconds = probe->alarm;

	return true;
}

#define PROBE_OPS                                                                     \
	.quiesce = quiesce, .unquiesce = unquiesce, .drain = drain, .freeze = freeze, \
	.thaw = thaw, .flush = flush, .is_raised = is_raised, .next_alarm = next_alarm

static const struct device_ops first_ops = { .name = "first", .wakes = "the first", PROBE_OPS };
static const struct device_ops second_ops = { .name = "second", .wakes = "the second", PROBE_OPS };

/* One without functions, between two that have them. */
static const struct device_ops idle_ops = { .name = "idle" };

static struct devices *devices_of(struct probe probes[2])
{
	static struct devices devices;

	devices = (struct devices){
		.all = { { .ops = &first_ops, .self = &probes[0] },
			 { .ops = &idle_ops },
			 { .ops = &second_ops, .self = &probes[1] } },
		.count = 3,
	};

	return &devices;
}

static void each_device_comes_to_rest_when_quiesced(void **state)
{
	struct probe probes[2] = { { 0 }, { 0 } };
	struct devices *devices = devices_of(probes);
	struct error error;

	devices_freeze(devices);
	devices_thaw(devices);
	assert_int_equal(devices_flush(devices, &error), 0);
	assert_int_equal(devices_drain(devices, &error), 0);
	devices_unquiesce(devices);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(probes[i].frozen, 1);
		assert_int_equal(probes[i].thawed, 1);
		assert_int_equal(probes[i].flushed, 1);
		assert_int_equal(probes[i].quiesced, 1);
		assert_int_equal(probes[i].drained, 1);
		assert_int_equal(probes[i].unquiesced, 1);
	}
}

static void the_first_failure_of_a_device_is_reported_and_the_others_are_reached(void **state)
{
	struct probe probes[2] = { { .err = -EIO }, { .err = -ENOSPC } };
	struct devices *devices = devices_of(probes);
	struct error error;

	assert_int_equal(devices_flush(devices, &error), -EIO);
	assert_string_equal(error.text, "failed with -5");
	assert_int_equal(devices_drain(devices, &error), -EIO);
	assert_int_equal(probes[1].flushed, 1);
	assert_int_equal(probes[1].drained, 1);
	probes[0] = (struct probe){ 0 };
	assert_int_equal(devices_flush(devices, &error), -ENOSPC);
	assert_string_equal(error.text, "failed with -28");
}

static void the_next_alarm_is_the_earliest_of_all_devices(void **state)
{
	struct probe probes[2] = { { .alarm = -1 }, { .alarm = -1 } };
	struct devices *devices = devices_of(probes);
	int64_t alarm = 0;

	assert_false(devices_next_alarm(devices, &alarm));
	probes[1].alarm = 7;
	assert_true(devices_next_alarm(devices, &alarm));
	assert_int_equal(alarm, 7);
	probes[0].alarm = 9;
	assert_true(devices_next_alarm(devices, &alarm));
	assert_int_equal(alarm, 7);
	probes[0].alarm = 5;
	assert_true(devices_next_alarm(devices, &alarm));
	assert_int_equal(alarm, 5);
}

static void a_device_whose_line_is_high_is_named_as_waking_the_guest(void **state)
{
	struct probe probes[2] = { { 0 }, { 0 } };
	struct devices *devices = devices_of(probes);

	assert_null(devices_wake_source(devices));
	probes[0].raised = true;
	assert_string_equal(devices_wake_source(devices), "the first");
	probes[1].raised = true;
	assert_string_equal(devices_wake_source(devices), "the second");
}

/* --- in a stream, and in the main loop --- */

/* Sizes in a stream: of the UART, the clock, virtio-rng, a disk, the flash chips, fw_cfg
 * and virtio-console. */
#define UART_SIZE 42
#define UART_IBRD 26 /* Where it is. */
#define CLOCK_SIZE 23
#define RNG_SIZE 64
#define DISK_SIZE (sizeof(struct virtio_blk_config) + 172)
#define CHIPS_SIZE (21 + CFI_FLASH_BUFFER_SIZE + CFI_FLASH_BLOCKS)
#define FW_CFG_SIZE 22
#define GED_SIZE 4 /* The events that wait. */
#define CONSOLE_SIZE (sizeof(struct virtio_console_config) + 244 + 26)

/* The order is the format of saved files. */
static void devices_are_saved_in_the_order_of_older_files(void **state)
{
	static uint8_t bytes[4096];
	static struct board board;
	const int fd = memfd_create("state", MFD_CLOEXEC);
	struct stream *stream;
	struct error error;
	size_t count = 0;

	create(&board);
	assert_non_null(bus_write(&board.bus, BOARD_UART_BASE + 0x24, 4, 13));
	assert_int_equal(stream_write_to(&stream, fd), 0);
	devices_freeze(&board.devices);
	assert_int_equal(devices_serialize(&board.devices, stream, &error), 0);
	devices_thaw(&board.devices);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	while (count < sizeof(bytes) && stream_error(stream) == 0)
		stream_serialize(stream, &bytes[count++], 1);
	count--;
	stream_close(stream);
	close(fd);
	board_destroy(&board);
	assert_int_equal(count, UART_SIZE + CLOCK_SIZE + RNG_SIZE + 2 * DISK_SIZE + CHIPS_SIZE +
					FW_CFG_SIZE + GED_SIZE + CONSOLE_SIZE);
	assert_int_equal(bytes[UART_IBRD], 13);
	/* The disks' capacities, which their configuration spaces begin with. */
	assert_int_equal(bytes[UART_SIZE + CLOCK_SIZE + RNG_SIZE], 1);
	assert_int_equal(bytes[UART_SIZE + CLOCK_SIZE + RNG_SIZE + DISK_SIZE], 1);
}

static void a_saved_device_that_differs_is_refused_by_name(void **state)
{
	static struct board board;
	const int fd = memfd_create("state", MFD_CLOEXEC);
	struct config config = { .machine_version = BOARD_VERSION_NEWEST, .disk_count = 1 };
	struct stream *stream;
	struct error error = { "" };

	board_create(&board, &config);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	devices_freeze(&board.devices);
	assert_int_equal(devices_serialize(&board.devices, stream, &error), 0);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	devices_thaw(&board.devices);
	board_destroy(&board);

	config.disks[0].path = scratch_sparse("larger", 2 * DISK_SECTOR_SIZE);
	board_create(&board, &config);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	devices_quiesce(&board.devices);
	devices_freeze(&board.devices);
	assert_int_equal(devices_serialize(&board.devices, stream, &error), -ENODEV);
	devices_thaw(&board.devices);
	scratch_says(&error, "larger, of 1024 bytes,", "does not match the saved disk");
	stream_close(stream);
	close(fd);
	board_destroy(&board);
}

static void on_nothing(void *context)
{
}

/* The descriptors of the consoles, the clock, the entropy device and the flash chip. */
static void the_main_loop_has_the_file_descriptors_of_all_devices(void **state)
{
	const struct console_user user = { .input = on_nothing, .quit = on_nothing };
	static struct main_loop loop;
	static struct board board;
	struct error error;

	create(&board);
	loop = (struct main_loop){ 0 };
	assert_int_equal(devices_watch(&board.devices, &loop, &user, &error), 0);
	assert_int_equal(loop.count, 5);
	loop.count = MAIN_LOOP_MAX;
	assert_int_equal(devices_watch(&board.devices, &loop, &user, &error), -ENOSPC);
	scratch_says(&error, "cannot wait for devices", "No space");
	board_destroy(&board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_has_the_devices_of_its_configuration),
		cmocka_unit_test(a_device_exists_from_its_machine_version_on),
		cmocka_unit_test(each_device_answers_at_its_address),
		cmocka_unit_test(addresses_of_rom_are_distinguished_from_others),
		cmocka_unit_test(disks_are_listed_in_their_order),
		cmocka_unit_test(each_device_comes_to_rest_when_quiesced),
		cmocka_unit_test(
			the_first_failure_of_a_device_is_reported_and_the_others_are_reached),
		cmocka_unit_test(the_next_alarm_is_the_earliest_of_all_devices),
		cmocka_unit_test(a_device_whose_line_is_high_is_named_as_waking_the_guest),
		cmocka_unit_test(devices_are_saved_in_the_order_of_older_files),
		cmocka_unit_test(a_saved_device_that_differs_is_refused_by_name),
		cmocka_unit_test(the_main_loop_has_the_file_descriptors_of_all_devices),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
