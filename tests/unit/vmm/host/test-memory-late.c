/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An access that waits although its page is there. The kernel looks at the page's entry
 * without a lock before a thread waits, and the entry can be empty for a moment, since the
 * page is being moved for example: then the page came, and its waits ended, just before.
 */
#include "source-rig.h"

#include <linux/userfaultfd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/** The address of such an access, which the kernel reports next, and whether it waits. */
static _Atomic(const uint8_t *) late;
static atomic_bool waits;

/* In place of the C library's: beside what is reported. */
ssize_t read(int fd, void *bytes, size_t size)
{
	const uint8_t *at = NULL;
	struct uffd_msg message = { .event = UFFD_EVENT_PAGEFAULT };

	if (size == sizeof(message))
		at = atomic_exchange(&late, NULL);
	if (!at)
		return syscall(SYS_read, fd, bytes, size);
	message.arg.pagefault.address = (uint64_t)(uintptr_t)at;
	memcpy(bytes, &message, sizeof(message));

	return sizeof(message);
}

/* Likewise. */
int ioctl(int fd, unsigned long request, ...)
{
	struct uffdio_range *range;
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	range = argument;
	if (request == UFFDIO_WAKE && range->len >= MEMORY_PIECE)
		atomic_store(&waits, false);

	return (int)syscall(SYS_ioctl, fd, request, argument);
}

static void an_access_to_a_piece_that_came_just_before_goes_on(void **state)
{
	struct source_rig rig;

	source_rig_setup(&rig);
	if (source_rig_begin(&rig, MEMORY_SOURCE_USERFAULTFD, false)) {
		const uint8_t *const piece = rig.memory.host + source_rig_places[3] * MEMORY_PIECE;

		assert_int_equal(piece[0], source_rig_byte(3, 0));
		atomic_store(&waits, true);
		atomic_store(&late, piece + 4096);
		/* The thread reads what is reported for this one, and goes on to read. */
		assert_int_equal(rig.memory.host[0], source_rig_byte(0, 0));
		assert_int_equal(memory_source_finish(rig.source), 0);
		assert_null(atomic_load(&late));
		assert_false(atomic_load(&waits));
	}
	source_rig_teardown(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_access_to_a_piece_that_came_just_before_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
