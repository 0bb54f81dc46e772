/* SPDX-License-Identifier: BSD-3-Clause */
#include "saved-state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

void saved_save(serializer serialize, void *device, struct saved *saved)
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

int saved_restore(serializer serialize, void *device, const struct saved *saved)
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
