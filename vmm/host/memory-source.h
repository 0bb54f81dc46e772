/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RAM whose contents are in a file and are fetched while a guest runs.
 *
 * By userfaultfd, where the host allows it for the accesses of KVM and of system
 * calls: a thread reads a piece when it is first accessed, verifies it, and only
 * then gives it to whatever waits for it. Else by a private mapping of the file:
 * the thread verifies the pieces behind the guest, which may have used a damaged
 * one by then.
 *
 * The thread begins a little after memory_source_start(), one piece after the
 * other, and those that are waited for first. Under userfaultfd
 * RAM is anonymous memory again once it is complete, and the thread asks the host
 * for huge pages. A mapping's file could still take its pages back by becoming
 * shorter, until memory_source_detach() has copied them into anonymous memory.
 *
 * A piece that is damaged or cannot be read is reported; under userfaultfd,
 * accesses to it get SIGBUS or EFAULT from then on (memory-error.h). In a
 * mapping, the same happens where the file has become shorter.
 */
#ifndef VMM_MEMORY_SOURCE_H
#define VMM_MEMORY_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "host/memory-index.h"

struct memory_source;

enum memory_source_way {
	MEMORY_SOURCE_USERFAULTFD,
	MEMORY_SOURCE_MAPPING,
};

struct memory_source_setup {
	enum memory_source_way way;
	uint8_t *host; /**< RAM, anonymous and never written; as large as the index says. */
	int fd; /**< The file, duplicated. */
	/**
	 * The size of the huge pages that RAM is to have, and where they begin; 0: none. By
	 * userfaultfd the host shall put it into them once all is fetched, and by a mapping
	 * what is detached.
	 */
	uint64_t huge_page;
	bool prefetch; /**< By userfaultfd: fetch what the guest has not accessed, too. */
	/**
	 * A piece is lost, since the file "is damaged", for example: @reason is
	 * such a phrase. Called once, by the thread.
	 */
	void (*lost)(void *context, const char *reason);
	/** All is fetched and verified. Called once, by the thread. */
	void (*complete)(void *context);
	void *context;
};

/**
 * Begin, with @index, which is taken over if this succeeds. RAM has the file's
 * contents from here on. Returns 0 with @source set, or -errno with @error set,
 * and then parts of RAM may be mapped: all of it must be mapped anew.
 */
int memory_source_begin(struct memory_source **source, const struct memory_source_setup *setup,
			struct memory_index *index, struct error *error);

enum memory_source_way memory_source_way(const struct memory_source *source);

/** The guest runs from here on: begin to fetch and to verify, soon. */
void memory_source_start(struct memory_source *source);

/**
 * Fetch and verify all now, whether or not it is to be prefetched, and wait for
 * the end of it. For the main thread. Returns 0; -EIO if a piece is lost; or -ECANCELED if
 * the user wants dormouse to end (interrupt.h).
 */
int memory_source_finish(struct memory_source *source);

/**
 * Copy some more of a mapping into anonymous memory, once it is complete, for
 * some tens of milliseconds. No other thread may access RAM. Returns 1 if there
 * is more, 0 if the file is not needed any more, or -errno: -ENODATA or -ESTALE
 * if the file has changed.
 */
int memory_source_detach(struct memory_source *source);

/**
 * End it. What was not fetched stays lost, or mapped: unless all was detached,
 * RAM must be unmapped, or mapped anew, next. No thread may access it any more. NULL is fine.
 */
void memory_source_end(struct memory_source *source);

#endif
