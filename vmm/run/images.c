/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/images.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"

/* It is the kernel's only if dormouse loads it. */
static const char *command_line(const struct config *config)
{
	return config->kernel ? config->append : NULL;
}

static int append(struct run_places *places, unsigned int number, const struct swap_place *found,
		  size_t count)
{
	struct run_place *list =
		realloc(places->list, (places->count + count) * sizeof(*places->list));

	if (!list)
		return -ENOMEM;
	places->list = list;
	for (size_t i = 0; i < count; i++)
		list[places->count++] = (struct run_place){ .disk = number, .place = found[i] };

	return 0;
}

int run_find_images_on(const struct config *config, int fd, uint64_t size, unsigned int number,
		       struct run_places *places)
{
	const struct source source = source_of_file(fd, size);
	struct swap_places found;
	const int err = swap_find(&source, command_line(config), &found);

	if (err) {
		found.count = 1;
		found.list[0] = (struct swap_place){ .kind = SWAP_UNREADABLE, .err = err };
	}

	return found.count ? append(places, number, found.list, found.count) : 0;
}

int run_find_images(const struct config *config, const struct devices *devices,
		    struct run_places *places, struct error *error)
{
	const struct disk *disk;
	int err = 0;

	*places = (struct run_places){ 0 };
	for (unsigned int i = 0; !err && (disk = devices_disk(devices, i)); i++)
		err = run_find_images_on(config, disk->fd, disk->size, i, places);
	if (!err)
		return 0;
	free(places->list);

	return error_set(error, err, "out of memory");
}

static bool is_unreadable(enum swap_kind kind)
{
	return kind != SWAP_IMAGE && kind != SWAP_SPACE;
}

bool run_images_want_signature(const struct config *config, const struct devices *devices)
{
	struct run_places places;
	struct error error;
	size_t images = 0;
	bool all = true;

	if (run_find_images(config, devices, &places, &error) < 0)
		return false;
	for (size_t i = 0; i < places.count; i++) {
		const struct swap_place *place = &places.list[i].place;

		images += place->kind == SWAP_IMAGE;
		all &= place->kind == SWAP_IMAGE ? place->header.wants_signature
						 : !is_unreadable(place->kind);
	}
	free(places.list);

	return all && images > 0;
}

int run_remember_images(const struct devices *devices, struct record *record, struct error *error)
{
	struct run_places places;
	const int err = run_find_images(&record->config, devices, &places, error);

	if (err)
		return err;
	record->image_count = 0;
	for (size_t i = 0; i < places.count && record->image_count < RECORD_IMAGES_MAX; i++) {
		if (places.list[i].place.kind == SWAP_IMAGE)
			record->images[record->image_count++] = (struct record_image){
				.disk = places.list[i].disk,
				.swap = swap_remember(&places.list[i].place),
			};
	}
	free(places.list);

	return 0;
}

/* --- discarding --- */

/* No image was found: is there none, as far as can be seen? */
static int check_rest(const char *name, const struct devices *devices,
		      const struct run_places *places, struct error *error)
{
	for (size_t i = 0; i < places->count; i++) {
		char text[SWAP_TEXT_SIZE];

		if (!is_unreadable(places->list[i].place.kind))
			continue;
		swap_describe(&places->list[i].place, text);

		return error_set(error, -EOPNOTSUPP,
				 "cannot discard the image of %s: disk %s, %s; add noresume to the "
				 "command line of the kernel that would take it",
				 name, devices_disk(devices, places->list[i].disk)->path, text);
	}
	if (places->count == 0)
		return error_set(
			error, -EOPNOTSUPP,
			"cannot discard the image of %s: none was found, and dormouse does "
			"not look for swap files; add noresume to the command line of the "
			"kernel that would take it",
			name);
	message("%s: no image was discarded: its swap space holds none", name);

	return 0;
}

int run_discard_images(const char *name, const struct config *config, const struct devices *devices,
		       bool has_noresume, struct error *error)
{
	struct run_places places;
	size_t discarded = 0;
	int err = run_find_images(config, devices, &places, error);

	if (err)
		return err;
	for (size_t i = 0; i < places.count && !err; i++) {
		const struct run_place *found = &places.list[i];
		const struct disk *disk = devices_disk(devices, found->disk);
		char text[SWAP_TEXT_SIZE];

		if (found->place.kind != SWAP_IMAGE)
			continue;
		err = swap_discard(disk, &found->place, error);
		if (err && has_noresume) {
			message("%s: %s", name, error->text);
			err = 0;
			continue;
		}
		if (err)
			break;
		swap_describe(&found->place, text);
		message("%s: discarded on disk %s, %s", name, disk->path, text);
		discarded++;
	}
	if (!err && discarded == 0 && !has_noresume && devices_disk(devices, 0))
		err = check_rest(name, devices, &places, error);
	free(places.list);

	return err;
}
