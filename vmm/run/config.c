/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board/board.h"
#include "machine/generation-id.h"
#include "save/file.h"

/*
 * Whether the file that the record names may be restored: its guest has not run
 * since.
 */
static bool awaits_restore(const struct prior_run *found)
{
	const struct record *last = &found->last;

	return found->recorded && !run_was_woken(found) &&
	       lifecycle_awaits_restore(last->state, found->died,
					*last->saved_id && last->saved_file);
}

/*
 * Its guest is saved in a file, and relies on the contents of its disks: no
 * other guest may write there.
 */
static int check_saved(const struct prior_run *found, struct error *error)
{
	const char *file = found->last.saved_file;

	if (!awaits_restore(found))
		return 0;
	if (found->last.state == VM_SAVED)
		return error_set(
			error, -EPERM,
			"%s is saved in %s: resume it with \"dormouse restore %s\", or start it "
			"with --force, which makes that file useless",
			found->name, file, file);
	/*
	 * Its dormouse died before the file had its name: nothing can be lost.
	 */
	if (access(file, F_OK) < 0 && errno == ENOENT)
		return 0;

	return error_set(error, -EPERM,
			 "the dormouse that ran %s died after saving it in %s: resume it with "
			 "\"dormouse restore %s\", or start it with --force, which makes that "
			 "file useless",
			 found->name, file, file);
}

/*
 * Whether the guest in the file has run since it was saved, as far as it is
 * known here.
 */
static bool is_rollback(const struct run_options *options, const struct prior_run *found)
{
	return found->recorded &&
	       !(awaits_restore(found) &&
		 strcmp(found->last.saved_id, options->from->record.saved_id) == 0);
}

/*
 * A saved guest's knowledge of its disks is correct as long as it has not run
 * since.
 */
static int check_restored(const struct run_options *options, const struct prior_run *found,
			  struct error *error)
{
	if (!is_rollback(options, found))
		return 0;
	if (awaits_restore(found))
		return error_set(
			error, -EPERM,
			"%s is saved in %s, which is newer than %s or unrelated to it: restore "
			"the former, or the latter with --force and risk damaging its disks",
			found->name, found->last.saved_file, options->from->path);

	return error_set(error, -EPERM,
			 "%s has run since it was saved in %s, so its disks do not match the "
			 "saved guest: restore it with --force and risk damaging them",
			 found->name, options->from->path);
}

static int check(const struct run_options *options, const struct prior_run *found,
		 struct error *error)
{
	if (options->force)
		return 0;

	return options->from ? check_restored(options, found, error) : check_saved(found, error);
}

/*
 * The options that belong to the run, for a machine that is not described anew.
 */
static int change_run(const struct config *wanted, struct config *config, struct error *error)
{
	char *console = wanted->console ? strdup(wanted->console) : NULL;

	if (wanted->console && !console)
		return error_set(error, -ENOMEM, "out of memory");
	free(config->console);
	config->console = console;
	config->console_limit = wanted->console_limit;
	config->psci_test = wanted->psci_test;
	if (wanted->on_reset != RESET_POLICY_NONE)
		config->on_reset = wanted->on_reset;
	if (wanted->on_reset2 != RESET_POLICY_NONE)
		config->on_reset2 = wanted->on_reset2;
	if (wanted->on_panic != PANIC_POLICY_NONE)
		config->on_panic = wanted->on_panic;
	if (wanted->suspend != SUSPEND_POLICY_NONE)
		config->suspend = wanted->suspend;
	if (wanted->wake_on_net != WAKE_ON_NET_NONE)
		config->wake_on_net = wanted->wake_on_net;
	if (wanted->sleep_when_idle)
		config->sleep_when_idle = wanted->sleep_when_idle;
	if (wanted->park)
		config->park = wanted->park;
	if (wanted->forward_count || wanted->no_forwards) {
		memcpy(config->forwards, wanted->forwards, sizeof(config->forwards));
		config->forward_count = wanted->forward_count;
	}
	if (wanted->console_device != CONSOLE_DEVICE_NONE)
		config->console_device = wanted->console_device;

	return 0;
}

/* The VM keeps its generation ID for as long as its record does. */
static int identify(struct config *config, const struct prior_run *found, struct error *error)
{
	const struct config *last = &found->last.config;

	if (!config_has_acpi(config))
		return 0;
	if (found->recorded && config_has_acpi(last)) {
		memcpy(config->generation_id, last->generation_id, sizeof(config->generation_id));
		return 0;
	}

	return generation_id_make(config, error);
}

static int check_forwards(const struct config *config, const char *name, struct error *error)
{
	if (config->forward_count > 0 && !config_has_passt(config))
		return error_set(error, -EINVAL,
				 "--forward for %s, which has no --net passt: only passt forwards "
				 "ports",
				 name);

	return 0;
}

static int check_console(const struct config *config, const char *name, struct error *error)
{
	if (config->console_device == CONSOLE_DEVICE_NONE ||
	    config->machine_version >= BOARD_VERSION_4)
		return 0;

	return error_set(error, -EINVAL,
			 "--console-device for %s, which has machine version %u: its only console "
			 "is the UART; virtio-console came with version %d",
			 name, config->machine_version, BOARD_VERSION_4);
}

/* The machine that was, as a whole. */
static int take_over(const struct run_options *options, const struct prior_run *found,
		     struct config *config, struct error *error)
{
	int err = change_run(&options->config, config, error);

	if (!err)
		err = check_forwards(config, found->name, error);
	if (!err)
		err = check_console(config, found->name, error);
	/* What its guest has done since is undone. */
	if (!err && config_has_acpi(config) && options->from && is_rollback(options, found))
		return generation_id_make(config, error);

	return err;
}

/*
 * What the options leave open a hibernated guest finds as it was. A version is
 * a server's own.
 */
static void keep_what_is_open(const struct config *last, struct config *config)
{
	if (!config->machine_version)
		config->machine_version = last->machine_version;
	if (config->psci == PSCI_SERVER_ANY)
		config->psci = last->psci;
	if (!config->psci_version && config->psci == last->psci)
		config->psci_version = last->psci_version;
}

/*
 * A device that is described anew keeps the address that the one in its place
 * had, unless that is given to another one; and its features, since those of a
 * later dormouse may be more.
 */
static int settle_nets(const struct prior_run *found, struct config *config, struct error *error)
{
	const struct config *last = &found->last.config;
	const bool keep = run_may_have_image(found);
	int err = 0;

	if (config->net_count > 0 && config->machine_version < BOARD_VERSION_4)
		return error_set(error, -EINVAL,
				 "--net for %s, which has machine version %u: network devices came "
				 "with version %d",
				 found->name, config->machine_version, BOARD_VERSION_4);
	for (size_t i = 0; i < config->net_count && !err; i++) {
		struct net_config *net = &config->nets[i];
		const struct net_config *former = i < last->net_count ? &last->nets[i] : NULL;

		if (!config_has_mac(net) && former && !config_uses_mac(config, former->mac))
			memcpy(net->mac, former->mac, sizeof(net->mac));
		else if (!config_has_mac(net))
			err = config_make_mac(net->mac);
		net->features = config_net_features(net->kind);
		if (keep && former && former->kind == net->kind)
			net->features = former->features;
	}

	return err ? error_set(error, err, "cannot choose a MAC: %s", strerror(-err)) : 0;
}

int run_config_resolve(const struct run_options *options, const struct prior_run *found,
		       struct config *config, struct error *error)
{
	const struct config *wanted = &options->config;
	const bool anew = config_describes_machine(wanted);
	const struct config *as_it_was =
		options->from ? &options->from->record.config : &found->last.config;
	int err;

	if (!anew && !options->from && !found->recorded)
		return error_set(
			error, -ENOENT,
			"%s has never run: describe it with --kernel, --flat or --firmware",
			found->name);
	err = check(options, found, error);
	if (err)
		return err;
	if (config_copy(config, anew ? wanted : as_it_was) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	if (!anew)
		return take_over(options, found, config, error);
	if (run_may_have_image(found) && !options->force)
		keep_what_is_open(&found->last.config, config);
	if (!config->machine_version)
		config->machine_version = BOARD_VERSION_NEWEST;
	if (config->cpu_features_off && config->machine_version < BOARD_VERSION_3)
		return error_set(error, -EINVAL,
				 "--cpu-features for %s, which has machine version %u: its CPUs "
				 "have none of these features, which came with version %d",
				 found->name, config->machine_version, BOARD_VERSION_3);

	if (config->vars && config->machine_version < BOARD_VERSION_3)
		return error_set(error, -EINVAL,
				 "--vars with machine version %u: its firmware cannot keep "
				 "variables, as that of version %d can",
				 config->machine_version, BOARD_VERSION_3);
	err = check_console(config, found->name, error);
	if (!err)
		err = identify(config, found, error);
	if (!err)
		err = settle_nets(found, config, error);
	if (!err)
		err = check_forwards(config, found->name, error);
	if (err)
		return err;

	return record_check_config(config, found->name, error);
}
