/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp/path.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "control/qmp/server.h"

void qmp_path(int dir_fd, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", dir_fd,
		 QMP_SOCKET);
}
