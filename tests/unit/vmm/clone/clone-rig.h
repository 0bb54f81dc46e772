/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs with disks, to be cloned, in folders of their own: VMs in "state", files in "srv". */
#ifndef TESTS_CLONE_RIG_H
#define TESTS_CLONE_RIG_H

#include <stdbool.h>

#include "base/error.h"
#include "record/record.h"

#define CLONE_RIG_DISK_SIZE 65536

/** Set up and tear down a test: the folders, and no VM. */
int clone_rig_setup(void **state);
int clone_rig_teardown(void **state);

#define CLONE_TEST(name) cmocka_unit_test_setup_teardown(name, clone_rig_setup, clone_rig_teardown)

/** The path of a file in srv. Valid until the eighth call from now. */
char *clone_rig_path(const char *name);

/** Make a disk in srv whose bytes say @text. */
void clone_rig_make_disk(const char *name, const char *text);

/** Whether a file in srv says @text; NULL: whether there is none. */
bool clone_rig_says(const char *name, const char *text);

/**
 * The record of a VM with ACPI, off, with the disks web.img and swap.img, which are made,
 * and the read-only disk base.img. It knows what its disks are.
 */
struct record clone_rig_record(void);

/** Make it a VM's. */
void clone_rig_save(const char *name, const struct record *record);

/** Both in one; hibernated, for example. */
void clone_rig_make_vm(const char *name, enum vm_state state);

struct record clone_rig_load(const char *name);

/** Make the file web.saved, of the VM web, of which @record is to become the record. */
void clone_rig_save_machine(struct record *record);

/** Clone web as copy, with these disks or NULL. Returns as clone_vm() does. */
int clone_rig_clone(const char *first_disk, const char *second_disk, struct error *error);

/** Expect that it succeeds, and leaves no file open. */
void clone_rig_must_clone(const char *first_disk, const char *second_disk);

/** Expect that cloning fails with @err, and says this; and that nothing has changed. */
void clone_rig_refused(const char *first_disk, const char *second_disk, int err, const char *part);

/** The files and VMs that there are, in one text, and of web all that is in its record. */
const char *clone_rig_all(void);

#endif
