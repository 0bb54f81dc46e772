/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine's RAM while its contents are in the file that it was restored from
 * (host/memory-source.h). A page that cannot be had ends the machine: it has
 * crashed, for a reason that names the file.
 *
 * That reason can occur on any thread, and on one that accesses RAM itself in a
 * signal's handler. There it only marks the page, and the main thread stops the
 * machine.
 */
#ifndef VMM_RESTORED_MEMORY_H
#define VMM_RESTORED_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "host/memory-source.h"

struct vm;

struct restored_memory {
	struct memory_source *source; /**< NULL: RAM depends on no file. */
	char *path; /**< Of the file. */
	atomic_uintptr_t lost; /**< An address in this process that could not be had, or 0. */
	atomic_bool is_complete; /**< All is fetched; for the main thread. */
	bool prefetch;
};

/**
 * Fetch RAM, which is anonymous and was not written, from the file @fd named
 * @path, with @index, which is taken over: by userfaultfd if the host allows
 * that, else by a mapping. Returns 0, or -errno with @error set if neither is
 * possible, and then RAM is as before.
 */
int restored_memory_begin(struct vm *vm, int fd, const char *path, struct memory_index *index,
			  bool prefetch, struct error *error);

/** Whether RAM needs a file; @way is set if so. */
bool restored_memory_needs_file(const struct vm *vm, enum memory_source_way *way);

/**
 * Before the guest runs: returns 0, or -EIO with @error set if a page could not
 * be had.
 */
int restored_memory_check(const struct vm *vm, struct error *error);

/** The guest runs: what it does not fetch is copied behind it. */
void restored_memory_start(struct vm *vm);

/**
 * Copy all of it now, for a caller that has paused all vCPUs and frozen the
 * devices. Returns 0, and then the file is not needed any more, also if it was
 * not before; or with @error set -EIO, or -ECANCELED if the user wants dormouse to end.
 */
int restored_memory_finish(struct vm *vm, struct error *error);

/**
 * For the main thread, once the gate has notified it: stop the machine if a page
 * was lost. Returns whether restored_memory_detach() must be called.
 */
bool restored_memory_serve(struct vm *vm);

/**
 * Have RAM not need the file any more, for a caller that has paused all vCPUs
 * and frozen the devices. Returns whether that is so; otherwise the gate
 * notifies the main thread again, or the machine stops.
 */
bool restored_memory_detach(struct vm *vm);

/** The reason to crash if the host cannot give a page, as KVM reports by EFAULT. */
void restored_memory_explain(const struct vm *vm, struct error *reason);

/**
 * RAM shall be empty: no thread uses it. Returns 0 or -errno.
 */
int restored_memory_drop(struct vm *vm);

/** RAM is about to be unmapped. No thread uses it. */
void restored_memory_end(struct vm *vm);

#endif
