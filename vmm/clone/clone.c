/* SPDX-License-Identifier: BSD-3-Clause */
#include "clone/clone.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "clone/disks.h"
#include "clone/vars.h"
#include "machine/generation-id.h"
#include "record/file.h"
#include "record/lifecycle.h"
#include "record/record.h"
#include "record/vm-dir.h"
#include "run/parked.h"
#include "run/prior.h"
#include "run/resume.h"
#include "save/file.h"

struct clone {
	const struct clone_options *options;
	struct vm_dir from;
	struct prior_run found;
	struct config config; /* The VM's. */
	struct clone_disks disks;
	struct clone_vars vars;
	struct save_file saved; /* The VM's, if it is saved, */
	bool is_saved;
	char *saved_from; /* its path, */
	char *saved_path; /* and the clone's; */
	bool is_parked; /* which is in its directory. */
	struct new_file copy;
	bool is_begun, is_published;
	struct record record; /* The clone's. */
	struct vm_dir to;
	bool is_made;
};

/* --- the VM --- */

static int is_running(const struct vm_dir *dir, struct error *error)
{
	struct record record = { 0 };
	struct error reason;

	if (record_load(dir->fd, dir->name, &record, &reason) == 0)
		error_set(error, -EBUSY,
			  "cannot clone %s while it is %s (pid %ld runs it): it must first be off, "
			  "hibernated or saved",
			  dir->name, lifecycle_state_word(record.state), record.pid);
	else
		error_set(error, -EBUSY, "cannot clone %s: it is in use by another dormouse",
			  dir->name);
	record_free(&record);

	return -EBUSY;
}

static int find_vm(struct clone *clone, struct error *error)
{
	int err = prior_run_find(&clone->from, &clone->found, error);

	if (err == -EBUSY)
		return is_running(&clone->from, error);
	if (err)
		return err;
	if (!clone->found.recorded)
		return error_set(error, -ENOENT, "%s has never run: there is nothing to clone",
				 clone->from.name);
	if (config_copy(&clone->config, &clone->found.last.config) < 0)
		return error_set(error, -ENOMEM, "out of memory");

	return run_find_moved(&clone->from, &clone->found.last, error);
}

/* The dormouse that saved it may have died before the file had its name. */
static bool awaits_restore(const struct prior_run *found)
{
	const struct record *last = &found->last;
	const char *file = run_saved_file(found);
	const bool has_file = *last->saved_id && file;

	return lifecycle_awaits_restore(last->state, found->died, has_file) &&
	       (last->state == VM_SAVED || access(file, F_OK) == 0);
}

/*
 * What is in a VM's own directory goes with it: the clone has such a file in its own, too.
 * Another one is beside it.
 */
static int choose_saved_path(struct clone *clone, const char *file, struct error *error)
{
	const struct vm_dir to = { .name = clone->options->to };
	char *parked;
	int err = vm_dir_path(&clone->from, VM_DIR_PARKED, &parked, error);

	if (err)
		return err;
	clone->is_parked = strcmp(file, parked) == 0;
	free(parked);

	return clone->is_parked
		       ? vm_dir_path(&to, VM_DIR_PARKED, &clone->saved_path, error)
		       : clone_path_beside(file, clone->options->to, &clone->saved_path, error);
}

static int open_saved(struct clone *clone, struct error *error)
{
	const struct record *last = &clone->found.last;
	const char *file = run_saved_file(&clone->found);
	int err;

	if (!awaits_restore(&clone->found))
		return 0;
	err = save_file_open(file, &clone->saved, error);
	if (err)
		return err;
	clone->is_saved = true;
	if (strcmp(clone->saved.record.saved_id, last->saved_id) != 0)
		return error_set(error, -ESTALE, "%s is not the file that %s is saved in", file,
				 clone->from.name);

	return choose_saved_path(clone, file, error);
}

static bool differs(const struct environment *saved, const struct environment *now,
		    struct error *phrase)
{
	return environment_differs(saved, now, ENVIRONMENT_DISKS, phrase) ||
	       environment_differs(saved, now, ENVIRONMENT_VARIABLES, phrase);
}

/* A clone could not be restored, either. */
static int check_left_behind(const struct clone *clone, struct error *error)
{
	struct environment now = { 0 };
	struct error phrase;
	int err = clone_disks_check_sizes(&clone->disks, error);

	if (!err)
		err = clone_disks_read(&clone->disks, &now, error);
	if (!err)
		err = clone_vars_read(&clone->vars, &now, error);
	if (!err && differs(&clone->saved.record.environment, &now, &phrase))
		err = error_set(error, -EPERM, "cannot clone %s: its guest, saved in %s, needs %s",
				clone->from.name, clone->saved.path, phrase.text);
	environment_free(&now);

	return err;
}

/* --- the clone's records --- */

/* What a record of the VM, its own or that of its file, becomes. */
static int make_own(struct clone *clone, const struct environment *disks, struct record *record,
		    struct error *error)
{
	const char *line = disks->values[ENVIRONMENT_DISKS];
	int err = clone_disks_configure(&clone->disks, &record->config, error);

	if (!err)
		err = clone_vars_configure(&clone->vars, clone->options->to, &record->config,
					   error);
	if (err)
		return err;
	memcpy(record->config.generation_id, clone->record.config.generation_id,
	       sizeof(record->config.generation_id));
	/* What is not known of the VM's disks remains so. */
	if (record->environment.values[ENVIRONMENT_DISKS])
		err = environment_set_text(&record->environment, ENVIRONMENT_DISKS, line);
	memcpy(record->saved_id, clone->record.saved_id, sizeof(record->saved_id));
	free(record->saved_file);
	record->saved_file = clone->saved_path ? strdup(clone->saved_path) : NULL;
	free(record->parked_in);
	record->parked_in = NULL;
	record->parked = false;
	if (clone->saved_path && !record->saved_file)
		err = -ENOMEM;
	record->pid = getpid();
	record->paused = false;
	record->request = (struct request){ 0 };

	return err ? error_set(error, err, "out of memory") : 0;
}

/* What the VM's state, as its record has it, is for the clone. */
static void settle_state(struct clone *clone)
{
	struct record *record = &clone->record;

	if (clone->is_saved) {
		record->state = VM_SAVED;
		return;
	}
	record->discard_image = run_may_have_image(&clone->found);
	if (!clone->found.died)
		return;
	record->state = VM_CRASHED;
	cause_set(&record->cause, VM_TRIGGER_CRASH, CAUSE_VCPU_NONE,
		  "the dormouse that ran the VM that this is a clone of died");
}

/*
 * A clone that boots is another station. A saved guest has its addresses in its
 * memory, as the one that it is a copy of.
 */
static int make_macs(const struct clone *clone, struct config *config, struct error *error)
{
	int err = 0;

	for (size_t i = 0; i < config->net_count && !clone->is_saved && !err; i++)
		err = config_make_mac(config->nets[i].mac);

	return err ? error_set(error, err, "cannot choose a MAC: %s", strerror(-err)) : 0;
}

/* What distinguishes the clone from the VM. */
static int make_identity(struct clone *clone, struct error *error)
{
	struct record *record = &clone->record;
	int err = generation_id_make(&record->config, error);

	/* The host has each port once. */
	record->config.forward_count = 0;
	if (!err)
		err = make_macs(clone, &record->config, error);
	if (err)
		return err;
	record->saved_id[0] = '\0';
	if (clone->is_saved) {
		err = record_make_saved_id(record);
		if (err)
			return error_set(error, err, "cannot make an id: %s", strerror(-err));
	}
	/*
	 * A saved guest has its signature in its memory, and a VM of an earlier
	 * dormouse has none: it gets one when it starts.
	 */
	return clone->is_saved || record->signature_count == 0
		       ? 0
		       : resume_begin_generation(record, error);
}

static int make_records(struct clone *clone, struct error *error)
{
	struct environment disks = { 0 };
	int err;

	clone->record = clone->found.last;
	settle_state(clone);
	/* It is the clone's now, except the path, which the open file has. */
	clone->found.last = (struct record){ 0 };
	clone->saved_from = clone->record.saved_file;
	clone->record.saved_file = NULL;
	err = make_identity(clone, error);
	if (!err)
		err = clone_disks_describe(&clone->disks, &disks, error);
	if (!err)
		err = make_own(clone, &disks, &clone->record, error);
	if (!err && clone->is_saved)
		err = make_own(clone, &disks, &clone->saved.record, error);
	environment_free(&disks);

	return err ? err : record_check_config(&clone->record.config, clone->options->to, error);
}

/* A directory without a record is no VM yet, or its dormouse died. */
static int check_record(const struct vm_dir *dir, struct error *error)
{
	return record_file_exists(dir->fd)
		       ? error_set(error, -EEXIST, "there is a VM named %s already", dir->name)
		       : 0;
}

static int make_directory(struct clone *clone, struct error *error)
{
	struct vm_dir *dir = &clone->to;
	int err = vm_dir_open(clone->options->to, true, dir, error);

	if (err)
		return err;
	err = vm_dir_lock(dir, error);
	if (err == -EBUSY)
		error_set(error, err, "%s is in use by another dormouse", dir->name);
	if (!err)
		err = check_record(dir, error);
	clone->is_made = !err;
	if (err)
		vm_dir_close(dir);

	return err;
}

static int copy_saved(struct clone *clone, struct error *error)
{
	int err = 0;

	if (!clone->is_saved)
		return 0;
	if (clone->is_parked)
		err = make_directory(clone, error);
	if (err)
		return err;
	/* Of a clone that was not finished: there is no record. */
	if (clone->is_parked)
		(void)unlinkat(clone->to.fd, VM_DIR_PARKED, 0);
	err = save_file_copy(&clone->saved, clone->saved_path, clone->options->to,
			     &clone->saved.record, &clone->copy, error);
	clone->is_begun = !err;

	return err;
}

/* --- the clone --- */

static int check_name(const struct clone *clone, struct error *error)
{
	struct vm_dir dir;
	int err = vm_dir_open(clone->options->to, false, &dir, error);

	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	err = check_record(&dir, error);
	vm_dir_close(&dir);

	return err;
}

static int publish_saved(struct clone *clone, struct error *error)
{
	struct error reason;
	int err;

	if (!clone->is_begun)
		return 0;
	err = new_file_publish(&clone->copy, &reason);
	clone->is_begun = false;
	clone->is_published = !err;

	return err ? error_set(error, err, "cannot copy %s to %s: %s", clone->saved.path,
			       clone->saved_path, reason.text)
		   : 0;
}

static int publish(struct clone *clone, struct error *error)
{
	int err;

	if (interrupt_wanted())
		return error_set(error, -ECANCELED, "cannot clone %s: it was interrupted",
				 clone->from.name);
	err = clone->is_made ? 0 : make_directory(clone, error);
	if (!err)
		err = publish_saved(clone, error);
	if (!err)
		err = clone_disks_publish(&clone->disks, error);
	if (!err)
		err = clone_vars_copy(&clone->vars, error);
	if (!err)
		err = record_save(clone->to.fd, clone->to.name, &clone->record, error);

	return err;
}

/* Everything but its name. */
static int copy(struct clone *clone, struct error *error)
{
	int err = find_vm(clone, error);

	if (!err)
		err = open_saved(clone, error);
	if (!err)
		err = clone_disks_open(&clone->disks, error);
	if (!err)
		err = clone_vars_open(&clone->vars, &clone->from, &clone->config, error);
	if (!err && clone->is_saved)
		err = check_left_behind(clone, error);
	if (!err)
		err = clone_disks_copy(&clone->disks, error);
	if (!err)
		err = make_records(clone, error);
	if (!err)
		err = copy_saved(clone, error);

	return err;
}

static void finish(struct clone *clone, bool keep)
{
	if (clone->is_begun)
		new_file_drop(&clone->copy);
	if (clone->is_published && !keep)
		(void)unlink(clone->saved_path);
	clone_disks_close(&clone->disks, keep);
	clone_vars_close(&clone->vars, keep);
	if (clone->is_made && keep)
		vm_dir_close(&clone->to);
	if (clone->is_made && !keep) {
		record_file_remove(clone->to.fd);
		vm_dir_remove(&clone->to);
	}
	if (clone->is_saved)
		save_file_close(&clone->saved);
	free(clone->saved_from);
	free(clone->saved_path);
	config_free(&clone->config);
	record_free(&clone->record);
	record_free(&clone->found.last);
}

static void block_signals(void)
{
	sigset_t signals;

	interrupt_signals(&signals);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	/* A file that may not grow is an error of writing it. */
	(void)signal(SIGXFSZ, SIG_IGN);
}

int clone_vm(const struct clone_options *options, struct error *error)
{
	struct clone clone = { .options = options };
	int err = vm_dir_open(options->from, false, &clone.from, error);

	if (err)
		return err;
	clone.disks = (struct clone_disks){ .options = options, .config = &clone.config };
	block_signals();
	err = check_name(&clone, error);
	if (!err)
		err = copy(&clone, error);
	if (!err)
		err = publish(&clone, error);
	finish(&clone, !err);
	vm_dir_close(&clone.from);

	return err;
}
