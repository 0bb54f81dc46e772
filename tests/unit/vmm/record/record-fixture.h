/* SPDX-License-Identifier: BSD-3-Clause */
/* A record in which every field is set, and directories to keep it in. */
#ifndef TESTS_RECORD_FIXTURE_H
#define TESTS_RECORD_FIXTURE_H

#include "record/record.h"

#define RECORD_VM "web-1" /**< The VM's name in all of these. */

/** The VM's directory, in a RECORD_TEST(), which begins and ends without a record. */
extern int record_dir_fd;
int record_setup(void **state);
int record_teardown(void **state);

#define RECORD_TEST(name) cmocka_unit_test_setup_teardown(name, record_setup, record_teardown)

/** To be freed with record_free(). */
struct record record_example(void);

/** Make a directory in the scratch folder and open it. */
int record_make_dir(const char *name);

/** Both must succeed. A loaded record must be freed. */
void record_must_save(int dir_fd, const struct record *record);
struct record record_must_load(int dir_fd);

/** Expect equal fields, except cause.warm, which is not recorded. */
void record_assert_equal(const struct record *a, const struct record *b);

/**
 * Change the record in @dir_fd: put @value, which is JSON, at @path, such as
 * "machine.disks.0.path"; NULL removes what is there.
 */
void record_damage(int dir_fd, const char *path, const char *value);

/** Make the example the record in @dir_fd. */
void record_save_example(int dir_fd);

/** Make these bytes the record in @dir_fd. */
void record_put(int dir_fd, const char *text, size_t size);

/** Expect that loading is refused with @err, names the VM and @reason, and changes nothing. */
void record_refused(int dir_fd, int err, const char *reason);

/** Replace a string that a record owns. */
void record_set_text(char **text, const char *to);

#endif
