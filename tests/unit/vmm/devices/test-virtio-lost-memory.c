/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio devices and a page of the guest's memory that the host cannot give: the request
 * is not answered, and the machine is reported as lost.
 */
#include "blk-rig.h"

#include <linux/virtio_blk.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/memory-error.h"

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE

static _Atomic(const void *) lost;

static void on_lost(void *context, const void *at)
{
	lost = at;
}

/* The page of data has no file behind it any more. */
static void lose(struct rig *r)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const int empty = memfd_create("lost", MFD_CLOEXEC);

	assert_true(empty >= 0);
	assert_ptr_not_equal(
		mmap(rig_data(r), page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, empty, 0),
		MAP_FAILED);
	close(empty);
}

static void request(struct rig *r, uint32_t type)
{
	rig_header(r, type, 0);
	rig_describe(r, 0, RIG_HEADER, 16, NEXT);
	rig_describe(r, 1, RIG_DATA, 512, type == VIRTIO_BLK_T_IN ? NEXT | WRITE : NEXT);
	rig_describe(r, 2, RIG_STATUS, 1, WRITE);
	driver_offer(&r->driver, 0);
	rig_notify(r);
}

static void requests_with_lost_memory_are_not_answered(void **state)
{
	static const uint32_t types[] = { VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT };

	for (size_t i = 0; i < 2; i++) {
		struct memory_error_watch watch = { .lost = on_lost };
		struct rig r;

		rig_setup(&r, RIG_FLUSH);
		watch.host = r.driver.memory.host;
		watch.size = r.driver.memory.size;
		memory_error_watch(&watch);
		lost = NULL;
		lose(&r);
		request(&r, types[i]);
		while (!lost)
			usleep(1000);
		assert_ptr_equal(lost, rig_data(&r));
		assert_int_equal(blk_drain(&r.blk), 0);
		assert_int_equal(rig_status(&r), RIG_NO_STATUS);
		memory_error_watch(NULL);
		rig_teardown(&r);
	}
}

static void requests_fail_whose_memory_is_lost_but_is_not_watched(void **state)
{
	struct rig r;

	rig_setup(&r, RIG_FLUSH);
	lose(&r);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	rig_teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_with_lost_memory_are_not_answered),
		cmocka_unit_test(requests_fail_whose_memory_is_lost_but_is_not_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
