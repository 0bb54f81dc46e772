/* SPDX-License-Identifier: BSD-3-Clause */
/* The transport of virtio 1.2, Virtio Over MMIO; nothing serves the queues here. */
#include "virtio-driver.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#define DEVICE_ID 0x2a
#define FEATURE 5

#define ALIVE (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER)
#define AGREED (ALIVE | VIRTIO_CONFIG_S_FEATURES_OK)
#define STARTED (AGREED | VIRTIO_CONFIG_S_DRIVER_OK)

static const uint8_t space[] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa };

struct fixture {
	struct driver driver;
	struct virtio_mmio mmio;
	unsigned int reports;
	char report[256];
};

static void record_report(void *context, const char *message)
{
	struct fixture *f = context;

	f->reports++;
	strncpy(f->report, message, sizeof(f->report) - 1);
}

static void setup(struct fixture *f)
{
	struct virtio_mmio_config config = {
		.name = "disk test.img",
		.memory = &f->driver.memory,
		.device_id = DEVICE_ID,
		.features = 1ULL << FEATURE,
		.queue_count = 2,
		.space = space,
		.space_size = sizeof(space),
		.report = record_report,
		.context = f,
	};

	memset(f, 0, sizeof(*f));
	driver_create(&f->driver, 8);
	assert_int_equal(virtio_mmio_create(&f->mmio, &config), 0);
}

static void teardown(struct fixture *f)
{
	virtio_mmio_destroy(&f->mmio);
	driver_destroy(&f->driver);
}

/* Returns how often an eventfd was written since the last call. */
static uint64_t count_of(int fd)
{
	eventfd_t count;

	return eventfd_read(fd, &count) == 0 ? count : 0;
}

static void fail_locked(struct fixture *f, const char *reason)
{
	pthread_mutex_lock(&f->mmio.lock);
	virtio_mmio_fail(&f->mmio, reason);
	pthread_mutex_unlock(&f->mmio.lock);
}

static void a_virtio_mmio_device_identifies_itself(void **state)
{
	struct fixture f;

	setup(&f);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_VERSION), 2);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_DEVICE_ID), DEVICE_ID);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_VENDOR_ID), VIRTIO_MMIO_VENDOR_ID);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS), 0);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_CONFIG_GENERATION), 0);
	/* Shared memory region 0 is as absent as all others. */
	driver_set(&f.mmio, VIRTIO_MMIO_SHM_SEL, 0);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_SHM_LEN_LOW), UINT32_MAX);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_SHM_LEN_HIGH), UINT32_MAX);
	teardown(&f);
}

static void a_virtio_mmio_device_offers_its_features_in_halves(void **state)
{
	struct fixture f;

	setup(&f);
	driver_set(&f.mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_DEVICE_FEATURES),
			 1U << FEATURE | 1U << VIRTIO_RING_F_INDIRECT_DESC |
				 1U << VIRTIO_RING_F_EVENT_IDX);
	driver_set(&f.mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_DEVICE_FEATURES),
			 1U << (VIRTIO_F_VERSION_1 - 32));
	driver_set(&f.mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_DEVICE_FEATURES), 0);
	driver_set(&f.mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, UINT32_MAX);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_DEVICE_FEATURES), 0);
	teardown(&f);
}

static void a_virtio_mmio_device_accepts_only_features_that_it_offers(void **state)
{
	struct fixture f;

	setup(&f);
	assert_true(driver_negotiate(&f.mmio, 0));
	assert_false(virtio_mmio_has(&f.mmio, FEATURE));
	assert_true(driver_negotiate(&f.mmio, 1ULL << FEATURE));
	assert_true(virtio_mmio_has(&f.mmio, FEATURE));
	for (unsigned int i = 0; i < 64; i++) {
		bool offered = i == FEATURE || i == VIRTIO_F_VERSION_1 ||
			       i == VIRTIO_RING_F_INDIRECT_DESC || i == VIRTIO_RING_F_EVENT_IDX;

		assert_int_equal(driver_negotiate(&f.mmio, 1ULL << i), offered);
	}
	teardown(&f);
}

/* A legacy driver would not set VERSION_1, and everything else would be wrong too. */
static void a_virtio_mmio_device_does_not_run_before_features_ok(void **state)
{
	struct fixture f;

	setup(&f);
	driver_set(&f.mmio, VIRTIO_MMIO_STATUS, ALIVE);
	driver_set(&f.mmio, VIRTIO_MMIO_STATUS, AGREED);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS), ALIVE);
	driver_set(&f.mmio, VIRTIO_MMIO_STATUS, STARTED);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS), ALIVE);
	assert_false(virtio_mmio_running(&f.mmio));
	teardown(&f);
}

static void negotiated_features_cannot_be_changed(void **state)
{
	struct fixture f;

	setup(&f);
	assert_true(driver_negotiate(&f.mmio, 0));
	driver_set(&f.mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	driver_set(&f.mmio, VIRTIO_MMIO_DRIVER_FEATURES, 1U << FEATURE);
	assert_false(virtio_mmio_has(&f.mmio, FEATURE));
	/* Status bits cannot be taken back one by one, and unknown ones not set. */
	driver_set(&f.mmio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS), AGREED);
	driver_set(&f.mmio, VIRTIO_MMIO_STATUS, 0xffffff70);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS), AGREED);
	driver_set(&f.mmio, VIRTIO_MMIO_STATUS, AGREED | VIRTIO_CONFIG_S_FAILED);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS), AGREED | VIRTIO_CONFIG_S_FAILED);
	teardown(&f);
}

static void a_driver_that_sets_driver_ok_starts_the_device(void **state)
{
	struct fixture f;

	setup(&f);
	assert_true(driver_negotiate(&f.mmio, 0));
	assert_false(virtio_mmio_running(&f.mmio));
	driver_start(&f.driver, &f.mmio);
	assert_true(virtio_mmio_running(&f.mmio));
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS), STARTED);
	assert_true(f.mmio.queues[0].ready);
	assert_true(count_of(f.mmio.notify_fd) > 0);

	assert_int_equal(count_of(f.mmio.notify_fd), 0);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_int_equal(count_of(f.mmio.notify_fd), 1);
	teardown(&f);
}

static void queues_have_the_negotiated_features(void **state)
{
	struct fixture f;

	setup(&f);
	assert_true(driver_negotiate(&f.mmio, 1ULL << VIRTIO_RING_F_EVENT_IDX));
	driver_start(&f.driver, &f.mmio);
	assert_true(f.mmio.queues[0].event_idx);
	assert_false(f.mmio.queues[0].indirect);
	assert_true(driver_negotiate(&f.mmio, 1ULL << VIRTIO_RING_F_INDIRECT_DESC));
	driver_start(&f.driver, &f.mmio);
	assert_false(f.mmio.queues[0].event_idx);
	assert_true(f.mmio.queues[0].indirect);
	teardown(&f);
}

static void queue_registers_access_the_selected_queue(void **state)
{
	struct fixture f;

	setup(&f);
	assert_true(driver_negotiate(&f.mmio, 0));
	driver_start(&f.driver, &f.mmio);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), VIRTQUEUE_SIZE_MAX);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_SEL, 1);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), VIRTQUEUE_SIZE_MAX);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);

	/* A register that does not exist takes any value and does nothing. */
	for (unsigned int i = 0; i < 3; i++) {
		static const uint32_t absent[] = { 2, VIRTIO_MMIO_QUEUES_MAX, UINT32_MAX };

		driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_SEL, absent[i]);
		assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
		driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_NUM, 8);
		driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_READY, 1);
		assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	}
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS), STARTED);
	teardown(&f);
}

static void a_ready_queue_can_be_stopped_but_not_changed(void **state)
{
	struct fixture f;
	const uint8_t *before;

	setup(&f);
	assert_true(driver_negotiate(&f.mmio, 0));
	driver_start(&f.driver, &f.mmio);
	before = f.mmio.queues[0].descriptors;
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_NUM, 4);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_DESC_LOW, 0x40020000);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_ptr_equal(f.mmio.queues[0].descriptors, before);
	assert_int_equal(f.mmio.queues[0].size, 8);

	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_DESC_LOW, 0x40020000);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_ptr_equal(f.mmio.queues[0].descriptors, driver_at(&f.driver, 0x40020000, 1));
	teardown(&f);
}

static void queue_addresses_have_64_bits(void **state)
{
	struct fixture f;

	setup(&f);
	assert_true(driver_negotiate(&f.mmio, 0));
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_NUM, 8);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_DESC_HIGH, 0x11111111);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_DESC_LOW, 0x22222222);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_AVAIL_LOW, 0x33333333);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_AVAIL_HIGH, 0x44444444);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_USED_HIGH, 0xffffffff);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_USED_LOW, 0x55555555);
	assert_int_equal(f.mmio.setup[0].descriptors, 0x1111111122222222);
	assert_int_equal(f.mmio.setup[0].driver, 0x4444444433333333);
	assert_int_equal(f.mmio.setup[0].device, 0xffffffff55555555);
	teardown(&f);
}

static void an_impossible_queue_breaks_the_device_until_its_reset(void **state)
{
	struct fixture f;

	setup(&f);
	assert_true(driver_negotiate(&f.mmio, 0));
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_NUM, 8);
	driver_set(&f.mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS),
			 AGREED | VIRTIO_CONFIG_S_NEEDS_RESET);
	/* No interrupt before DRIVER_OK. */
	assert_int_equal(count_of(f.mmio.irq_fd), 0);
	assert_int_equal(f.reports, 1);
	driver_set(&f.mmio, VIRTIO_MMIO_STATUS, STARTED);
	assert_false(virtio_mmio_running(&f.mmio));

	assert_true(driver_negotiate(&f.mmio, 0));
	driver_start(&f.driver, &f.mmio);
	assert_true(virtio_mmio_running(&f.mmio));
	teardown(&f);
}

static void virtio_interrupts_are_reported_and_acknowledged(void **state)
{
	struct fixture f;

	setup(&f);
	assert_true(driver_negotiate(&f.mmio, 0));
	driver_start(&f.driver, &f.mmio);
	virtio_mmio_interrupt(&f.mmio);
	assert_int_equal(count_of(f.mmio.irq_fd), 1);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_VRING);
	driver_set(&f.mmio, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_VRING);

	/* It is not acknowledged yet: there is an edge again all the same. */
	virtio_mmio_interrupt(&f.mmio);
	assert_int_equal(count_of(f.mmio.irq_fd), 1);
	driver_set(&f.mmio, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	teardown(&f);
}

static void a_broken_protocol_is_reported_to_the_driver_and_logged_once(void **state)
{
	struct fixture f;

	setup(&f);
	for (unsigned int i = 0; i < 10; i++) {
		assert_true(driver_negotiate(&f.mmio, 0));
		driver_start(&f.driver, &f.mmio);
		fail_locked(&f, "a descriptor is empty");
		fail_locked(&f, "a descriptor chain is a loop");
		assert_false(virtio_mmio_running(&f.mmio));
		assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS),
				 STARTED | VIRTIO_CONFIG_S_NEEDS_RESET);
		assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS),
				 VIRTIO_MMIO_INT_CONFIG);
		assert_true(count_of(f.mmio.irq_fd) > 0);
		/* A driver that resets and breaks it again is not reported again. */
		assert_int_equal(f.reports, 1);
	}
	assert_string_equal(f.report, "disk test.img: the guest's driver broke the protocol, "
				      "a descriptor is empty");

	virtio_mmio_reset(&f.mmio);
	fail_locked(&f, "a descriptor is empty");
	assert_int_equal(f.reports, 2);
	teardown(&f);
}

static void assert_power_on_state(struct fixture *f)
{
	assert_int_equal(driver_get(&f->mmio, VIRTIO_MMIO_STATUS), 0);
	assert_int_equal(driver_get(&f->mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	assert_int_equal(driver_get(&f->mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	assert_int_equal(f->mmio.driver_features, 0);
	assert_int_equal(f->mmio.queue_sel, 0);
	assert_int_equal(f->mmio.setup[0].size, 0);
	assert_int_equal(f->mmio.setup[0].descriptors, 0);
	assert_false(virtio_mmio_running(&f->mmio));
}

static void a_reset_of_a_virtio_mmio_device_clears_all_its_state(void **state)
{
	struct fixture f;
	int notify_fd;
	int irq_fd;

	setup(&f);
	notify_fd = f.mmio.notify_fd;
	irq_fd = f.mmio.irq_fd;
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(driver_negotiate(&f.mmio, 1ULL << FEATURE));
		driver_start(&f.driver, &f.mmio);
		virtio_mmio_interrupt(&f.mmio);
		fail_locked(&f, "a descriptor is empty");
		if (i == 0)
			driver_set(&f.mmio, VIRTIO_MMIO_STATUS, 0);
		else
			virtio_mmio_reset(&f.mmio);
		assert_power_on_state(&f);
	}
	/* The descriptors are those of before, and no earlier interrupt is raised. */
	assert_int_equal(f.mmio.notify_fd, notify_fd);
	assert_int_equal(f.mmio.irq_fd, irq_fd);
	assert_int_equal(count_of(f.mmio.irq_fd), 0);
	teardown(&f);
}

/* A quiesce lasts, whatever a vCPU that still runs does. */
static void a_halt_of_a_virtio_mmio_device_lasts_until_the_machine_is_reset(void **state)
{
	struct fixture f;
	uint32_t status;

	setup(&f);
	assert_true(driver_negotiate(&f.mmio, 0));
	driver_start(&f.driver, &f.mmio);
	status = driver_get(&f.mmio, VIRTIO_MMIO_STATUS);
	assert_true(virtio_mmio_running(&f.mmio));
	virtio_mmio_quiesce(&f.mmio);
	assert_false(virtio_mmio_running(&f.mmio));
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS), status);
	driver_set(&f.mmio, VIRTIO_MMIO_STATUS, status);
	assert_false(virtio_mmio_running(&f.mmio));
	for (unsigned int i = 0; i < 2; i++) {
		if (i == 0)
			driver_set(&f.mmio, VIRTIO_MMIO_STATUS, 0);
		else
			virtio_mmio_reset(&f.mmio);
		assert_true(driver_negotiate(&f.mmio, 0));
		driver_start(&f.driver, &f.mmio);
		assert_int_equal(virtio_mmio_running(&f.mmio), i == 1);
	}
	teardown(&f);
}

static void the_configuration_space_can_be_read_in_any_size(void **state)
{
	struct fixture f;

	setup(&f);
	for (unsigned int size = 1; size <= 8; size *= 2) {
		for (uint64_t offset = 0; offset < 0x100; offset++) {
			uint64_t wanted = 0;

			for (unsigned int i = 0; i < size; i++)
				if (offset + i < sizeof(space))
					wanted |= (uint64_t)space[offset + i] << (8 * i);
			assert_int_equal(
				virtio_mmio_read(&f.mmio, VIRTIO_MMIO_CONFIG + offset, size),
				wanted);
			virtio_mmio_write(&f.mmio, VIRTIO_MMIO_CONFIG + offset, 0, size);
		}
	}
	teardown(&f);
}

static void virtio_registers_are_accessed_as_aligned_words_only(void **state)
{
	struct fixture f;

	setup(&f);
	assert_true(driver_negotiate(&f.mmio, 0));
	for (uint64_t offset = 0; offset < VIRTIO_MMIO_CONFIG; offset++) {
		for (unsigned int size = 1; size <= 8; size *= 2) {
			if (size == 4 && offset % 4 == 0)
				continue;
			assert_int_equal(virtio_mmio_read(&f.mmio, offset, size), 0);
			virtio_mmio_write(&f.mmio, offset, 0, size);
		}
	}
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_STATUS), AGREED);
	assert_int_equal(count_of(f.mmio.notify_fd), 0);
	teardown(&f);
}

static void any_value_in_any_virtio_register_is_answered(void **state)
{
	static const uint32_t values[] = { 0, 1, 2, 8, 0x7fffffff, 0x80000000, 0xffffffff };
	struct fixture f;

	setup(&f);
	for (unsigned int i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (uint64_t first = 0; first < VIRTIO_MMIO_CONFIG; first += 4) {
			assert_true(driver_negotiate(&f.mmio, 0));
			driver_start(&f.driver, &f.mmio);
			driver_set(&f.mmio, first, values[i]);
			for (uint64_t offset = 0; offset < VIRTIO_MMIO_CONFIG; offset += 4) {
				driver_get(&f.mmio, offset);
				driver_set(&f.mmio, offset, values[i]);
			}
		}
	}
	assert_int_equal(driver_get(&f.mmio, VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_virtio_mmio_device_identifies_itself),
		cmocka_unit_test(a_virtio_mmio_device_offers_its_features_in_halves),
		cmocka_unit_test(a_virtio_mmio_device_accepts_only_features_that_it_offers),
		cmocka_unit_test(a_virtio_mmio_device_does_not_run_before_features_ok),
		cmocka_unit_test(negotiated_features_cannot_be_changed),
		cmocka_unit_test(a_driver_that_sets_driver_ok_starts_the_device),
		cmocka_unit_test(queues_have_the_negotiated_features),
		cmocka_unit_test(queue_registers_access_the_selected_queue),
		cmocka_unit_test(a_ready_queue_can_be_stopped_but_not_changed),
		cmocka_unit_test(queue_addresses_have_64_bits),
		cmocka_unit_test(an_impossible_queue_breaks_the_device_until_its_reset),
		cmocka_unit_test(virtio_interrupts_are_reported_and_acknowledged),
		cmocka_unit_test(a_broken_protocol_is_reported_to_the_driver_and_logged_once),
		cmocka_unit_test(a_reset_of_a_virtio_mmio_device_clears_all_its_state),
		cmocka_unit_test(a_halt_of_a_virtio_mmio_device_lasts_until_the_machine_is_reset),
		cmocka_unit_test(the_configuration_space_can_be_read_in_any_size),
		cmocka_unit_test(virtio_registers_are_accessed_as_aligned_words_only),
		cmocka_unit_test(any_value_in_any_virtio_register_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
