/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/images-json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In hexadecimal: JSON's readers need not keep 64 bits of an integer. */
#define NUMBER_SIZE 24

static const char *write_number(uint64_t number, char text[NUMBER_SIZE])
{
	snprintf(text, NUMBER_SIZE, "0x%llx", (unsigned long long)number);

	return text;
}

/* As write_number() writes it. Returns 0 or -EINVAL. */
static int read_number(const char *text, uint64_t *number)
{
	const unsigned long long value = strtoull(text, NULL, 16);
	char again[NUMBER_SIZE];

	if (strcmp(write_number(value, again), text) != 0)
		return -EINVAL;
	*number = value;

	return 0;
}

static json_t *image_to_json(const struct record_image *image)
{
	char offset[NUMBER_SIZE];
	char id[NUMBER_SIZE];
	char signature[NUMBER_SIZE];

	return json_pack("{s:i, s:s, s:i, s:s, s:s*}", "disk", (int)image->disk, "offset",
			 write_number(image->swap.offset, offset), "page-size",
			 (int)image->swap.page_size, "id", write_number(image->swap.id, id),
			 "wants",
			 image->swap.wants_signature
				 ? write_number(image->swap.hardware_signature, signature)
				 : NULL);
}

json_t *record_images_to_json(const struct record *record)
{
	json_t *images = json_array();

	for (size_t i = 0; i < record->image_count; i++) {
		if (json_array_append_new(images, image_to_json(&record->images[i])) < 0) {
			json_decref(images);

			return NULL;
		}
	}

	return images;
}

static int image_from_json(json_t *json, struct record_image *image)
{
	const char *offset;
	const char *id;
	const char *wants = NULL;
	json_int_t disk;
	json_int_t page_size;
	uint64_t signature = 0;

	if (json_unpack(json, "{s:I, s:s, s:I, s:s, s?s}", "disk", &disk, "offset", &offset,
			"page-size", &page_size, "id", &id, "wants", &wants) < 0)
		return -EINVAL;
	if (disk < 0 || disk >= CONFIG_DISKS_MAX || page_size < 0 || page_size > UINT32_MAX ||
	    read_number(offset, &image->swap.offset) < 0 || read_number(id, &image->swap.id) < 0 ||
	    (wants && (read_number(wants, &signature) < 0 || signature > UINT32_MAX)))
		return -EINVAL;
	image->disk = (unsigned int)disk;
	image->swap.page_size = (uint32_t)page_size;
	image->swap.wants_signature = wants != NULL;
	image->swap.hardware_signature = (uint32_t)signature;

	return 0;
}

int record_images_from_json(json_t *json, struct record *record)
{
	json_t *image;
	size_t i;

	if (!json_is_array(json) || json_array_size(json) > RECORD_IMAGES_MAX)
		return -EINVAL;
	json_array_foreach(json, i, image)
	{
		const int err = image_from_json(image, &record->images[i]);

		if (err)
			return err;
		record->image_count = i + 1;
	}

	return 0;
}
