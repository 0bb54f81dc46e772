/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM of a guest that sleeps (guests/hostile-sleep.c), its disk, its record, and the file
 * that it is saved in, all in one folder.
 */
#ifndef FAULTS_VM_H
#define FAULTS_VM_H

#include "model.h"
#include "trace.h"

/** What the guest keeps on its disk, in the front of each sector. */
enum { SECTOR_MAGIC, SECTOR_NUMBER, SECTOR_STATE };
#define SECTOR_VALID 1
#define SECTOR_NOTE 4

#define EXIT_HIBERNATED 3
#define EXIT_CRASHED 4
#define EXIT_SAVED 7
#define EXIT_TROUBLE 1

struct vm {
	const char *folder;
	const char *name;
	char image[256];
	char disk[256];
	char console[256];
	char messages[256];
	char record[256];
	char record_folder[256];
	char saved[256];
	char parked[256]; /**< The file that it is parked in. */
	struct trace trace;
	int qmp; /**< The socket, or -1. */
};

/** @folder holds NAME.img, and the rest. A disk is made. */
void vm_make(struct vm *vm, const char *folder, const char *name);

/** Start "dormouse run", which describes the machine only if it is @anew. */
void vm_run(struct vm *vm, const struct trace_plan *plan, bool anew);

/** Start "dormouse restore" of a file. */
void vm_restore(struct vm *vm, const struct trace_plan *plan, const char *file);

/** Serve the run until its messages have a text @count times, or it is over. */
bool vm_await(struct vm *vm, const char *text, unsigned int count);

/** Connect to its control socket, once it is there. */
void vm_connect(struct vm *vm);

/** Make a request, connected or not; vm_answer() waits for its answer: whether it is no error. */
void vm_request(struct vm *vm, const char *request);
bool vm_answer(struct vm *vm);

/** The exit status of the run that is over, or 128 and the signal. */
int vm_status(struct vm *vm);

void vm_end(struct vm *vm);

/** The text of a file; to be freed. Of one that does not exist it is empty. */
char *vm_text(const char *path);

/** The first line of the guest's console that begins so; to be freed, or NULL. */
char *vm_guest_line(const struct vm *vm, const char *begin);

void vm_sectors(const struct vm *vm, uint64_t sectors[5][3]);

/** The files as they are, for the model. @text: of the record, which must outlive it. */
void vm_files(const struct vm *vm, const char *text, struct model_files *files);

/** The state in the text of a record, or "damaged". */
const char *record_state(const char *text);

/** Whether a VM of this record, whose process is gone, is in a file. */
bool record_awaits_restore(const char *text);

bool file_exists(const char *path);

#endif
