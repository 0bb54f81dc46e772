/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What may be on a disk after a power failure: of the calls that a program made, those
 * that a later sync covers, and any of the others, in part or not at all.
 *
 * A name is durable once its directory is synced, data once its file is. A sync that failed
 * makes nothing durable, and what it should have covered never is for sure. fdatasync() does
 * not cover when a file was written, nor its attributes.
 */
#ifndef FAULTS_MODEL_H
#define FAULTS_MODEL_H

#include "trace.h"

/** The files before the first call, all of it durable. */
struct model_files {
	ino_t state_directory; /**< Of the record. */
	ino_t record; /**< record.json. */
	const char *record_text;
	ino_t disk;
	uint64_t disk_sectors[5][3]; /**< See faults.h: magic, number, state. */
	ino_t saved_directory;
	const char *saved_name; /**< Which does not exist, or NULL. */
};

/** One state in which the power may fail, and how far the program had come. */
struct crash {
	const char *record; /**< The whole text of the record, or NULL: there is none. */
	bool record_is_torn;
	bool has_saved; /**< The file has its name. */
	bool saved_is_whole;
	bool has_parked; /**< The file of parking has its name, beside the record. */
	bool disk_is_current; /**< It has all that was written before. */
	bool disk_is_dated; /**< So is when it was written, and its attribute. */
	uint64_t disk_sectors[5][3];
	unsigned int disk_writes; /**< That the guest has begun. */
	bool has_announced; /**< Standard error has the word. */
	bool has_answered; /**< A client was told. */
	bool guest_runs; /**< Since a vCPU was last made to. */
};

/** Returns what is wrong with it, or NULL. */
typedef const char *(*model_judge)(const struct crash *crash, void *context);

struct model_result {
	unsigned long states; /**< How many were judged. */
	unsigned long wrong;
	const char *first; /**< What was wrong first, or NULL. */
	size_t at; /**< After how many calls. */
};

/** Which syncs are left out, to see that the model misses them. */
enum model_omission {
	OMIT_NOTHING,
	OMIT_SYNCS_OF_DISK,
	OMIT_SYNCS_OF_RECORD,
	OMIT_SYNCS_OF_STATE_DIRECTORY,
	OMIT_SYNCS_OF_SAVED,
	OMIT_SYNCS_OF_SAVED_DIRECTORY,
};

/** Judge all states of a trace. @announcement: the word that announces its end. */
void model_check(const struct trace *trace, const struct model_files *files,
		 const char *announcement, enum model_omission omission, model_judge judge,
		 void *context, struct model_result *result);

#endif
