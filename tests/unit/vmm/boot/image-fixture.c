/* SPDX-License-Identifier: BSD-3-Clause */
#include "image-fixture.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/scratch.h"

const struct header good = { 0, 3 * MIB, 0xa, MAGIC };

uint8_t kernel_bytes[KERNEL_SIZE];

const void *make_bytes(struct header header)
{
	const uint64_t fields[] = { htole64(header.text_offset), htole64(header.image_size),
				    htole64(header.flags) };
	const uint32_t magic = htole32(header.magic);

	for (size_t i = 0; i < KERNEL_SIZE; i++)
		kernel_bytes[i] = (uint8_t)(i * 7 + (i >> 8) * 3);
	memcpy(kernel_bytes + 8, fields, sizeof(fields));
	memcpy(kernel_bytes + 56, &magic, sizeof(magic));

	return kernel_bytes;
}

char *make_kernel(struct header header)
{
	return scratch_write("Image", make_bytes(header), KERNEL_SIZE);
}

struct config config_of(char *kernel, char *initrd, uint64_t memory)
{
	return (struct config){ .kernel = kernel, .initrd = initrd, .memory = memory };
}

void opened(struct image *image, const struct config *config)
{
	struct error error = { "" };

	if (image_open(image, config, &error) != 0)
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "");
}
