/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "run/images.h"

void run_name_disk(unsigned int disk, char name[RUN_DISK_NAME_SIZE])
{
	snprintf(name, RUN_DISK_NAME_SIZE, "vd%c", (char)('a' + disk));
}

static const char *kind_word(enum swap_kind kind)
{
	switch (kind) {
	case SWAP_IMAGE:
		return "image";
	case SWAP_SPACE:
		return "swap";
	case SWAP_ENCRYPTED:
		return "encrypted";
	case SWAP_LVM:
		return "lvm";
	case SWAP_RAID:
		return "raid";
	case SWAP_UNREADABLE:
		break;
	}

	return "unreadable";
}

/* The partition is null for the disk as a whole. */
static json_t *place_to_json(const struct run_place *found)
{
	const struct swap_place *place = &found->place;
	const bool has_header = place->kind == SWAP_IMAGE || place->kind == SWAP_SPACE;
	char disk[RUN_DISK_NAME_SIZE];
	char wants[16];

	run_name_disk(found->disk, disk);
	snprintf(wants, sizeof(wants), "%#" PRIx32, place->header.hardware_signature);

	return json_pack("{s:s, s:o, s:s, s:b, s:I, s:o*, s:s*}", "disk", disk, "partition",
			 place->partition ? json_integer(place->partition) : json_null(), "kind",
			 kind_word(place->kind), "swap-file", (int)place->in_file, "offset",
			 (json_int_t)place->offset, "page-size",
			 has_header ? json_integer(place->header.page_size) : NULL, "wants",
			 place->header.wants_signature ? wants : NULL);
}

json_t *run_places_to_json(const struct run_places *places)
{
	json_t *json = json_array();

	for (size_t i = 0; i < places->count; i++) {
		if (json_array_append_new(json, place_to_json(&places->list[i])) < 0) {
			json_decref(json);

			return NULL;
		}
	}

	return json;
}
