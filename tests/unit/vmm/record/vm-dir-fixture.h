/* SPDX-License-Identifier: BSD-3-Clause */
/* State directories, and the VMs that are made in them. */
#ifndef TESTS_VM_DIR_FIXTURE_H
#define TESTS_VM_DIR_FIXTURE_H

#include "record/vm-dir.h"

#include <stdbool.h>

/** DORMOUSE_STATE_DIR, XDG_STATE_HOME and HOME, each of which is unset if NULL. */
void vm_set_places(const char *own, const char *xdg, const char *home);

bool vm_path_exists(const char *path);

/** Both must succeed. An opened directory must be closed. */
void vm_open(const char *name, bool create, struct vm_dir *dir);
void vm_make(const char *name);

/** Expect that opening fails with @err, reports @part and @other, and leaves no file open. */
void vm_refused(const char *name, bool create, int err, const char *part, const char *other);

#endif
