/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The split virtqueue: it passes on what a driver means, and a guest's writes can do no
 * more than make it faulty (virtio 1.2, Split Virtqueues).
 */
#include "virtio-driver.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT

enum {
	EVENT_IDX = 1,
	INDIRECT_DESC = 2,
};

struct fixture {
	struct driver driver;
	struct virtqueue queue;
	struct virtqueue_chain chain;
};

static void setup(struct fixture *f, uint16_t size, unsigned int features)
{
	struct virtqueue_setup how;

	memset(f, 0, sizeof(*f));
	driver_create(&f->driver, size);
	how = driver_setup(&f->driver);
	how.event_idx = features & EVENT_IDX;
	how.indirect = features & INDIRECT_DESC;
	assert_int_equal(virtqueue_start(&f->queue, &f->driver.memory, &how), 0);
	assert_true(f->queue.ready);
	assert_null(f->queue.fault);
}

static void teardown(struct fixture *f)
{
	driver_destroy(&f->driver);
}

static void describe(struct fixture *f, uint16_t index, struct vring_desc desc)
{
	driver_describe(&f->driver, DRIVER_DESCRIPTORS, index, desc);
}

/* Expect that the next pop finds the queue faulty, for good, because of @fault. */
static void assert_faulty(struct fixture *f, const char *fault)
{
	assert_int_equal(virtqueue_pop(&f->queue, &f->chain), -EPROTO);
	assert_non_null(f->queue.fault);
	assert_string_equal(f->queue.fault, fault);
	/* It stays so even if the guest repairs it. */
	describe(f, 0, (struct vring_desc){ .addr = DRIVER_DATA, .len = 1 });
	assert_int_equal(virtqueue_pop(&f->queue, &f->chain), -EPROTO);
	teardown(f);
}

static void a_chain_is_taken_from_the_queue_and_returned(void **state)
{
	struct vring_used_elem used;
	struct fixture f;

	setup(&f, 8, 0);
	assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 0);
	describe(&f, 5, (struct vring_desc){ DRIVER_DATA, 16, NEXT, 2 });
	describe(&f, 2, (struct vring_desc){ DRIVER_DATA + 100, 512, NEXT | WRITE, 7 });
	describe(&f, 7, (struct vring_desc){ DRIVER_DATA + 3, 1, WRITE, 0xffff });
	driver_offer(&f.driver, 5);

	assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 1);
	assert_int_equal(f.chain.head, 5);
	assert_int_equal(f.chain.readable_count, 1);
	assert_int_equal(f.chain.writable_count, 2);
	assert_int_equal(f.chain.readable_size, 16);
	assert_int_equal(f.chain.writable_size, 513);
	assert_ptr_equal(f.chain.parts[0].iov_base, driver_at(&f.driver, DRIVER_DATA, 16));
	assert_ptr_equal(f.chain.parts[1].iov_base, driver_at(&f.driver, DRIVER_DATA + 100, 512));
	assert_ptr_equal(f.chain.parts[2].iov_base, driver_at(&f.driver, DRIVER_DATA + 3, 1));
	assert_int_equal(f.chain.parts[1].iov_len, 512);
	assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 0);

	assert_false(driver_collect(&f.driver, &used));
	assert_true(virtqueue_push(&f.queue, 5, 77));
	assert_true(driver_collect(&f.driver, &used));
	assert_int_equal(used.id, 5);
	assert_int_equal(used.len, 77);
	assert_false(driver_collect(&f.driver, &used));
	teardown(&f);
}

static void queue_indexes_wrap_around(void **state)
{
	struct vring_used_elem used;
	struct fixture f;

	setup(&f, 4, EVENT_IDX);
	for (uint32_t i = 0; i < 70000; i++) {
		uint16_t head = (uint16_t)(i % 3);

		describe(&f, head, (struct vring_desc){ .addr = DRIVER_DATA, .len = i + 1 });
		driver_offer(&f.driver, head);
		assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 1);
		assert_int_equal(f.chain.head, head);
		assert_int_equal(f.chain.readable_size, i + 1);
		assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 0);
		virtqueue_push(&f.queue, head, i);
		assert_true(driver_collect(&f.driver, &used));
		assert_int_equal(used.id, head);
		assert_int_equal(used.len, i);
	}
	teardown(&f);
}

static void a_full_ring_is_taken_in_order(void **state)
{
	struct fixture f;

	setup(&f, 8, 0);
	for (uint16_t i = 0; i < 8; i++) {
		describe(&f, i, (struct vring_desc){ .addr = DRIVER_DATA, .len = 1 });
		driver_offer(&f.driver, (uint16_t)(7 - i));
	}
	for (uint16_t i = 0; i < 8; i++) {
		assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 1);
		assert_int_equal(f.chain.head, 7 - i);
	}
	assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 0);
	teardown(&f);
}

static void an_indirect_table_replaces_its_descriptor(void **state)
{
	/* A table may lie at any address, and be used from its middle on. */
	const uint64_t table = DRIVER_INDIRECT + 3;
	struct fixture f;

	setup(&f, 8, INDIRECT_DESC);
	driver_describe(&f.driver, table, 0, (struct vring_desc){ DRIVER_DATA + 64, 8, NEXT, 3 });
	driver_describe(&f.driver, table, 3, (struct vring_desc){ DRIVER_DATA + 128, 9, WRITE, 0 });
	describe(&f, 1, (struct vring_desc){ DRIVER_DATA, 7, NEXT, 6 });
	describe(&f, 6, (struct vring_desc){ table, 4 * 16, INDIRECT, 0 });
	driver_offer(&f.driver, 1);

	assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 1);
	assert_int_equal(f.chain.head, 1);
	assert_int_equal(f.chain.readable_count, 2);
	assert_int_equal(f.chain.writable_count, 1);
	assert_int_equal(f.chain.readable_size, 15);
	assert_int_equal(f.chain.writable_size, 9);
	teardown(&f);
}

/* Offer an indirect table of @count descriptors in a chain. */
static void offer_long_chain(struct fixture *f, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++)
		driver_describe(&f->driver, DRIVER_INDIRECT, i,
				(struct vring_desc){ DRIVER_DATA, 1, i + 1 < count ? NEXT : 0,
						     (uint16_t)(i + 1) });
	describe(f, 0, (struct vring_desc){ DRIVER_INDIRECT, 16U * count, INDIRECT, 0 });
	driver_offer(&f->driver, 0);
}

static void the_longest_chain_is_256_descriptors(void **state)
{
	struct fixture f;

	setup(&f, 4, INDIRECT_DESC);
	offer_long_chain(&f, VIRTQUEUE_SIZE_MAX);
	assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 1);
	assert_int_equal(f.chain.readable_count, VIRTQUEUE_SIZE_MAX);
	assert_int_equal(f.chain.readable_size, VIRTQUEUE_SIZE_MAX);
	teardown(&f);

	setup(&f, 4, INDIRECT_DESC);
	offer_long_chain(&f, VIRTQUEUE_SIZE_MAX + 1);
	assert_faulty(&f, "a descriptor chain is too long");
}

static void a_chain_does_not_change_after_it_was_taken(void **state)
{
	struct fixture f;

	setup(&f, 8, INDIRECT_DESC);
	driver_describe(&f.driver, DRIVER_INDIRECT, 0, (struct vring_desc){ DRIVER_DATA, 8, 0, 0 });
	describe(&f, 0, (struct vring_desc){ DRIVER_INDIRECT, 16, INDIRECT, 0 });
	driver_offer(&f.driver, 0);
	assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 1);
	memset(driver_at(&f.driver, DRIVER_DESCRIPTORS, 0x2000), 0xff, 0x2000);
	memset(driver_at(&f.driver, DRIVER_INDIRECT, 16), 0xff, 16);
	assert_int_equal(f.chain.readable_count, 1);
	assert_ptr_equal(f.chain.parts[0].iov_base, driver_at(&f.driver, DRIVER_DATA, 8));
	assert_int_equal(f.chain.parts[0].iov_len, 8);
	teardown(&f);
}

/* --- what a guest may do wrong --- */

static void impossible_queue_setups_are_refused(void **state)
{
	static const struct {
		struct virtqueue_setup setup;
		const char *fault;
	} cases[] = {
#define OK .descriptors = DRIVER_DESCRIPTORS, .driver = DRIVER_AVAILABLE, .device = DRIVER_USED
#define SIZE "a queue's size is not a power of 2 up to 256"
#define OUTSIDE "a queue lies outside RAM"
#define ODD "a queue is not aligned"
		{ { .size = 0, OK }, SIZE },
		{ { .size = 3, OK }, SIZE },
		{ { .size = 255, OK }, SIZE },
		{ { .size = 512, OK }, SIZE },
		{ { .size = 65536, OK }, SIZE },
		{ { .size = 0x80000000, OK }, SIZE },
		{ { 8, DRIVER_DESCRIPTORS + 8, DRIVER_AVAILABLE, DRIVER_USED, 0, 0 }, ODD },
		{ { 8, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE + 1, DRIVER_USED, 0, 0 }, ODD },
		{ { 8, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE, DRIVER_USED + 2, 0, 0 }, ODD },
		{ { 8, 0, DRIVER_AVAILABLE, DRIVER_USED, 0, 0 }, OUTSIDE },
		{ { 8, DRIVER_DESCRIPTORS, 0, DRIVER_USED, 0, 0 }, OUTSIDE },
		{ { 8, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE, 0, 0, 0 }, OUTSIDE },
		{ { 8, MEMORY_BASE - 16, DRIVER_AVAILABLE, DRIVER_USED, 0, 0 }, OUTSIDE },
		{ { 8, DRIVER_RAM_END - 112, DRIVER_AVAILABLE, DRIVER_USED, 0, 0 }, OUTSIDE },
		{ { 8, DRIVER_DESCRIPTORS, DRIVER_RAM_END - 20, DRIVER_USED, 0, 0 }, OUTSIDE },
		{ { 8, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE, DRIVER_RAM_END - 68, 0, 0 }, OUTSIDE },
		{ { 8, -16ULL, DRIVER_AVAILABLE, DRIVER_USED, 0, 0 }, OUTSIDE },
		{ { 8, DRIVER_DESCRIPTORS, -2ULL, DRIVER_USED, 0, 0 }, OUTSIDE },
		{ { 8, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE, -4ULL, 0, 0 }, OUTSIDE },
	};
	struct virtqueue queue = { 0 };
	struct driver driver;

	driver_create(&driver, 8);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(virtqueue_start(&queue, &driver.memory, &cases[i].setup), -EPROTO);
		assert_false(queue.ready);
		assert_string_equal(queue.fault, cases[i].fault);
		virtqueue_stop(&queue);
		assert_null(queue.fault);
	}
	driver_destroy(&driver);
}

static void a_queue_may_end_where_ram_ends(void **state)
{
	struct virtqueue_setup how = { .size = 8,
				       .descriptors = DRIVER_DESCRIPTORS,
				       .driver = DRIVER_AVAILABLE,
				       .device = DRIVER_RAM_END - 72 };
	struct virtqueue queue = { 0 };
	struct driver driver;

	driver_create(&driver, 8);
	assert_int_equal(virtqueue_start(&queue, &driver.memory, &how), 0);
	driver_destroy(&driver);
}

/* One descriptor, or two, at the head of a queue of 8 without features. */
static void bad_descriptors_make_the_queue_faulty(void **state)
{
	static const struct {
		struct vring_desc first;
		struct vring_desc second;
		const char *fault;
	} cases[] = {
		{ { DRIVER_DATA, 0, 0, 0 }, { 0 }, "a descriptor is empty" },
		{ { 0, 1, 0, 0 }, { 0 }, "a descriptor lies outside RAM" },
		{ { 0x09000000, 4, WRITE, 0 }, { 0 }, "a descriptor lies outside RAM" },
		{ { DRIVER_RAM_END, 1, 0, 0 }, { 0 }, "a descriptor lies outside RAM" },
		{ { DRIVER_RAM_END - 1, 2, 0, 0 }, { 0 }, "a descriptor lies outside RAM" },
		{ { DRIVER_DATA, UINT32_MAX, 0, 0 }, { 0 }, "a descriptor lies outside RAM" },
		{ { UINT64_MAX, 1, 0, 0 }, { 0 }, "a descriptor lies outside RAM" },
		{ { UINT64_MAX - 3, 8, 0, 0 }, { 0 }, "a descriptor lies outside RAM" },
		{ { MEMORY_BASE - 1, 8, 0, 0 }, { 0 }, "a descriptor lies outside RAM" },
		{ { DRIVER_DATA, 1, NEXT, 0 }, { 0 }, "a descriptor chain is a loop" },
		{ { DRIVER_DATA, 1, NEXT, 1 },
		  { DRIVER_DATA, 1, NEXT, 0 },
		  "a descriptor chain is a loop" },
		{ { DRIVER_DATA, 1, NEXT, 8 }, { 0 }, "a descriptor's index is outside its table" },
		{ { DRIVER_DATA, 1, NEXT, 0xffff },
		  { 0 },
		  "a descriptor's index is outside its table" },
		{ { DRIVER_DATA, 1, NEXT | WRITE, 1 },
		  { DRIVER_DATA, 1, 0, 0 },
		  "a readable descriptor follows a writable one" },
		{ { DRIVER_INDIRECT, 16, INDIRECT, 0 },
		  { 0 },
		  "a descriptor is indirect where none may be" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;

		setup(&f, 8, 0);
		describe(&f, 0, cases[i].first);
		describe(&f, 1, cases[i].second);
		driver_offer(&f.driver, 0);
		assert_faulty(&f, cases[i].fault);
	}
}

/* A descriptor that points to a table, and the table's first one. */
static void bad_indirect_tables_make_the_queue_faulty(void **state)
{
	static const struct {
		struct vring_desc desc;
		struct vring_desc in_table;
		const char *fault;
	} cases[] = {
#define LENGTH "an indirect table's length is not a multiple of 16"
		{ { DRIVER_INDIRECT, 0, INDIRECT, 0 }, { 0 }, LENGTH },
		{ { DRIVER_INDIRECT, 15, INDIRECT, 0 }, { 0 }, LENGTH },
		{ { DRIVER_INDIRECT, 17, INDIRECT, 0 }, { 0 }, LENGTH },
		{ { DRIVER_INDIRECT, UINT32_MAX, INDIRECT, 0 }, { 0 }, LENGTH },
		{ { 0x1000, 16, INDIRECT, 0 }, { 0 }, "an indirect table lies outside RAM" },
		{ { DRIVER_RAM_END - 16, 32, INDIRECT, 0 },
		  { 0 },
		  "an indirect table lies outside RAM" },
		{ { DRIVER_INDIRECT, 0xfffffff0, INDIRECT, 0 },
		  { 0 },
		  "an indirect table lies outside RAM" },
		{ { DRIVER_INDIRECT, 16, INDIRECT | NEXT, 1 },
		  { DRIVER_DATA, 1, 0, 0 },
		  "an indirect descriptor has a next one" },
		{ { DRIVER_INDIRECT, 16, INDIRECT, 0 },
		  { DRIVER_INDIRECT, 16, INDIRECT, 0 },
		  "a descriptor is indirect where none may be" },
		{ { DRIVER_INDIRECT, 16, INDIRECT, 0 },
		  { DRIVER_DATA, 1, NEXT, 1 },
		  "a descriptor's index is outside its table" },
		{ { DRIVER_INDIRECT, 32, INDIRECT, 0 },
		  { DRIVER_DATA, 1, NEXT, 0 },
		  "a descriptor chain is a loop" },
		{ { DRIVER_INDIRECT, 16, INDIRECT, 0 },
		  { 0, 1, 0, 0 },
		  "a descriptor lies outside RAM" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;

		setup(&f, 8, INDIRECT_DESC);
		driver_describe(&f.driver, DRIVER_INDIRECT, 0, cases[i].in_table);
		describe(&f, 0, cases[i].desc);
		driver_offer(&f.driver, 0);
		assert_faulty(&f, cases[i].fault);
	}
}

static void bad_indexes_make_the_queue_faulty(void **state)
{
	struct fixture f;

	setup(&f, 8, 0);
	driver_offer(&f.driver, 8);
	assert_faulty(&f, "a descriptor's index is outside its table");

	setup(&f, 8, 0);
	driver_offer(&f.driver, 0xffff);
	assert_faulty(&f, "a descriptor's index is outside its table");

	setup(&f, 8, 0);
	driver_set_available(&f.driver, 9);
	assert_faulty(&f, "more is available than a queue can hold");

	/* Backwards. */
	setup(&f, 8, 0);
	driver_set_available(&f.driver, 0xffff);
	assert_faulty(&f, "more is available than a queue can hold");
}

/* Two descriptors of the same 2 GiB, of which next to nothing is ever touched. */
static void a_chain_of_4_gib_makes_the_queue_faulty(void **state)
{
	static struct virtqueue_chain chain;
	struct memory memory;
	struct virtqueue_setup how = { .size = 4,
				       .descriptors = MEMORY_BASE,
				       .driver = MEMORY_BASE + 0x1000,
				       .device = MEMORY_BASE + 0x2000 };
	struct virtqueue queue;
	struct driver driver = { .size = 4 };

	assert_int_equal(memory_create(&memory, 2ULL << 30), 0);
	driver.memory = memory;
	assert_int_equal(virtqueue_start(&queue, &memory, &how), 0);
	driver_describe(&driver, MEMORY_BASE, 0,
			(struct vring_desc){ MEMORY_BASE, 1U << 31, NEXT, 1 });
	driver_describe(&driver, MEMORY_BASE, 1,
			(struct vring_desc){ MEMORY_BASE, 1U << 31, WRITE, 0 });
	*(uint16_t *)driver_at(&driver, MEMORY_BASE + 0x1002, 2) = 1;
	assert_int_equal(virtqueue_pop(&queue, &chain), -EPROTO);
	assert_string_equal(queue.fault, "a descriptor chain is longer than 4 GiB");
	memory_destroy(&memory);
}

/* --- when to notify --- */

static void the_flags_decide_about_interrupts_without_event_idx(void **state)
{
	struct fixture f;

	setup(&f, 8, 0);
	describe(&f, 0, (struct vring_desc){ DRIVER_DATA, 1, 0, 0 });
	assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 0);
	assert_int_equal(driver_device_flags(&f.driver), 0);
	driver_offer(&f.driver, 0);
	assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 1);
	assert_int_equal(driver_device_flags(&f.driver), VRING_USED_F_NO_NOTIFY);

	assert_true(virtqueue_push(&f.queue, 0, 0));
	driver_set_flags(&f.driver, VRING_AVAIL_F_NO_INTERRUPT);
	assert_false(virtqueue_push(&f.queue, 0, 0));
	driver_set_flags(&f.driver, 0);
	assert_true(virtqueue_push(&f.queue, 0, 0));

	/* Idle again: notifications, please. */
	assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 0);
	assert_int_equal(driver_device_flags(&f.driver), 0);
	teardown(&f);
}

static void an_idle_device_with_event_idx_asks_for_the_next_chain(void **state)
{
	struct fixture f;

	setup(&f, 8, EVENT_IDX);
	describe(&f, 0, (struct vring_desc){ DRIVER_DATA, 1, 0, 0 });
	for (uint16_t i = 0; i < 3; i++)
		driver_offer(&f.driver, 0);
	for (uint16_t i = 0; i < 3; i++) {
		assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 1);
		assert_int_equal(driver_avail_event(&f.driver), 0);
	}
	assert_int_equal(virtqueue_pop(&f.queue, &f.chain), 0);
	assert_int_equal(driver_avail_event(&f.driver), 3);
	assert_int_equal(driver_device_flags(&f.driver), 0);
	teardown(&f);
}

static void a_driver_with_event_idx_is_interrupted_where_it_asked(void **state)
{
	struct fixture f;

	setup(&f, 8, EVENT_IDX);
	/* Flags have no meaning then. */
	driver_set_flags(&f.driver, VRING_AVAIL_F_NO_INTERRUPT);
	driver_set_used_event(&f.driver, 2);
	assert_false(virtqueue_push(&f.queue, 0, 0));
	assert_false(virtqueue_push(&f.queue, 0, 0));
	assert_true(virtqueue_push(&f.queue, 0, 0));
	assert_false(virtqueue_push(&f.queue, 0, 0));
	driver_set_used_event(&f.driver, 4);
	assert_true(virtqueue_push(&f.queue, 0, 0));

	/* Over the end of 16 bits. */
	for (uint32_t i = 5; i < 0x10000; i++)
		assert_false(virtqueue_push(&f.queue, 0, 0));
	driver_set_used_event(&f.driver, 0);
	assert_true(virtqueue_push(&f.queue, 0, 0));
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_is_taken_from_the_queue_and_returned),
		cmocka_unit_test(queue_indexes_wrap_around),
		cmocka_unit_test(a_full_ring_is_taken_in_order),
		cmocka_unit_test(an_indirect_table_replaces_its_descriptor),
		cmocka_unit_test(the_longest_chain_is_256_descriptors),
		cmocka_unit_test(a_chain_does_not_change_after_it_was_taken),
		cmocka_unit_test(impossible_queue_setups_are_refused),
		cmocka_unit_test(a_queue_may_end_where_ram_ends),
		cmocka_unit_test(bad_descriptors_make_the_queue_faulty),
		cmocka_unit_test(bad_indirect_tables_make_the_queue_faulty),
		cmocka_unit_test(bad_indexes_make_the_queue_faulty),
		cmocka_unit_test(a_chain_of_4_gib_makes_the_queue_faulty),
		cmocka_unit_test(the_flags_decide_about_interrupts_without_event_idx),
		cmocka_unit_test(an_idle_device_with_event_idx_asks_for_the_next_chain),
		cmocka_unit_test(a_driver_with_event_idx_is_interrupted_where_it_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
