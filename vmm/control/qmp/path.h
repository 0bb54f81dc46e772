/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_QMP_PATH_H
#define VMM_QMP_PATH_H

#include <sys/un.h>

/**
 * The address of the control socket in the directory @dir_fd. It uses /proc,
 * since an address has room for 107 bytes, and a directory's path has no such
 * limit.
 */
void qmp_path(int dir_fd, struct sockaddr_un *address);

#endif
