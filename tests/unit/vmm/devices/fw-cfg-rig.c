/* SPDX-License-Identifier: BSD-3-Clause */
#include "fw-cfg-rig.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

const uint8_t alphabet[ALPHABET + 1] = "abcdefghijklmnopqrstuvwxyz";

void make(struct rig *r)
{
	const struct fw_cfg_item bytes = { .bytes = alphabet, .fd = -1, .size = ALPHABET };
	struct fw_cfg_item file = { .fd_offset = 2, .size = ALPHABET - 2 };

	assert_int_equal(memory_create(&r->memory, RAM_SIZE), 0);
	assert_int_equal(fw_cfg_create(&r->device, &r->memory), 0);
	r->fd = memfd_create("file", MFD_CLOEXEC);
	assert_int_equal(write(r->fd, alphabet, ALPHABET), ALPHABET);
	file.fd = r->fd;
	fw_cfg_begin(r->device, NULL);
	fw_cfg_add(r->device, "etc/bytes", &bytes);
	fw_cfg_add(r->device, "etc/file", &file);
	fw_cfg_add_answer(r->device, "etc/answer");
}

void destroy(struct rig *r)
{
	close(r->fd);
	fw_cfg_destroy(r->device);
	memory_destroy(&r->memory);
}

void choose(struct rig *r, uint16_t key)
{
	fw_cfg_write(r->device, SELECTOR, htobe16(key), 2);
}

void read_data(struct rig *r, uint8_t *to, size_t size, unsigned int width)
{
	for (size_t at = 0; at < size; at += width) {
		const uint64_t value = htole64(fw_cfg_read(r->device, DATA, width));

		memcpy(to + at, &value, width);
	}
}

void put_request(const struct rig *r, uint32_t control, uint32_t length, uint64_t address)
{
	const struct request request = { htobe32(control), htobe32(length), htobe64(address) };

	memcpy(memory_at(&r->memory, REQUEST, sizeof(request)), &request, sizeof(request));
}

uint32_t result(const struct rig *r)
{
	uint32_t control;

	memcpy(&control, memory_at(&r->memory, REQUEST, sizeof(control)), sizeof(control));

	return be32toh(control);
}

uint32_t dma(const struct rig *r, uint32_t control, uint32_t length, uint64_t address)
{
	put_request(r, control, length, address);
	fw_cfg_write(r->device, DMA, htobe64(REQUEST), 8);

	return result(r);
}

uint8_t *buffer(const struct rig *r)
{
	return memory_at(&r->memory, BUFFER, 4096);
}
