/* SPDX-License-Identifier: BSD-3-Clause */
/* The file that a machine is parked in, in its directory: docs/park.md. */
#ifndef VMM_CONTROL_PARK_H
#define VMM_CONTROL_PARK_H

#include <stdbool.h>

#include "control/control.h"

/**
 * Remove what a former run left under its name, which no record names. Returns 0
 * or -errno.
 */
int park_remove(int dir_fd);

/** Remove the file that was spent, if there is one: no machine is parked in it again. */
void park_remove_spent(int dir_fd);

/** RAM is being written to the file, or equals what the file contains. The devices are frozen. */
void park_note_devices(struct control *control);

/**
 * Return RAM to the host, unless that is done, or a device has written to it since the file
 * was written: what is accessed is fetched from the file, which is complete. If that fails,
 * RAM is kept, and a message says so; or, if it is lost, the machine crashes.
 */
void park_give_back(struct control *control);

/**
 * Remove the file's name, durably, and have the record in memory not name it; that on disk,
 * too, if the file has another name by now. RAM is fetched from it all the same.
 * Returns whether that is done; if not, the machine crashes.
 */
bool park_spend(struct control *control);

/**
 * Whether the file is all that a save would write now: nothing has come for the
 * guest since. It is paused and frozen.
 */
bool park_is_as_written(const struct control *control);

/** The machine is saved in another file: remove the one that it was parked in. */
void park_leave(struct control *control);

/* --- --park --- */

/** For control_create(). */
void park_create_timer(struct control *control);

/** The machine's state may have changed. */
void park_note_state(struct control *control);

/**
 * When park_on_due() must be called, as a main loop's deadline: never while the
 * guest is awake or parked.
 */
uint64_t park_due(const struct control *control);

/** Park the guest; if that fails it sleeps on in memory. */
void park_on_due(struct control *control);

#endif
