/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The actions of lifecycle-step.h that concern the file that a machine is saved
 * in. Each returns 0, or -errno with control->error set.
 */
#ifndef VMM_CONTROL_ACT_FILE_H
#define VMM_CONTROL_ACT_FILE_H

#include "control/control.h"

/**
 * Have the record say what the disks are now, which is what the next run must
 * find. If that cannot be read, it is not known, and no run is refused for it; but
 * a disk that cannot be written may have lost what the guest wrote.
 */
int act_note_disks(struct control *control);

/** LIFECYCLE_ACT_WRITE_FILE: to control->save_path, or a draft of it. */
int act_write_file(struct control *control);

/** LIFECYCLE_ACT_PUBLISH_FILE. */
int act_publish_file(struct control *control);

/** LIFECYCLE_ACT_DISCARD_FILE. */
void act_discard_file(struct control *control);

#endif
