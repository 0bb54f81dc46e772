/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM's record, which outlives the process: record.json in its directory.
 *
 * It is replaced as a whole, durably, or not at all: a reader, after any crash,
 * finds the state before a change or the one after.
 */
#ifndef VMM_RECORD_H
#define VMM_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"
#include "config/config.h"
#include "environment/environment.h"
#include "hibernation/swap.h"
#include "record/cause.h"
#include "record/request.h"
#include "record/suspension.h"

/** The limit of a record's size, for writing and reading. */
#define RECORD_SIZE_MAX (256L * 1024)

/** The size of the id of a saved VM's file: 128 random bits in hexadecimal. */
#define RECORD_SAVED_ID_SIZE 33

/** How many signatures it keeps. An image that is older than so many is lost. */
#define RECORD_SIGNATURES_MAX 256

/** How many hibernation images it remembers. */
#define RECORD_IMAGES_MAX 4

/** What a machine's RAM needs of the file that it was restored from. */
enum record_restoring {
	RESTORING_NOTHING,
	RESTORING_BY_USERFAULTFD, /**< What was not accessed yet is only there. */
	RESTORING_BY_MAPPING, /**< It is mapped. */
};

struct record_image {
	unsigned int disk; /**< Of those of the configuration. */
	struct swap_image swap;
};

struct record {
	enum vm_state state;
	struct cause cause; /**< What led to the state. */
	long pid; /**< The dormouse that wrote it. */
	uint64_t boots; /**< Power cycles of the machine so far, including resets. */
	char host[80]; /**< The release of the host's kernel then. */
	bool paused; /**< It has a process, and the host has paused its vCPUs. */
	/**
	 * The guest's SYSTEM_SUSPEND, while suspended and if it ended in that
	 * state.
	 */
	struct suspension suspension;
	struct request request; /**< The last one of this run, or of the last run. */
	char saved_id[RECORD_SAVED_ID_SIZE]; /**< Of the file it is, or was, saved in; or empty. */
	char *saved_file; /**< Its absolute path, or NULL. */
	bool parked; /**< It is suspended, and its memory is in saved_file, or in parked_in. */
	char *parked_in; /**< While a parked one is saved: the file that it is parked in, or NULL. */
	enum record_restoring restoring; /**< While it has a process: from saved_file. */
	struct config config;
	/**
	 * What the guest relies on. What a run leaves behind is known between
	 * runs only.
	 */
	struct environment environment;
	/**
	 * It is a clone that has not been started: what its disks have is the
	 * image of another VM's guest.
	 */
	bool discard_image;
	uint64_t generation; /**< The host's part of the hardware signature. */
	/**
	 * Those that its guests were given, the last one last; none in records
	 * of a dormouse that gave none.
	 */
	uint32_t signatures[RECORD_SIGNATURES_MAX];
	size_t signature_count;
	/** Those that its disks held when it was started last, for status. */
	struct record_image images[RECORD_IMAGES_MAX];
	size_t image_count;
	bool no_resume; /**< Its kernel had noresume then, and took none of them. */
};

/** Free what a record owns and make it all zero. */
void record_free(struct record *record);

/**
 * Give it a new id of the file that it is saved in. Returns 0 or -errno.
 */
int record_make_saved_id(struct record *record);

/** The hardware signature that its guest was given; one that has any. */
uint32_t record_signature(const struct record *record);

/** The word for its state, as lifecycle_state_word(), or "parked". */
const char *record_state_word(const struct record *record);

/** The word for what is not RESTORING_NOTHING: "userfaultfd" or "mapping". */
const char *record_restoring_word(enum record_restoring restoring);

/**
 * Read the record in the directory @dir_fd. @name is the VM's, for messages.
 * Returns 0; -ENOENT without a message if there is none; else -errno with
 * @error set. On failure @record is untouched.
 */
int record_load(int dir_fd, const char *name, struct record *record, struct error *error);

/**
 * Read a record from @size bytes of @text, which a file named @name holds:
 * messages report it as damaged. Otherwise like record_load().
 */
int record_parse(const char *text, size_t size, const char *name, struct record *record,
		 struct error *error);

/**
 * Replace the record in the directory @dir_fd. Returns 0 when the new one is on
 * disk; or -errno with @error set: then the old one is still there, or, if all
 * but the last step succeeded, the new one, but perhaps not durably. -EFBIG: it
 * is too long.
 */
int record_save(int dir_fd, const char *name, const struct record *record, struct error *error);

/**
 * Check, before anything changes, whether every record of a machine of this
 * configuration is short enough. Returns 0, or -errno with @error set: -E2BIG
 * if not.
 */
int record_check_config(const struct config *config, const char *name, struct error *error);

/**
 * The whole record, as in record.json. Returns a new reference, or NULL if
 * memory ran out.
 */
json_t *record_to_json(const struct record *record, const char *name);

#endif
