/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/terminal.h"
#include "kvm/kvm.h"
#include "machine/environment-read.h"
#include "machine/vm.h"
#include "run/config.h"
#include "run/prior.h"
#include "run/resume.h"
#include "run/run.h"
#include "run/settle.h"
#include "run/vars.h"
#include "vpsci/vpsci.h"

void check_free(struct check *check)
{
	environment_free(&check->before);
	environment_free(&check->now);
	free(check->places.list);
}

/* Where something differs: the guest finds another signature, or would not notice. */
static enum check_outcome outcome_of_change(const struct vm *vm, const struct prior_run *found)
{
	/* What is saved is restored, and no kernel boots. */
	return found->last.state != VM_SAVED && run_guest_reads_signature(vm, &found->last)
		       ? CHECK_NEW_SIGNATURE
		       : CHECK_REFUSES;
}

/*
 * Whether there are images, and each of them wants a signature that the guest
 * does not find: Linux takes none of them, with ACPI or without.
 */
static bool has_other_images_only(const struct check *check)
{
	bool found = false;

	for (size_t i = 0; i < check->places.count; i++) {
		const struct swap_place *place = &check->places.list[i].place;

		if (place->kind != SWAP_IMAGE)
			continue;
		if (!place->header.wants_signature ||
		    place->header.hardware_signature == check->signature)
			return false;
		found = true;
	}

	return found;
}

/* The machine exists, and nothing of it will run. */
static int compare(const struct vm *vm, const struct prior_run *found, struct check *check,
		   struct error *error)
{
	struct image_release release;
	struct error phrases;
	int err = environment_read(&check->now, vm, error);

	if (!err)
		err = environment_read_left_behind(&check->now, vm, error);
	if (!err)
		err = run_find_images(vm->config, vm->devices, &check->places, error);
	if (err)
		return err;
	run_find_hindrances(vm->config, vm->psci_version, &check->places, &check->hindrances);
	if (vm->config->kernel && image_find_release(&vm->image.kernel, &release) == 0)
		run_hear_kernel(&check->hindrances, &release);
	if (!run_may_have_image(found) && found->last.state != VM_SAVED)
		check->outcome = CHECK_BOOTS;
	else if (found->last.discard_image)
		check->outcome = CHECK_DISCARDS;
	else if (environment_compare(&check->before, &check->now, &phrases) == 0)
		check->outcome = has_other_images_only(check) ? CHECK_OTHER_IMAGE : CHECK_RESUMES;
	else
		check->outcome = outcome_of_change(vm, found);

	return 0;
}

static int compare_on(const struct kvm *kvm, const struct config *config,
		      const struct prior_run *found, struct check *check, struct error *error)
{
	struct vm vm;
	int err = vm_create(&vm, kvm, config, found->name, vpsci_choose, error);

	if (err)
		return err;
	if (run_may_have_image(found) || found->last.state == VM_SAVED)
		vm.environment = &found->last.environment;
	err = vm_begin(&vm, error);
	if (!err) {
		err = compare(&vm, found, check, error);
		vm_end(&vm);
	}
	vm_destroy(&vm);

	return err;
}

/* As `dormouse run` would have it, without its console. */
static int resolve(const struct vm_dir *dir, const struct prior_run *found, struct config *config,
		   struct error *error)
{
	/* A saved VM is looked at, too. */
	const struct run_options options = { .name = found->name, .force = true };
	int err = run_config_resolve(&options, found, config, error);

	if (!err)
		err = run_find_vars(dir, config, error);
	if (err)
		return err;
	free(config->console);
	config->console = strdup(TERMINAL_NONE);

	return config->console ? 0 : error_set(error, -ENOMEM, "out of memory");
}

static int check_found(const struct vm_dir *dir, const struct prior_run *found, struct check *check,
		       struct error *error)
{
	struct config config = { 0 };
	struct kvm kvm;
	int err;

	if (!found->recorded)
		return error_set(error, -ENOENT, "%s has never run", found->name);
	check->state = found->last.state;
	check->died = found->died;
	check->signature = resume_kept_signature(&found->last);
	err = environment_copy(&check->before, &found->last.environment);
	if (err)
		return error_set(error, err, "out of memory");
	err = resolve(dir, found, &config, error);
	if (!err)
		err = kvm_open(&kvm, error);
	if (!err) {
		err = compare_on(&kvm, &config, found, check, error);
		kvm_close(&kvm);
	}
	config_free(&config);

	return err;
}

int run_check(const char *name, struct check *check, struct error *error)
{
	struct prior_run found = { 0 };
	struct vm_dir dir;
	int err = vm_dir_open(name, false, &dir, error);

	*check = (struct check){ 0 };
	if (err)
		return err;
	err = prior_run_find(&dir, &found, error);
	if (!err)
		err = check_found(&dir, &found, check, error);
	if (err)
		check_free(check);
	record_free(&found.last);
	vm_dir_close(&dir);

	return err;
}
