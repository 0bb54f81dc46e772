/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/hindrances.h"

#include <psci/abi.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "boot/image.h"
#include "machine/buttons.h"
#include "run/image-fate.h"

/* The first Linux that hibernates by SYSTEM_OFF2. */
#define REPORTS_MAJOR 6U
#define REPORTS_MINOR 13U

__attribute__((format(printf, 3, 4))) static void add(struct run_hindrances *hindrances,
						      bool prevents, const char *format, ...)
{
	struct run_hindrance *hindrance = &hindrances->list[hindrances->count++];
	va_list args;

	hindrance->prevents = prevents;
	va_start(args, format);
	(void)vsnprintf(hindrance->reason, sizeof(hindrance->reason), format, args);
	va_end(args);
}

struct swap_space {
	size_t count;
	bool unreadable; /* Something else may be swap space, too. */
	uint64_t size; /* In bytes; 0 if that of one is not known. */
};

static struct swap_space sum(const struct run_places *places)
{
	struct swap_space space = { 0 };
	bool known = true;

	for (size_t i = 0; i < places->count; i++) {
		const struct swap_place *place = &places->list[i].place;

		if (place->kind != SWAP_SPACE && place->kind != SWAP_IMAGE) {
			space.unreadable = true;
			continue;
		}
		space.count++;
		space.size += (uint64_t)place->header.pages * place->header.page_size;
		known = known && place->header.pages > 0;
	}
	if (!known)
		space.size = 0;

	return space;
}

static void look_at_swap(const struct config *config, const struct run_places *places,
			 struct run_hindrances *hindrances)
{
	const struct swap_space space = sum(places);

	if (config->disk_count == 0)
		add(hindrances, true, "it has no disk, on which its memory would be kept");
	else if (space.count == 0 && !space.unreadable)
		add(hindrances, false,
		    "none of its disks has swap space, unless in a file, which is looked for only "
		    "by resume_offset=");
	else if (space.size > 0 && space.size < config->memory && !space.unreadable)
		add(hindrances, false,
		    "its swap space, %llu MiB, is smaller than its memory, %llu MiB: it can keep a "
		    "part of that only",
		    (unsigned long long)space.size >> 20, (unsigned long long)config->memory >> 20);
}

void run_find_hindrances(const struct config *config, uint32_t psci_version,
			 const struct run_places *places, struct run_hindrances *hindrances)
{
	char version[CONFIG_VERSION_TEXT_SIZE];

	*hindrances = (struct run_hindrances){ 0 };
	config_format_psci_version(psci_version, version);
	if (psci_version < PSCI_VERSION_1_3)
		add(hindrances, true,
		    "it cannot report that it hibernated: its PSCI is %s, and SYSTEM_OFF2 came with "
		    "1.3",
		    version);
	if (!buttons_are_in(config)) {
		add(hindrances, false,
		    "it can be asked to only by an agent: its machine has no buttons, which come "
		    "with --acpi or a firmware (machine version 4)");
		hindrances->list[hindrances->count - 1].unless_agent = true;
	}
	look_at_swap(config, places, hindrances);
}

static void forget_kernel(struct run_hindrances *hindrances)
{
	size_t kept = 0;

	for (size_t i = 0; i < hindrances->count; i++) {
		if (!hindrances->list[i].of_kernel)
			hindrances->list[kept++] = hindrances->list[i];
	}
	hindrances->count = kept;
}

void run_hear_kernel(struct run_hindrances *hindrances, const struct image_release *kernel)
{
	forget_kernel(hindrances);
	if (kernel->major > REPORTS_MAJOR ||
	    (kernel->major == REPORTS_MAJOR && kernel->minor >= REPORTS_MINOR))
		return;
	add(hindrances, false,
	    "its kernel is Linux %u.%u, which does not report that it hibernated: %u.%u and newer do, "
	    "and others from 5.19 on with the module psci_hibernate",
	    kernel->major, kernel->minor, REPORTS_MAJOR, REPORTS_MINOR);
	hindrances->list[hindrances->count - 1].of_kernel = true;
}

/* A kernel within an EFI program is not looked at. */
static void look_at_kernel(const char *path, struct run_hindrances *hindrances)
{
	struct image_release release;
	struct packed kernel;
	struct error ignored;

	if (image_open_file("kernel", path, &kernel, &ignored) < 0)
		return;
	if (unpack_detect(&kernel) == 0 && image_find_release(&kernel, &release) == 0)
		run_hear_kernel(hindrances, &release);
	close(kernel.fd);
}

int run_find_hindrances_of(const struct record *record, struct run_hindrances *hindrances,
			   struct error *error)
{
	const struct config *config = &record->config;
	struct run_places places = { 0 };
	int err = 0;

	for (unsigned int i = 0; i < config->disk_count && !err; i++) {
		uint64_t size = 0;
		const int fd = run_open_disk(config->disks[i].path, &size);

		if (fd < 0)
			continue;
		err = run_find_images_on(config, fd, size, i, &places);
		close(fd);
	}
	if (!err) {
		run_find_hindrances(config, config->psci_version, &places, hindrances);
		if (config->kernel)
			look_at_kernel(config->kernel, hindrances);
	}
	free(places.list);

	return err ? error_set(error, err, "out of memory") : 0;
}

void run_hear_agent(struct run_hindrances *hindrances, const char *reason)
{
	size_t kept = 0;

	for (size_t i = 0; i < hindrances->count; i++) {
		if (!hindrances->list[i].unless_agent)
			hindrances->list[kept++] = hindrances->list[i];
	}
	hindrances->count = kept;
	if (reason)
		add(hindrances, true, "%s", reason);
}

bool run_is_prevented(const struct run_hindrances *hindrances)
{
	for (size_t i = 0; i < hindrances->count; i++) {
		if (hindrances->list[i].prevents)
			return true;
	}

	return false;
}

json_t *run_hindrances_to_json(const struct run_hindrances *hindrances)
{
	json_t *json = json_array();

	for (size_t i = 0; i < hindrances->count; i++) {
		const struct run_hindrance *hindrance = &hindrances->list[i];

		if (json_array_append_new(json, json_pack("{s:b, s:s}", "prevents",
							  (int)hindrance->prevents, "reason",
							  hindrance->reason)) < 0) {
			json_decref(json);

			return NULL;
		}
	}

	return json;
}
