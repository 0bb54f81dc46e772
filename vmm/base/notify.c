/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *socket_name(void)
{
	const char *name = getenv("NOTIFY_SOCKET");

	return name && *name ? name : NULL;
}

bool notify_is_wanted(void)
{
	return socket_name() != NULL;
}

/* Returns the length of the address, or -errno. */
static int make_address(const char *name, struct sockaddr_un *address)
{
	const size_t length = strlen(name);

	if (*name != '/' && *name != '@')
		return -EAFNOSUPPORT;
	if (length >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, name, length);
	/* An abstract name begins with a zero byte, and ends without one. */
	if (*name == '@')
		address->sun_path[0] = '\0';

	return (int)(offsetof(struct sockaddr_un, sun_path) + length + (*name == '/'));
}

static int send_text(const char *text, const struct sockaddr_un *address, socklen_t length)
{
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t sent;
	int err = 0;

	if (fd < 0)
		return -errno;
	sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		      (const struct sockaddr *)address, length);
	if (sent < 0)
		err = -errno;
	close(fd);

	return err;
}

int notify_send(const char *text, struct error *error)
{
	const char *name = socket_name();
	struct sockaddr_un address;
	int length;
	int err;

	if (!name)
		return 0;
	length = make_address(name, &address);
	err = length < 0 ? length : send_text(text, &address, (socklen_t)length);

	return err ? error_set(error, err,
			       "cannot notify the service manager at NOTIFY_SOCKET=%s: %s", name,
			       strerror(-err))
		   : 0;
}
