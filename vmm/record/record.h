/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What outlives the process: a VM's record, record.json in its directory.
 *
 * It is replaced as a whole, durably, or not at all: whoever reads it, after
 * whatever crash, finds the state before a change or the one after.
 */
#ifndef VMM_RECORD_H
#define VMM_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"
#include "config/config.h"
#include "record/cause.h"
#include "record/suspension.h"

/** A record is shorter than this: neither written nor read otherwise. */
#define RECORD_SIZE_MAX (256L * 1024)

/** Of a file that a VM is saved in: 128 random bits in hexadecimal. */
#define RECORD_SAVED_ID_SIZE 33

struct record {
	enum vm_state state;
	struct cause cause; /**< What led to the state. */
	long pid; /**< The dormouse that wrote it. */
	uint64_t boots; /**< Lives of the machine so far, resets included. */
	char host[80]; /**< The release of the host's kernel then. */
	bool paused; /**< It has a process, whose vCPUs are stopped from outside. */
	/** Of the guest's SYSTEM_SUSPEND, while suspended and if it ended like that. */
	struct suspension suspension;
	char saved_id[RECORD_SAVED_ID_SIZE]; /**< Of the file it is, or was, saved in; or empty. */
	char *saved_file; /**< Its absolute path, or NULL. */
	struct config config;
};

/** Free what a record owns and make it all zero. */
void record_free(struct record *record);

/**
 * Read the record in the directory @dir_fd. @name is the VM's, for messages.
 * Returns 0; -ENOENT without a message if there is none; else -errno with
 * @error set. On failure @record is untouched.
 */
int record_load(int dir_fd, const char *name, struct record *record, struct error *error);

/**
 * Read a record from @size bytes of @text, which a file named @name holds: messages
 * tell that it is damaged. Else as record_load().
 */
int record_parse(const char *text, size_t size, const char *name, struct record *record,
		 struct error *error);

/**
 * Replace the record in the directory @dir_fd. Once it returns 0 the new one is
 * on disk; else it returns -errno with @error set and the old one stands, or, if
 * all but the last step succeeded, the new one, yet perhaps not durably. -EFBIG: it is
 * too long.
 */
int record_save(int dir_fd, const char *name, const struct record *record, struct error *error);

/**
 * Find out, before anything changes, whether every record of a machine of this
 * configuration is short enough. Returns 0, or -errno with @error set: -E2BIG if not.
 */
int record_check_config(const struct config *config, const char *name, struct error *error);

/** All of it, as record.json has it. Returns a new reference, or NULL if memory ran out. */
json_t *record_to_json(const struct record *record, const char *name);

#endif
