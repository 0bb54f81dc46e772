/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices in a stream: as they were, and nothing that a forged one could be led astray by. */
#include "base/stream.h"
#include "blk-rig.h"
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "devices/virtio/rng.h"
#include "irq-probe.h"
#include "virtio-driver.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Registers of the UART and of the clock. */
#define UARTDR 0x000
#define UARTFR 0x018
#define UARTFR_RXFE 0x10
#define UARTIBRD 0x024
#define UARTLCR_H 0x02c
#define UARTLCR_H_FEN 0x10
#define UARTCR 0x030
#define UARTCR_ENABLE 0x301
#define UARTIMSC 0x038
#define UARTIMSC_RX 0x10
#define RTCMR 0x004
#define RTCIMSC 0x010
#define RTCRIS 0x014

#define STATE_MAX 4096
#define SECONDS_32_BITS ((uint64_t)1 << 32)

/** What a device wrote, to be changed and read back. */
struct saved {
	uint8_t bytes[STATE_MAX];
	size_t size;
};

typedef void (*serializer)(void *device, struct stream *stream);

static void serialize_pl011(void *device, struct stream *stream)
{
	pl011_serialize(device, stream);
}

static void serialize_pl031(void *device, struct stream *stream)
{
	pl031_serialize(device, stream);
}

static void serialize_rng(void *device, struct stream *stream)
{
	struct rng *rng = device;

	virtio_mmio_freeze(&rng->mmio);
	if (!virtio_mmio_serialize(&rng->mmio, stream))
		stream_fail(stream);
	virtio_mmio_thaw(&rng->mmio);
}

static void serialize_blk(void *device, struct stream *stream)
{
	struct blk *blk = device;

	virtio_mmio_freeze(&blk->mmio);
	if (!virtio_mmio_serialize(&blk->mmio, stream))
		stream_fail(stream);
	virtio_mmio_thaw(&blk->mmio);
}

static void save(serializer serialize, void *device, struct saved *saved)
{
	const int fd = memfd_create("saved", MFD_CLOEXEC);
	struct stream *stream;

	assert_int_equal(stream_write_to(&stream, fd), 0);
	serialize(device, stream);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	/* Byte by byte, until there is no more. */
	assert_int_equal(stream_read_from(&stream, fd), 0);
	saved->size = 0;
	while (stream_error(stream) == 0 && saved->size < STATE_MAX)
		stream_serialize(stream, &saved->bytes[saved->size++], 1);
	saved->size--;
	stream_close(stream);
	close(fd);
}

/* Returns what stream_end() does. */
static int restore(serializer serialize, void *device, const struct saved *saved)
{
	const int fd = memfd_create("saved", MFD_CLOEXEC);
	struct saved copy = *saved;
	struct stream *stream;
	int err;

	assert_int_equal(stream_write_to(&stream, fd), 0);
	stream_serialize(stream, copy.bytes, copy.size);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	serialize(device, stream);
	err = stream_end(stream);
	stream_close(stream);
	close(fd);

	return err;
}

/* --- the UART --- */

static bool send(void *host, uint8_t byte)
{
	return true;
}

static void room(void *host)
{
}

static void start_uart(struct pl011 *uart)
{
	static const struct pl011_host host = { .send = send, .room = room };

	irq_probe = (struct irq_probe){ 0 };
	pl011_create(uart, (struct irq_line){ .spi = 1 });
	pl011_connect(uart, &host, NULL);
}

static void fill_uart(struct pl011 *uart)
{
	start_uart(uart);
	pl011_ops.write(uart, UARTIBRD, 13, 4);
	pl011_ops.write(uart, UARTLCR_H, UARTLCR_H_FEN, 4);
	pl011_ops.write(uart, UARTIMSC, UARTIMSC_RX, 4);
	pl011_ops.write(uart, UARTCR, UARTCR_ENABLE, 4);
	assert_int_equal(pl011_receive(uart, (const uint8_t *)"0123456789abcdef", 16), 16);
}

static void a_uart_keeps_what_it_received_and_raises_its_line(void **state)
{
	static struct saved saved;
	struct pl011 uart;

	fill_uart(&uart);
	/* So that the FIFO's first byte is not the first of its ring. */
	assert_int_equal(pl011_ops.read(&uart, UARTDR, 4), '0');
	assert_int_equal(pl011_receive(&uart, (const uint8_t *)"g", 1), 1);
	save(serialize_pl011, &uart, &saved);
	pl011_destroy(&uart);
	start_uart(&uart);
	assert_int_equal(restore(serialize_pl011, &uart, &saved), 0);
	assert_true(irq_probe.level);
	assert_true(pl011_is_raised(&uart));
	assert_int_equal(pl011_ops.read(&uart, UARTIBRD, 4), 13);
	for (const char *c = "123456789abcdefg"; *c; c++)
		assert_int_equal(pl011_ops.read(&uart, UARTDR, 4), *c);
	assert_true(pl011_ops.read(&uart, UARTFR, 4) & UARTFR_RXFE);
	assert_false(irq_probe.level);
	pl011_destroy(&uart);
}

/* The FIFO comes first: its bytes, where the first of them is, and how many there are. */
static void a_uart_whose_fifo_leads_out_of_it_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} forged[] = {
		{ PL011_FIFO_SIZE, PL011_FIFO_SIZE },
		{ PL011_FIFO_SIZE + 3, 0x80 },
		{ PL011_FIFO_SIZE + 4, PL011_FIFO_SIZE + 1 },
		{ PL011_FIFO_SIZE + 7, 0xff },
	};
	static struct saved saved;
	struct pl011 uart;

	fill_uart(&uart);
	save(serialize_pl011, &uart, &saved);
	pl011_destroy(&uart);
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		struct saved changed = saved;

		changed.bytes[forged[i].at] = forged[i].byte;
		start_uart(&uart);
		assert_int_equal(restore(serialize_pl011, &uart, &changed), -EBADMSG);
		assert_true(pl011_ops.read(&uart, UARTFR, 4) & UARTFR_RXFE);
		pl011_destroy(&uart);
	}
}

/* More than it holds without a FIFO, which no guest could have brought about. */
static void a_uart_without_a_fifo_gives_what_it_holds_and_no_more(void **state)
{
	static struct saved saved;
	struct pl011 uart;

	fill_uart(&uart);
	save(serialize_pl011, &uart, &saved);
	/* LCR_H is the fourth register of 16 bits behind the FIFO. */
	saved.bytes[PL011_FIFO_SIZE + 8 + 6] = 0;
	pl011_destroy(&uart);
	start_uart(&uart);
	assert_int_equal(restore(serialize_pl011, &uart, &saved), 0);
	assert_int_equal(pl011_receive(&uart, (const uint8_t *)"x", 1), 0);
	for (const char *c = "0123456789abcdef"; *c; c++)
		assert_int_equal(pl011_ops.read(&uart, UARTDR, 4), *c);
	assert_int_equal(pl011_receive(&uart, (const uint8_t *)"xy", 2), 1);
	pl011_destroy(&uart);
}

/* --- the clock --- */

static uint64_t host_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);

	return (uint64_t)now.tv_sec;
}

static void start_clock(struct pl031 *rtc)
{
	irq_probe = (struct irq_probe){ 0 };
	assert_int_equal(pl031_create(rtc, (struct irq_line){ .spi = 2 }), 0);
}

/* An alarm @seconds from now, saved; the moment comes first, in 64 bits. */
static void save_alarm(uint32_t seconds, struct saved *saved)
{
	struct pl031 rtc;

	start_clock(&rtc);
	pl031_ops.write(&rtc, RTCIMSC, 1, 4);
	pl031_ops.write(&rtc, RTCMR, (uint32_t)host_time() + seconds, 4);
	save(serialize_pl031, &rtc, saved);
	pl031_destroy(&rtc);
}

static void set_alarm(struct saved *saved, uint64_t moment)
{
	for (size_t i = 0; i < sizeof(moment); i++)
		saved->bytes[i] = (uint8_t)(moment >> 8 * i);
}

static void a_clock_keeps_its_alarm(void **state)
{
	static struct saved saved;
	const uint64_t before = host_time();
	struct pl031 rtc;
	int64_t alarm;

	save_alarm(1000, &saved);
	start_clock(&rtc);
	assert_int_equal(restore(serialize_pl031, &rtc, &saved), 0);
	assert_true(pl031_next_alarm(&rtc, &alarm));
	assert_in_range(alarm, before + 1000, host_time() + 1000);
	assert_false(irq_probe.level);
	pl031_destroy(&rtc);
}

static void an_alarm_that_has_passed_meanwhile_comes_at_once(void **state)
{
	static struct saved saved;
	struct pl031 rtc;
	int64_t alarm;

	save_alarm(1000, &saved);
	set_alarm(&saved, host_time() - 5);
	start_clock(&rtc);
	assert_int_equal(restore(serialize_pl031, &rtc, &saved), 0);
	assert_true(irq_probe.level);
	assert_int_equal(pl031_ops.read(&rtc, RTCRIS, 4), 1);
	assert_false(pl031_next_alarm(&rtc, &alarm));
	pl031_destroy(&rtc);
}

/* As an alarm in the past is far in the future, once the host's clock is behind. */
static void an_alarm_later_than_any_comes_when_the_counter_says(void **state)
{
	static const uint64_t later[] = { SECONDS_32_BITS + 10, INT64_MAX, UINT64_MAX };
	static struct saved saved;

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		const uint64_t before = host_time();
		struct pl031 rtc;
		int64_t alarm;

		save_alarm(1000, &saved);
		set_alarm(&saved, i == 0 ? before + later[0] : later[i]);
		start_clock(&rtc);
		assert_int_equal(restore(serialize_pl031, &rtc, &saved), 0);
		assert_true(pl031_next_alarm(&rtc, &alarm));
		assert_in_range(alarm, before + 1000, host_time() + 1000);
		pl031_destroy(&rtc);
	}
}

static void a_clock_with_what_is_neither_true_nor_false_is_refused(void **state)
{
	static struct saved saved;
	struct pl031 rtc;

	save_alarm(1000, &saved);
	saved.bytes[sizeof(uint64_t)] = 2;
	start_clock(&rtc);
	assert_int_equal(restore(serialize_pl031, &rtc, &saved), -EBADMSG);
	pl031_destroy(&rtc);
}

/* --- virtio --- */

static void ignore(void *context, const char *message)
{
}

/* A device with a driver that has one buffer for it, saved. */
static void save_rng(struct driver *driver, struct saved *saved)
{
	struct rng rng;

	driver_create(driver, 64);
	assert_int_equal(rng_create(&rng, &driver->memory, 47, ignore, NULL), 0);
	assert_true(driver_negotiate(&rng.mmio, 0));
	driver_start(driver, &rng.mmio);
	driver_describe(driver, DRIVER_DESCRIPTORS, 0,
			(struct vring_desc){ DRIVER_DATA, 64, VRING_DESC_F_WRITE, 0 });
	save(serialize_rng, &rng, saved);
	rng_destroy(&rng);
}

static void a_device_serves_what_its_driver_had_offered(void **state)
{
	static struct saved saved;
	struct vring_used_elem used;
	struct driver driver;
	struct rng rng;

	save_rng(&driver, &saved);
	driver_offer(&driver, 0);
	assert_int_equal(rng_create(&rng, &driver.memory, 47, ignore, NULL), 0);
	assert_int_equal(restore(serialize_rng, &rng, &saved), 0);
	rng_serve(&rng);
	assert_true(driver_collect(&driver, &used));
	assert_int_equal(used.len, 64);
	rng_destroy(&rng);
	driver_destroy(&driver);
}

/* Whatever byte is another: it is refused, or has a device that can be served and reset. */
static void no_byte_of_a_device_leads_out_of_its_memory(void **state)
{
	static struct saved saved;
	struct driver driver;
	unsigned int refused = 0;

	save_rng(&driver, &saved);
	for (size_t i = 0; i < 2 * saved.size; i++) {
		struct saved changed = saved;
		struct rng rng;
		int err;

		changed.bytes[i / 2] ^= i % 2 ? 0xff : 0x01;
		driver_restart(&driver);
		driver_describe(&driver, DRIVER_DESCRIPTORS, 0,
				(struct vring_desc){ DRIVER_DATA, 64, VRING_DESC_F_WRITE, 0 });
		driver_offer(&driver, 0);
		assert_int_equal(rng_create(&rng, &driver.memory, 47, ignore, NULL), 0);
		err = restore(serialize_rng, &rng, &changed);
		assert_true(err == 0 || err == -EBADMSG);
		refused += err != 0;
		rng_serve(&rng);
		driver_set(&rng.mmio, VIRTIO_MMIO_STATUS, 0);
		assert_int_equal(driver_get(&rng.mmio, VIRTIO_MMIO_STATUS), 0);
		rng_destroy(&rng);
	}
	/* Features, and the rings' size and places, at least. */
	assert_in_range(refused, 8, 2 * saved.size);
	driver_destroy(&driver);
}

/* --- a disk --- */

/* Its discard_sector_alignment, as a driver reads it. */
static uint32_t read_alignment(struct blk *blk)
{
	const uint64_t at =
		VIRTIO_MMIO_CONFIG + offsetof(struct virtio_blk_config, discard_sector_alignment);

	return (uint32_t)virtio_mmio_read(&blk->mmio, at, 4);
}

/* A disk of @r's image on a host whose file system has blocks of @block_size bytes. */
static void create_blk(struct rig *r, struct blk *blk, struct disk *disk, uint32_t block_size)
{
	struct error error;

	assert_int_equal(disk_open(disk, r->path, false, &error), 0);
	disk->block_size = block_size;
	assert_int_equal(blk_create(blk, disk, &r->driver.memory, 16, ignore, NULL), 0);
}

static void destroy_blk(struct blk *blk, struct disk *disk)
{
	blk_destroy(blk);
	disk_close(disk);
}

/* A disk whose driver has offered a write of 512 bytes, which nobody has looked at. */
static void save_blk(struct rig *r, struct saved *saved)
{
	rig_setup(r, RIG_FLUSH);
	virtio_mmio_quiesce(&r->blk.mmio);
	memset(rig_data(r), 0x3c, 512);
	rig_header(r, VIRTIO_BLK_T_OUT, 0);
	rig_describe(r, 0, RIG_HEADER, 16, VRING_DESC_F_NEXT);
	rig_describe(r, 1, RIG_DATA, 512, VRING_DESC_F_NEXT);
	rig_describe(r, 2, RIG_STATUS, 1, VRING_DESC_F_WRITE);
	driver_offer(&r->driver, 0);
	save(serialize_blk, &r->blk, saved);
	destroy_blk(&r->blk, &r->disk);
}

/* Whether the image has what the driver offered to write. */
static bool is_written(const struct rig *r)
{
	const int fd = open(r->path, O_RDONLY | O_CLOEXEC);
	uint8_t byte = 0;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, 0), 1);
	close(fd);

	return byte == 0x3c;
}

/* It may be refused after this, or never run, and then nothing has changed. */
static void a_disk_begins_what_its_driver_had_offered_when_it_is_told(void **state)
{
	static struct saved saved;
	struct rig r;

	save_blk(&r, &saved);
	create_blk(&r, &r.blk, &r.disk, 4096);
	virtio_mmio_quiesce(&r.blk.mmio);
	assert_int_equal(restore(serialize_blk, &r.blk, &saved), 0);
	assert_false(virtio_mmio_running(&r.blk.mmio));
	rig_notify(&r);
	assert_false(is_written(&r));
	destroy_blk(&r.blk, &r.disk);
	assert_false(is_written(&r));

	create_blk(&r, &r.blk, &r.disk, 4096);
	virtio_mmio_quiesce(&r.blk.mmio);
	assert_int_equal(restore(serialize_blk, &r.blk, &saved), 0);
	virtio_mmio_unquiesce(&r.blk.mmio);
	(void)rig_wait(&r, 0);
	assert_int_equal(rig_status(&r), VIRTIO_BLK_S_OK);
	assert_true(is_written(&r));
	rig_teardown(&r);
}

/* It is the file system's advice, and its guest knows that of the former. */
static void a_disk_moves_to_a_file_system_of_other_blocks(void **state)
{
	static const uint32_t sizes[] = { 512, 4096, 131072, 1 << 20 };
	static struct saved saved;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t alignment;
		struct rig r;

		rig_setup(&r, RIG_FLUSH);
		alignment = read_alignment(&r.blk);
		save(serialize_blk, &r.blk, &saved);
		destroy_blk(&r.blk, &r.disk);
		create_blk(&r, &r.blk, &r.disk, sizes[i]);
		assert_int_equal(read_alignment(&r.blk), sizes[i] / 512);
		assert_int_equal(restore(serialize_blk, &r.blk, &saved), 0);
		assert_int_equal(read_alignment(&r.blk), alignment);
		rig_teardown(&r);
	}
}

/* What is a promise is one: each other byte of what its driver knows. */
static void a_disk_that_is_another_is_refused(void **state)
{
	const size_t advice = offsetof(struct virtio_blk_config, discard_sector_alignment);
	static struct saved saved;
	struct rig r;

	save_blk(&r, &saved);
	for (size_t i = 0; i < sizeof(struct virtio_blk_config); i++) {
		const bool may_differ = i >= advice && i < advice + 4;
		struct saved changed = saved;

		changed.bytes[i] ^= 1;
		create_blk(&r, &r.blk, &r.disk, 4096);
		virtio_mmio_quiesce(&r.blk.mmio);
		assert_int_equal(restore(serialize_blk, &r.blk, &changed),
				 may_differ ? 0 : -EBADMSG);
		destroy_blk(&r.blk, &r.disk);
	}
	driver_destroy(&r.driver);
	unlink(r.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uart_keeps_what_it_received_and_raises_its_line),
		cmocka_unit_test(a_uart_whose_fifo_leads_out_of_it_is_refused),
		cmocka_unit_test(a_uart_without_a_fifo_gives_what_it_holds_and_no_more),
		cmocka_unit_test(a_clock_keeps_its_alarm),
		cmocka_unit_test(an_alarm_that_has_passed_meanwhile_comes_at_once),
		cmocka_unit_test(an_alarm_later_than_any_comes_when_the_counter_says),
		cmocka_unit_test(a_clock_with_what_is_neither_true_nor_false_is_refused),
		cmocka_unit_test(a_device_serves_what_its_driver_had_offered),
		cmocka_unit_test(no_byte_of_a_device_leads_out_of_its_memory),
		cmocka_unit_test(a_disk_begins_what_its_driver_had_offered_when_it_is_told),
		cmocka_unit_test(a_disk_moves_to_a_file_system_of_other_blocks),
		cmocka_unit_test(a_disk_that_is_another_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
