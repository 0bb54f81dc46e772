/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/settle.h"

#include <errno.h>
#include <string.h>

#include "base/message.h"
#include "boot/image-release.h"
#include "environment/disks.h"
#include "machine/environment-read.h"
#include "machine/generation-id.h"
#include "run/images.h"
#include "run/resume.h"
#include "save/file.h"

/* Linux compares the FACS on arm64 since this release. */
#define SIGNATURE_MAJOR 6
#define SIGNATURE_MINOR 10

/*
 * The guest that left has put its signature into its image, and the kernel that
 * boots compares it, also with none if it has no ACPI now.
 *
 * Neither the kernel that a firmware loads is known, nor whether the firmware
 * hands the FACS on. The image says it.
 */
bool run_guest_reads_signature(const struct vm *vm, const struct record *last)
{
	struct image_release release;

	if (last->config.firmware)
		return config_has_acpi(&last->config) &&
		       run_images_want_signature(vm->config, vm->devices);

	return last->config.acpi && !strstr(last->config.append, "acpi=off") &&
	       vm->config->kernel && image_find_release(&vm->image.kernel, &release) == 0 &&
	       (release.major > SIGNATURE_MAJOR ||
		(release.major == SIGNATURE_MAJOR && release.minor >= SIGNATURE_MINOR));
}

struct asked {
	const struct vm *vm;
	const struct record *last;
};

/* struct resume. */
static bool reads_signature(const void *context)
{
	const struct asked *asked = context;

	return run_guest_reads_signature(asked->vm, asked->last);
}

/*
 * See to it that no image is taken: where dormouse finds it on a disk, it is
 * discarded, and the kernel gets noresume, unless a firmware loads it from a disk.
 */
static int discard_image(struct vm *vm, struct record *record, struct error *error)
{
	const bool loads_kernel = vm->config->kernel || !vm->config->firmware;
	const int err = run_discard_images(vm->name, vm->config, vm->devices, loads_kernel, error);

	if (err || !loads_kernel)
		return err;
	vm->no_resume = true;
	record->no_resume = true;
	message("%s: its kernel boots with noresume, so that it takes no image", vm->name);

	return 0;
}

/*
 * A firmware's kernel may take an image, and only the user can know that it
 * does not.
 */
static int take_risk(const struct vm *vm, bool force, struct error *error)
{
	const struct error reason = *error;

	if (!force)
		return error_set(error, -EPERM,
				 "%s is a clone of a VM that hibernated: %s, and start it with "
				 "--force",
				 vm->name, reason.text);
	message("%s is a clone of a VM that hibernated: %s", vm->name, reason.text);

	return 0;
}

/*
 * What a clone has of another VM's image is never taken; a guest that reads the
 * signature notices that this is another one.
 */
static int discard_cloned(struct vm *vm, const struct record *last, struct record *record,
			  bool force, struct error *error)
{
	if (!run_guest_reads_signature(vm, last)) {
		const int err = discard_image(vm, record, error);

		return err == -EOPNOTSUPP ? take_risk(vm, force, error) : err;
	}
	message("%s: the image of the VM that it is a clone of is not its own: another hardware "
		"signature makes the guest boot without it",
		vm->name);

	return 0;
}

/*
 * A guest whose disks are not as it left them may be a copy of another one, or
 * of its own past.
 */
static int renew_generation_id(const struct record *last, struct record *record,
			       struct error *error)
{
	struct error phrase;

	return config_has_acpi(&record->config) &&
			       environment_differs(&last->environment, &record->environment,
						   ENVIRONMENT_DISKS, &phrase)
		       ? generation_id_make(&record->config, error)
		       : 0;
}

int run_settle(struct vm *vm, const struct run_options *options, const struct prior_run *found,
	       struct record *record, struct error *error)
{
	const struct asked asked = { .vm = vm, .last = &found->last };
	const struct resume resume = {
		.name = vm->name,
		.last = found->recorded ? &found->last : NULL,
		.may_have_image = run_may_have_image(found),
		.died = found->died,
		.reads_signature = reads_signature,
		.context = &asked,
		.force = options->force,
		.discard = options->discard || found->last.discard_image,
		.strict = options->strict,
	};
	struct error differences;
	int err = environment_read(&record->environment, vm, error);

	if (!err)
		err = environment_read_left_behind(&record->environment, vm, error);
	if (!err)
		err = resume_settle(&resume, record, &differences, error);
	if (!err && options->discard)
		err = discard_image(vm, record, error);
	else if (!err && found->last.discard_image)
		err = discard_cloned(vm, &found->last, record, options->force, error);
	if (!err)
		err = renew_generation_id(&found->last, record, error);
	if (!err)
		err = run_remember_images(vm->devices, record, error);
	if (err)
		return err;
	/* Until this run has ended: its guest may be killed before it has booted. */
	record->discard_image = found->last.discard_image;
	if (*differences.text)
		message("%s: its image needs %s: another hardware signature makes the guest boot "
			"without it",
			vm->name, differences.text);
	vm->hardware_signature = record_signature(record);
	vm->environment = &record->environment;
	/* From now on the guest writes to them. */
	environment_forget_left_behind(&record->environment);

	return 0;
}

/* --- a saved guest --- */

static bool disks_differ(const struct environment *saved, const struct environment *here,
			 const struct prior_run *found, struct error *phrase)
{
	const char *before = saved->values[ENVIRONMENT_DISKS];
	const char *after = here->values[ENVIRONMENT_DISKS];

	if (!before || !after)
		return false;

	return found->recorded ? environment_disks_differ(before, after, phrase)
			       : environment_disks_differ_elsewhere(before, after, phrase);
}

static int check_left_behind(const struct vm *vm, const struct run_options *options,
			     const struct prior_run *found, const struct environment *here,
			     struct error *error)
{
	const struct environment *saved = &options->from->record.environment;
	struct error phrase;

	if (options->force)
		return 0;
	if (environment_differs(saved, here, ENVIRONMENT_VARIABLES, &phrase))
		return error_set(error, -EPERM,
				 "%s, saved in %s, needs %s: restore it with --force and risk "
				 "damaging them",
				 vm->name, options->from->path, phrase.text);
	if (disks_differ(saved, here, found, &phrase))
		return error_set(error, -EPERM,
				 "%s, saved in %s, needs %s: restore it with --force and risk "
				 "damaging its disks",
				 vm->name, options->from->path, phrase.text);

	return 0;
}

/*
 * The lines that the file has: the guest's kernel, for example, is the one in
 * its memory, whatever has its name now.
 */
static int take_over(struct environment *environment, const struct environment *saved)
{
	int err = 0;

	for (enum environment_line line = 0; line < ENVIRONMENT_LINES && !err; line++)
		if (saved->values[line])
			err = environment_set_text(environment, line, saved->values[line]);

	return err;
}

int run_settle_restored(struct vm *vm, const struct run_options *options,
			const struct prior_run *found, struct record *record, struct error *error)
{
	const struct record *saved = &options->from->record;
	/* It hibernated, as far as its signature is concerned: that is kept. */
	const struct resume resume = {
		.name = vm->name, .last = saved, .may_have_image = true, .force = true
	};
	struct error differences;
	int err = 0;

	/* The file of an earlier dormouse has only what its machine says. */
	if (!saved->environment.values[ENVIRONMENT_ID_REGISTERS])
		err = environment_read(&record->environment, vm, error);
	if (!err)
		err = environment_read_left_behind(&record->environment, vm, error);
	if (!err)
		err = check_left_behind(vm, options, found, &record->environment, error);
	if (err)
		return err;
	err = take_over(&record->environment, &saved->environment);
	if (err)
		return error_set(error, err, "out of memory");
	err = resume_settle(&resume, record, &differences, error);
	if (err)
		return err;
	vm->hardware_signature = record_signature(record);
	vm->environment = &record->environment;
	environment_forget_left_behind(&record->environment);
	generation_id_update(vm);

	return vm_fill_firmware(vm, error);
}
