/* SPDX-License-Identifier: BSD-3-Clause */
/* What a call to the kernel does to files. */
#ifndef FAULTS_DECODE_H
#define FAULTS_DECODE_H

#include "trace.h"

/** Returns whether a call that begins is worth a record; @call: what it does. */
bool decode_entry(pid_t process, uint64_t number, const uint64_t *args, struct call *call);

/** The rest of it, once it has returned @result. */
void decode_exit(pid_t process, long result, struct call *call);

/** The size of a part of a pwritev(), in the memory of the process. */
struct shortened {
	uint64_t address; /**< 0: it is as it was. */
	uint64_t size;
};

/** Have a pwritev() write a sector or less of its first part, and nothing of the others. */
struct shortened decode_shorten(pid_t process, const uint64_t *args);
void decode_restore(pid_t process, struct shortened *shortened);

/** The name of a call, for messages. */
const char *decode_name(long number);

/** Whether the path at an address of the process ends in this. */
bool decode_ends_in(pid_t process, uint64_t address, const char *end);

#endif
