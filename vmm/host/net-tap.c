/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/net-tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BIT(number) (1ULL << (number))

struct tap {
	struct net_backend backend; /* First. */
	char *name;
	uint8_t bytes[NET_FRAME_MAX]; /* The frame received last. */
	/* Scratch, here since a stack's is cleared each time. */
	struct iovec pieces[NET_BACKEND_PARTS_MAX + 1];
};

/* A number of the interface that the kernel shows, such as that of its owner; -1 if it has none. */
static long find_number(const char *name, const char *what)
{
	char path[64];
	char text[24] = "";
	long number = -1;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (read(fd, text, sizeof(text) - 1) > 0)
		number = strtol(text, NULL, 10);
	close(fd);

	return number;
}

/* Linux lets its owner and its group use it, and all if it has neither. */
static int explain_owner(const char *name, struct error *error)
{
	const long owner = find_number(name, "owner");
	const long group = find_number(name, "group");
	const long user = (long)geteuid();
	char whose[96] = "another user";

	if (owner >= 0 && owner != user)
		snprintf(whose, sizeof(whose), "the user with the id %ld, and not %ld", owner,
			 user);
	else if (group >= 0)
		snprintf(whose, sizeof(whose), "the group with the id %ld, in which %ld is not",
			 group, user);

	return error_set(error, -EPERM,
			 "the interface %s may not be used by this user: it belongs to %s; an "
			 "administrator can make one by \"ip tuntap add NAME mode tap user %ld\"",
			 name, whose, user);
}

static int explain(const char *name, int err, struct error *error)
{
	switch (err) {
	case -EPERM:
		return explain_owner(name, error);
	case -EBUSY:
		return error_set(error, err,
				 "the interface %s is in use by another program, and takes one at "
				 "a time: each VM needs one of its own",
				 name);
	case -EINVAL:
		return error_set(error, err,
				 "the interface %s is not a tap interface, as \"ip tuntap add NAME "
				 "mode tap\" makes one",
				 name);
	default:
		return error_set(error, err, "the interface %s cannot be used: %s", name,
				 strerror(-err));
	}
}

static int explain_driver(int err, struct error *error)
{
	switch (err) {
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return error_set(error, err,
				 "the host has no tap interfaces: there is no /dev/net/tun, which "
				 "\"modprobe tun\" makes");
	case -EACCES:
	case -EPERM:
		return error_set(error, err,
				 "this user may not open /dev/net/tun, by which tap interfaces are "
				 "used: reading and writing it has to be allowed");
	default:
		return error_set(error, err,
				 "cannot open /dev/net/tun, by which tap interfaces are used: %s",
				 strerror(-err));
	}
}

/* An interface that was made with several queues is used with one of them. */
static int attach(int fd, const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

	memcpy(request.ifr_name, name, strlen(name) + 1);
	if (ioctl(fd, TUNSETIFF, &request) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	request.ifr_flags |= IFF_MULTI_QUEUE;

	return ioctl(fd, TUNSETIFF, &request) < 0 ? -errno : 0;
}

/* TUNSETIFF would make an interface that is missing, for a user who may. */
static int configure(int fd, const char *name, struct error *error)
{
	int size = (int)NET_HEADER_SIZE;
	int err;

	if (if_nametoindex(name) == 0)
		return error_set(error, -ENODEV, "there is no network interface %s", name);
	err = attach(fd, name);
	if (err)
		return explain(name, err, error);
	if (ioctl(fd, TUNSETVNETHDRSZ, &size) < 0 || ioctl(fd, TUNSETOFFLOAD, 0) < 0)
		return error_set(error, -errno, "the interface %s cannot be used: %s", name,
				 strerror(errno));

	return 0;
}

static int connect_tap(struct net_backend *backend, struct error *error)
{
	const struct tap *tap = (const struct tap *)backend;
	int fd;
	int err;

	if (strlen(tap->name) >= IFNAMSIZ)
		return error_set(error, -ENODEV, "there is no network interface %s", tap->name);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return explain_driver(-errno, error);
	err = configure(fd, tap->name, error);
	if (err)
		close(fd);
	else
		backend->fd = fd;

	return err;
}

static void disconnect(struct net_backend *backend)
{
	close(backend->fd);
	backend->fd = -1;
}

/* The kernel checks the header: a frame that it cannot send is EINVAL. */
static int send_frame(struct net_backend *backend, const struct virtio_net_hdr_v1 *header,
		      const struct iovec *parts, unsigned int count, size_t size)
{
	struct iovec *pieces = ((struct tap *)backend)->pieces;
	struct virtio_net_hdr_v1 first = *header;

	/* It is a hint, which may be wrong, but is EINVAL if it is larger than the frame. */
	if (first.hdr_len > size)
		first.hdr_len = 0;
	pieces[0] = (struct iovec){ .iov_base = &first, .iov_len = sizeof(first) };
	memcpy(&pieces[1], parts, count * sizeof(*parts));
	while (writev(backend->fd, pieces, (int)count + 1) < 0)
		if (errno != EINTR)
			return -errno;

	return 0;
}

static int receive(struct net_backend *backend, struct net_frame *frame, struct error *error)
{
	struct tap *tap = (struct tap *)backend;
	const struct iovec pieces[] = {
		{ .iov_base = &frame->header, .iov_len = sizeof(frame->header) },
		{ .iov_base = tap->bytes, .iov_len = sizeof(tap->bytes) },
	};
	ssize_t size;

	/* A frame that is none cannot come from an interface: a runt is skipped. */
	do
		size = readv(backend->fd, pieces, 2);
	while ((size < 0 && errno == EINTR) ||
	       (size >= 0 && (size_t)size < NET_HEADER_SIZE + NET_FRAME_MIN));
	/*
	 * EINVAL: the kernel has dropped a frame that it cannot describe, such as one whose
	 * segments are of an unknown kind. Another one may follow.
	 */
	if (size < 0 && (errno == EAGAIN || errno == EINVAL))
		return 0;
	if (size < 0)
		return error_set(error, -errno, "the interface %s was lost: %s", tap->name,
				 strerror(errno));
	frame->bytes = tap->bytes;
	frame->size = (size_t)size - NET_HEADER_SIZE;

	return 1;
}

static int set_offloads(struct net_backend *backend, uint64_t features)
{
	unsigned long offloads = 0;

	if (features & BIT(VIRTIO_NET_F_GUEST_CSUM))
		offloads |= TUN_F_CSUM;
	if (features & BIT(VIRTIO_NET_F_GUEST_TSO4))
		offloads |= TUN_F_TSO4;
	if (features & BIT(VIRTIO_NET_F_GUEST_TSO6))
		offloads |= TUN_F_TSO6;
	if (features & BIT(VIRTIO_NET_F_GUEST_ECN))
		offloads |= TUN_F_TSO_ECN;
	/* The kernel segments nothing for which it also has to make checksums. */
	if (!(offloads & TUN_F_CSUM))
		offloads = 0;

	return ioctl(backend->fd, TUNSETOFFLOAD, offloads) < 0 ? -errno : 0;
}

static void destroy(struct net_backend *backend)
{
	struct tap *tap = (struct tap *)backend;

	free(tap->name);
	free(tap);
}

static const struct net_backend_ops tap_ops = {
	.connect = connect_tap,
	.disconnect = disconnect,
	.send = send_frame,
	.receive = receive,
	.set_offloads = set_offloads,
	.destroy = destroy,
};

struct net_backend *net_tap_create(const char *name)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	if (!tap)
		return NULL;
	tap->name = strdup(name);
	if (!tap->name) {
		free(tap);
		return NULL;
	}
	tap->backend = (struct net_backend){
		.ops = &tap_ops,
		.fd = -1,
		.name = tap->name,
	};

	return &tap->backend;
}
