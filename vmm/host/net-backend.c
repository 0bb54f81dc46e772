/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/net-backend.h"

#include <errno.h>

#include "host/memory-error.h"

int net_backend_connect(struct net_backend *backend, struct error *error)
{
	return backend->ops->connect(backend, error);
}

void net_backend_disconnect(struct net_backend *backend)
{
	if (backend->fd >= 0)
		backend->ops->disconnect(backend);
}

int net_backend_send(struct net_backend *backend, const struct virtio_net_hdr_v1 *header,
		     const struct iovec *parts, unsigned int count, size_t size)
{
	const int err = backend->ops->send(backend, header, parts, count, size);

	/* Which part it was is not known, and the machine ends whichever it was. */
	if (err == -EFAULT)
		(void)memory_error_report(parts[0].iov_base);

	return err;
}

int net_backend_flush(struct net_backend *backend)
{
	return backend->ops->flush ? backend->ops->flush(backend) : 0;
}

int net_backend_receive(struct net_backend *backend, struct net_frame *frame, struct error *error)
{
	return backend->ops->receive(backend, frame, error);
}

int net_backend_set_offloads(struct net_backend *backend, uint64_t features)
{
	return backend->ops->set_offloads ? backend->ops->set_offloads(backend, features) : 0;
}

int net_backend_said_fd(const struct net_backend *backend)
{
	return backend->ops->said_fd ? backend->ops->said_fd(backend) : -1;
}

void net_backend_listen(struct net_backend *backend)
{
	backend->ops->listen(backend);
}

void net_backend_destroy(struct net_backend *backend)
{
	if (!backend)
		return;
	net_backend_disconnect(backend);
	backend->ops->destroy(backend);
}
