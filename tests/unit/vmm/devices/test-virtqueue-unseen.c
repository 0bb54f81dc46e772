/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a driver has not looked at of the chains that it was given back. Linux writes 0 to
 * used_event when it begins to poll, and leaves the field behind until it has finished.
 */
#include "virtio-driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZE 8

struct fixture {
	struct driver driver;
	struct virtqueue queue;
};

static void setup(struct fixture *f, bool event_idx)
{
	struct virtqueue_setup how;

	memset(f, 0, sizeof(*f));
	driver_create(&f->driver, SIZE);
	how = driver_setup(&f->driver);
	how.event_idx = event_idx;
	assert_int_equal(virtqueue_start(&f->queue, &f->driver.memory, &how), 0);
	for (uint16_t i = 0; i < SIZE; i++) {
		driver_describe(&f->driver, DRIVER_DESCRIPTORS, i,
				(struct vring_desc){ DRIVER_DATA, 16, VRING_DESC_F_WRITE, 0 });
		driver_offer(&f->driver, i);
	}
}

static void teardown(struct fixture *f)
{
	driver_destroy(&f->driver);
}

/* Give @count chains back, one by one. */
static void give(struct fixture *f, unsigned int count)
{
	static struct virtqueue_chain chain;

	for (unsigned int i = 0; i < count; i++) {
		assert_int_equal(virtqueue_pop(&f->queue, &chain), 1);
		(void)virtqueue_push(&f->queue, chain.head, 16);
	}
}

/* The driver looks at @count chains, and offers them again. */
static void look(struct fixture *f, unsigned int count)
{
	struct vring_used_elem used;

	for (unsigned int i = 0; i < count; i++) {
		assert_true(driver_collect(&f->driver, &used));
		driver_offer(&f->driver, (uint16_t)used.id);
	}
}

static void unseen(struct fixture *f, uint16_t event, unsigned int expected)
{
	driver_set_used_event(&f->driver, event);
	assert_int_equal(virtqueue_unseen(&f->queue), expected);
}

static void a_driver_says_how_far_it_has_looked(void **state)
{
	struct fixture f;

	setup(&f, true);
	unseen(&f, 0, 0);
	give(&f, 5);
	unseen(&f, 0, 5);
	unseen(&f, 2, 3);
	unseen(&f, 5, 0);
	teardown(&f);
}

static void without_event_idx_a_driver_says_nothing(void **state)
{
	struct fixture f;

	setup(&f, false);
	give(&f, 5);
	unseen(&f, 2, 0);
	teardown(&f);
}

/* Neither ahead of what it was given nor behind what there was: it is not believed. */
static void no_driver_claims_more_than_it_was_given(void **state)
{
	struct fixture f;

	setup(&f, true);
	unseen(&f, (uint16_t)-SIZE, 0);
	unseen(&f, SIZE, 0);
	give(&f, 3);
	unseen(&f, (uint16_t)-1, 3);
	unseen(&f, 4, 3);
	unseen(&f, 0x8000, 3);
	teardown(&f);
}

static void an_earlier_used_event_is_not_forgotten(void **state)
{
	struct fixture f;

	setup(&f, true);
	give(&f, 4);
	driver_set_used_event(&f.driver, 3);
	give(&f, 2);
	unseen(&f, 0, 3);
	unseen(&f, 5, 1);
	teardown(&f);
}

static void chains_that_are_available_again_were_looked_at(void **state)
{
	struct fixture f;

	setup(&f, true);
	give(&f, 6);
	look(&f, 4);
	unseen(&f, 0, 2);
	driver_set_available(&f.driver, 0x4000);
	unseen(&f, 0, 6);
	teardown(&f);
}

/* All the way round the counters, while used_event is never written. */
static void no_more_than_a_queue_holds_is_unseen(void **state)
{
	struct fixture f;

	setup(&f, true);
	for (unsigned int i = 0; i < 0x10000 / SIZE + 1; i++) {
		give(&f, SIZE);
		assert_in_range(virtqueue_unseen(&f.queue), 0, SIZE);
		look(&f, SIZE);
		assert_int_equal(virtqueue_unseen(&f.queue), 0);
	}
	give(&f, 1);
	assert_int_equal(virtqueue_unseen(&f.queue), 1);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_driver_says_how_far_it_has_looked),
		cmocka_unit_test(without_event_idx_a_driver_says_nothing),
		cmocka_unit_test(no_driver_claims_more_than_it_was_given),
		cmocka_unit_test(an_earlier_used_event_is_not_forgotten),
		cmocka_unit_test(chains_that_are_available_again_were_looked_at),
		cmocka_unit_test(no_more_than_a_queue_holds_is_unseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
