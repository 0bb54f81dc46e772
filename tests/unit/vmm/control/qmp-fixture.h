/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A control socket in the scratch folder, and clients of it. Its commands: "works";
 * "fails", since it rains; "tells", which sends the event HAPPENED first; "counts";
 * "later", whose answer comes by qmp_end().
 */
#ifndef TESTS_QMP_FIXTURE_H
#define TESTS_QMP_FIXTURE_H

#include <stdbool.h>

#include "control/qmp/server.h"

extern struct qmp_server *qmp_server;
extern int qmp_dir_fd;
extern const struct qmp_commands qmp_served;
extern unsigned int qmp_counted; /**< How often "counts" was carried out. */

/** The command "later" that is carried out, or NULL; how often one was cancelled. */
extern struct qmp_pending *qmp_begun;
extern unsigned int qmp_cancelled;

/** It ends with @value, whose reference is taken; NULL: it fails, since it snows. */
void qmp_end(json_t *value);

/** Setup and teardown of each test. */
int qmp_set_up(void **state);
int qmp_tear_down(void **state);

/** Send an event of this name. */
void qmp_tell(const char *name);

/** Let the server do all its work. */
void qmp_serve(void);

/** Connect; or connect and negotiate. Both return the client's descriptor. */
int qmp_join(void);
int qmp_join_whole(void);

/** Send, and let the server do its work. */
void qmp_say(int fd, const char *text);

/** All that a client has been sent by now; and whether @part is in it. */
const char *qmp_hear(int fd);
bool qmp_hears(int fd, const char *part);

/** Connect so many clients; and close them. */
void qmp_join_all(int *fds, unsigned int count);
void qmp_leave_all(const int *fds, unsigned int count);

#endif
