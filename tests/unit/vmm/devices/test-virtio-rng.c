/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio-rng through the transport: requests are answered, with random bytes. */
#include "devices/virtio/rng.h"
#include "virtio-driver.h"

#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE

struct fixture {
	struct driver driver;
	struct rng rng;
	unsigned int reports;
	char report[256];
};

static void record_report(void *context, const char *message)
{
	struct fixture *f = context;

	strncpy(f->report, message, sizeof(f->report) - 1);
	f->reports++;
}

static void setup(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	driver_create(&f->driver, 64);
	assert_int_equal(rng_create(&f->rng, &f->driver.memory, record_report, f), 0);
	assert_true(driver_negotiate(&f->rng.mmio, 0));
	driver_start(&f->driver, &f->rng.mmio);
}

static void teardown(struct fixture *f)
{
	rng_destroy(&f->rng);
	driver_destroy(&f->driver);
}

static bool has_work(const struct fixture *f)
{
	struct pollfd ready = { .fd = rng_fd(&f->rng), .events = POLLIN };

	return poll(&ready, 1, 0) == 1;
}

static void describe(struct fixture *f, uint16_t index, uint64_t address, uint32_t size,
		     uint16_t flags)
{
	driver_describe(&f->driver, DRIVER_DESCRIPTORS, index,
			(struct vring_desc){ address, size, flags, (uint16_t)(index + 1) });
}

static void notify(struct fixture *f)
{
	driver_set(&f->rng.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
}

/* Serve until there is nothing to do. */
static void serve(struct fixture *f)
{
	while (has_work(f))
		rng_serve(&f->rng);
}

/* How many bytes of a place are not zero. */
static size_t count_changed(const struct fixture *f, uint64_t address, size_t size)
{
	const uint8_t *bytes = driver_at(&f->driver, address, size);
	size_t changed = 0;

	for (size_t i = 0; i < size; i++)
		changed += bytes[i] != 0;

	return changed;
}

static void virtio_rng_fills_a_buffer(void **state)
{
	struct vring_used_elem used;
	struct fixture f;

	setup(&f);
	assert_int_equal(driver_get(&f.rng.mmio, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_RNG);
	describe(&f, 0, DRIVER_DATA, 1000, WRITE);
	driver_offer(&f.driver, 0);
	notify(&f);
	assert_true(has_work(&f));
	assert_int_equal(virtio_mmio_given(&f.rng.mmio), 0);
	serve(&f);
	assert_int_equal(virtio_mmio_given(&f.rng.mmio), 1);
	assert_true(driver_collect(&f.driver, &used));
	assert_int_equal(used.id, 0);
	assert_int_equal(used.len, 1000);
	/* Of 1000 random bytes about 4 are zero; 100 never are. */
	assert_true(count_changed(&f, DRIVER_DATA, 1000) > 900);
	assert_int_equal(count_changed(&f, DRIVER_DATA + 1000, 1000), 0);
	assert_int_equal(driver_get(&f.rng.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 1);
	teardown(&f);
}

static void virtio_rng_gives_other_bytes_each_time(void **state)
{
	struct vring_used_elem used;
	struct fixture f;

	setup(&f);
	for (uint16_t i = 0; i < 2; i++) {
		describe(&f, i, DRIVER_DATA + i * 64U, 64, WRITE);
		driver_offer(&f.driver, i);
	}
	notify(&f);
	serve(&f);
	assert_true(driver_collect(&f.driver, &used));
	assert_true(driver_collect(&f.driver, &used));
	assert_memory_not_equal(driver_at(&f.driver, DRIVER_DATA, 64),
				driver_at(&f.driver, DRIVER_DATA + 64, 64), 64);
	teardown(&f);
}

static void virtio_rng_fills_a_chain_of_buffers_in_order(void **state)
{
	struct vring_used_elem used;
	struct fixture f;

	setup(&f);
	describe(&f, 0, DRIVER_DATA, 100, WRITE | NEXT);
	describe(&f, 1, DRIVER_DATA + 0x1000, 200, WRITE | NEXT);
	describe(&f, 2, DRIVER_DATA + 0x2000, 300, WRITE);
	driver_offer(&f.driver, 0);
	notify(&f);
	serve(&f);
	assert_true(driver_collect(&f.driver, &used));
	assert_int_equal(used.len, 600);
	assert_true(count_changed(&f, DRIVER_DATA, 100) > 50);
	assert_true(count_changed(&f, DRIVER_DATA + 0x1000, 200) > 150);
	assert_true(count_changed(&f, DRIVER_DATA + 0x2000, 300) > 250);
	teardown(&f);
}

/* However much a guest requests, an answer takes little time. */
static void virtio_rng_fills_a_part_of_a_large_buffer(void **state)
{
	struct vring_used_elem used;
	struct fixture f;

	setup(&f);
	describe(&f, 0, DRIVER_DATA, 1 << 20, WRITE);
	driver_offer(&f.driver, 0);
	notify(&f);
	serve(&f);
	assert_true(driver_collect(&f.driver, &used));
	assert_true(used.len > 0 && used.len <= 4096);
	assert_int_equal(count_changed(&f, DRIVER_DATA + used.len, (1 << 20) - used.len), 0);
	teardown(&f);
}

/* Other work is done between the answers to a guest that requests much. */
static void virtio_rng_answers_many_requests_in_several_turns(void **state)
{
	struct vring_used_elem used;
	struct fixture f;
	unsigned int answers = 0;

	setup(&f);
	for (uint16_t i = 0; i < 64; i++) {
		describe(&f, i, DRIVER_DATA + i * 16U, 16, WRITE);
		driver_offer(&f.driver, i);
	}
	notify(&f);
	rng_serve(&f.rng);
	while (driver_collect(&f.driver, &used))
		answers++;
	assert_true(answers > 0 && answers < 64);
	assert_true(has_work(&f));
	serve(&f);
	while (driver_collect(&f.driver, &used))
		answers++;
	assert_int_equal(answers, 64);
	assert_false(has_work(&f));
	teardown(&f);
}

static void a_request_without_room_breaks_virtio_rng_until_its_reset(void **state)
{
	struct vring_used_elem used;
	struct fixture f;

	setup(&f);
	describe(&f, 0, DRIVER_DATA, 16, 0);
	driver_offer(&f.driver, 0);
	notify(&f);
	serve(&f);
	assert_true(driver_get(&f.rng.mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_int_equal(f.reports, 1);
	assert_non_null(strstr(f.report, "virtio-rng"));
	notify(&f);
	serve(&f);
	assert_false(driver_collect(&f.driver, &used));

	driver_restart(&f.driver);
	driver_set(&f.rng.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_true(driver_negotiate(&f.rng.mmio, 0));
	driver_start(&f.driver, &f.rng.mmio);
	describe(&f, 0, DRIVER_DATA, 16, WRITE);
	driver_offer(&f.driver, 0);
	notify(&f);
	serve(&f);
	assert_true(driver_collect(&f.driver, &used));
	assert_int_equal(used.len, 16);
	teardown(&f);
}

static void a_doorbell_of_virtio_rng_without_a_driver_does_nothing(void **state)
{
	struct fixture f;

	setup(&f);
	driver_set(&f.rng.mmio, VIRTIO_MMIO_STATUS, 0);
	notify(&f);
	serve(&f);
	assert_false(has_work(&f));
	assert_int_equal(f.reports, 0);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(virtio_rng_fills_a_buffer),
		cmocka_unit_test(virtio_rng_gives_other_bytes_each_time),
		cmocka_unit_test(virtio_rng_fills_a_chain_of_buffers_in_order),
		cmocka_unit_test(virtio_rng_fills_a_part_of_a_large_buffer),
		cmocka_unit_test(virtio_rng_answers_many_requests_in_several_turns),
		cmocka_unit_test(a_request_without_room_breaks_virtio_rng_until_its_reset),
		cmocka_unit_test(a_doorbell_of_virtio_rng_without_a_driver_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
