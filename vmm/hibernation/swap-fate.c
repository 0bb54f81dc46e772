/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of an image: it is discarded, or its guest takes it or not. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/durable.h"
#include "base/range.h"
#include "hibernation/swap.h"

/* --- discarding --- */

static int write_signature(const struct disk *disk, const struct swap_place *place)
{
	return range_write(disk->fd, place->offset + place->header.page_size - SWAP_SIGNATURE_SIZE,
			   place->header.original, SWAP_SIGNATURE_SIZE);
}

static bool is_unchanged(const struct swap_header *before, const struct swap_header *now)
{
	return now->id == before->id &&
	       memcmp(now->signature, before->signature, SWAP_SIGNATURE_SIZE) == 0;
}

int swap_discard(const struct disk *disk, const struct swap_place *place, struct error *error)
{
	const struct source source = source_of_file(disk->fd, disk->size);
	struct swap_header now;
	int err;

	if (disk->read_only)
		return error_set(
			error, -EROFS,
			"cannot discard the hibernation image on disk %s, which is read-only",
			disk->path);
	if (place->header.original[0] == '\0')
		return error_set(
			error, -EINVAL,
			"cannot discard the hibernation image on disk %s: its header lacks "
			"the signature of its swap space",
			disk->path);

	err = swap_header_read(&source, place->offset, place->header.page_size, &now);
	if (err >= 0 && (err == 0 || !is_unchanged(&place->header, &now)))
		return error_set(error, -ESTALE,
				 "cannot discard the hibernation image on disk %s: its header has "
				 "changed",
				 disk->path);
	if (err > 0)
		err = write_signature(disk, place);
	if (!err)
		err = durable_sync_data(disk->fd);
	if (err < 0)
		return error_set(error, err, "cannot discard the hibernation image on disk %s: %s",
				 disk->path, strerror(-err));

	return 0;
}

/* --- after a start --- */

struct swap_image swap_remember(const struct swap_place *place)
{
	return (struct swap_image){
		.offset = place->offset,
		.page_size = place->header.page_size,
		.id = place->header.id,
		.wants_signature = place->header.wants_signature,
		.hardware_signature = place->header.hardware_signature,
	};
}

static bool is_page_size(uint32_t size)
{
	for (size_t i = 0; i < SWAP_PAGE_SIZES; i++) {
		if (swap_page_sizes[i] == size)
			return true;
	}

	return false;
}

enum swap_fate swap_fate(const struct source *source, const struct swap_image *image)
{
	struct swap_header header;
	int found;

	/* A record is a file: it may say anything. */
	if (!is_page_size(image->page_size) || image->offset > source->size)
		return SWAP_FATE_UNREADABLE;
	found = swap_header_read(source, image->offset, image->page_size, &header);
	if (found < 0)
		return SWAP_FATE_UNREADABLE;
	if (found == 0)
		return SWAP_FATE_OVERWRITTEN;
	if (header.id != image->id)
		return header.has_image ? SWAP_FATE_REPLACED : SWAP_FATE_OVERWRITTEN;

	return header.has_image ? SWAP_FATE_KEPT : SWAP_FATE_RELEASED;
}

static bool has_word(const char *command_line, const char *wanted)
{
	const size_t length = strlen(wanted);

	for (const char *word = command_line; word && *word; word += strcspn(word, " ")) {
		word += strspn(word, " ");
		if (strcspn(word, " ") == length && strncmp(word, wanted, length) == 0)
			return true;
	}

	return false;
}

static bool says_noresume(const struct swap_start *start)
{
	return start->no_resume || has_word(start->command_line, "noresume");
}

/* Why a guest's kernel did not look for its image. */
static void explain_kept(const struct swap_start *start, struct error *text)
{
	const char *why = "";

	if (says_noresume(start))
		why = ": its command line says noresume";
	else if (start->command_line && !strstr(start->command_line, "resume="))
		why = "; its command line has no resume=, so that its initramfs has to name the "
		      "image";
	error_set(text, 0, "the guest has not looked for its image, which is still there%s", why);
}

static void explain_released(const struct swap_image *image, const struct swap_start *start,
			     struct error *text)
{
	if (says_noresume(start))
		error_set(text, 0, "the guest discarded its image: its command line says noresume");
	else if (!image->wants_signature)
		error_set(
			text, 0,
			"the guest found its image and could take it: the image wants no hardware "
			"signature");
	else if (start->hardware_signature == 0)
		error_set(text, 0,
			  "the guest discarded its image, which wants the hardware signature "
			  "0x%08" PRIx32 ": its machine has none",
			  image->hardware_signature);
	else if (image->hardware_signature != start->hardware_signature)
		error_set(text, 0,
			  "the guest discarded its image, which wants the hardware signature "
			  "0x%08" PRIx32 ": its machine has 0x%08" PRIx32,
			  image->hardware_signature, start->hardware_signature);
	else
		error_set(
			text, 0,
			"the guest found its image and could take it: its machine has the hardware "
			"signature 0x%08" PRIx32 " that the image wants",
			image->hardware_signature);
}

void swap_explain(enum swap_fate fate, const struct swap_image *image,
		  const struct swap_start *start, struct error *text)
{
	switch (fate) {
	case SWAP_FATE_KEPT:
		explain_kept(start, text);
		break;
	case SWAP_FATE_RELEASED:
		explain_released(image, start, text);
		break;
	case SWAP_FATE_REPLACED:
		error_set(
			text, 0,
			"the guest's image was replaced: there is an image of a later hibernation");
		break;
	case SWAP_FATE_OVERWRITTEN:
		error_set(
			text, 0,
			"the guest's image was overwritten: where it was there is other swap space "
			"or none");
		break;
	case SWAP_FATE_UNREADABLE:
		error_set(text, 0,
			  "what became of the guest's image is not known: it cannot be read");
		break;
	}
}
