/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/net-stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LENGTH_SIZE sizeof(uint32_t)
#define RECORD_MAX (LENGTH_SIZE + NET_FRAME_MAX)
/* How often the socket is read for one frame before other work is done. */
#define READS_MAX 4
/*
 * So much is asked for, in bytes; the host may give less. A frame that the socket takes in
 * part has to be copied.
 */
#define SEND_BUFFER (1 << 20)

/* A connection. Its buffers hold any frame. */
struct stream_socket {
	struct net_backend backend; /* First. */
	struct net_stream_source source;
	char *name;
	/* Received, and not yet taken. */
	size_t begin, end;
	uint8_t received[2 * RECORD_MAX];
	/* The rest of a frame that the socket took in part. */
	size_t sent, unsent;
	int broken; /* Of a frame only a part could be sent: -errno, which receive() reports. */
	uint8_t rest[RECORD_MAX];
	/* Scratch, here since a stack's is cleared each time. */
	uint8_t front[NET_STREAM_FRONT];
	struct iovec pieces[NET_BACKEND_PARTS_MAX + 2];
};

static int connect_stream(struct net_backend *backend, struct error *error)
{
	struct stream_socket *s = (struct stream_socket *)backend;
	const int fd = s->source.connect(s->source.context, error);

	if (fd < 0)
		return fd;
	backend->fd = fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ SEND_BUFFER }, sizeof(int));
	s->begin = 0;
	s->end = 0;
	s->sent = 0;
	s->unsent = 0;
	s->broken = 0;

	return 0;
}

static void disconnect(struct net_backend *backend)
{
	close(backend->fd);
	backend->fd = -1;
}

/* --- to send --- */

/* Returns how many bytes, or -errno; never 0. */
static ssize_t send_pieces(int fd, struct iovec *pieces, size_t count)
{
	const struct msghdr message = { .msg_iov = pieces, .msg_iovlen = count };
	ssize_t size;

	do
		size = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (size < 0 && errno == EINTR);

	return size < 0 ? -errno : size;
}

static int flush(struct net_backend *backend)
{
	struct stream_socket *s = (struct stream_socket *)backend;

	while (s->unsent > 0) {
		struct iovec piece = { .iov_base = s->rest + s->sent, .iov_len = s->unsent };
		const ssize_t size = send_pieces(backend->fd, &piece, 1);

		if (size == -EAGAIN)
			return -EAGAIN;
		if (size < 0) {
			/* What would follow would be taken for the rest. */
			s->unsent = 0;
			s->broken = (int)size;
			return 0;
		}
		s->sent += (size_t)size;
		s->unsent -= (size_t)size;
	}

	return 0;
}

/* Keep what follows the first @sent bytes. */
static void keep_rest(struct stream_socket *s, const struct iovec *pieces, size_t count,
		      size_t sent)
{
	s->sent = 0;
	s->unsent = 0;
	for (size_t i = 0; i < count; i++) {
		const size_t skip = sent < pieces[i].iov_len ? sent : pieces[i].iov_len;
		const size_t left = pieces[i].iov_len - skip;

		memcpy(s->rest + s->unsent, (const uint8_t *)pieces[i].iov_base + skip, left);
		s->unsent += left;
		sent -= skip;
	}
}

/*
 * Put a frame into pieces, from the second one on. Its front is judged in a copy,
 * which the guest cannot change before it is sent. Returns how many pieces there
 * are then, or 0 if the frame may not be sent.
 */
static size_t arrange_pieces(struct stream_socket *s, const struct iovec *parts, unsigned int count)
{
	size_t used = 2;
	size_t size = 0;

	if (!s->source.may_pass) {
		memcpy(&s->pieces[1], parts, count * sizeof(*parts));
		return count + 1U;
	}
	for (unsigned int i = 0; i < count; i++) {
		const size_t left = sizeof(s->front) - size;
		const size_t piece = parts[i].iov_len < left ? parts[i].iov_len : left;

		memcpy(s->front + size, parts[i].iov_base, piece);
		size += piece;
		if (piece < parts[i].iov_len)
			s->pieces[used++] = (struct iovec){
				.iov_base = (uint8_t *)parts[i].iov_base + piece,
				.iov_len = parts[i].iov_len - piece,
			};
	}
	s->pieces[1] = (struct iovec){ .iov_base = s->front, .iov_len = size };

	return s->source.may_pass(s->front, size) ? used : 0;
}

static int send_frame(struct net_backend *backend, const struct virtio_net_hdr_v1 *header,
		      const struct iovec *parts, unsigned int count, size_t size)
{
	struct stream_socket *s = (struct stream_socket *)backend;
	uint32_t length = htonl((uint32_t)size);
	size_t pieces;
	ssize_t sent;

	if (size > s->source.frame_max)
		return -EMSGSIZE;
	if (flush(backend) < 0)
		return -EAGAIN;
	if (s->broken)
		return s->broken;
	s->pieces[0] = (struct iovec){ .iov_base = &length, .iov_len = LENGTH_SIZE };
	pieces = arrange_pieces(s, parts, count);
	if (pieces == 0)
		return -EPERM;
	sent = send_pieces(backend->fd, s->pieces, pieces);
	if (sent < 0)
		return (int)sent;
	if ((size_t)sent < LENGTH_SIZE + size)
		keep_rest(s, s->pieces, pieces, (size_t)sent);

	return 0;
}

/* --- to receive --- */

/*
 * Take the next frame out of what was received. Returns 1 with @frame set, 0 if
 * it is not complete, -EPROTO if it is longer than any.
 */
static int take(struct stream_socket *s, struct net_frame *frame, struct error *error)
{
	while (s->end - s->begin >= LENGTH_SIZE) {
		const uint8_t *record = s->received + s->begin;
		uint32_t length;

		memcpy(&length, record, LENGTH_SIZE);
		length = ntohl(length);
		if (length > NET_FRAME_MAX)
			return error_set(error, -EPROTO,
					 "%s sent a frame of %u bytes, and the longest has %d",
					 s->name, length, NET_FRAME_MAX);
		if (s->end - s->begin < LENGTH_SIZE + length)
			return 0;
		s->begin += LENGTH_SIZE + length;
		/* What is shorter has no addresses. */
		if (length < NET_FRAME_MIN)
			continue;
		frame->header = (struct virtio_net_hdr_v1){ 0 };
		frame->bytes = record + LENGTH_SIZE;
		frame->size = length;
		return 1;
	}

	return 0;
}

/* Make room for the rest of any record. */
static void make_room(struct stream_socket *s)
{
	if (s->begin == s->end) {
		s->begin = 0;
		s->end = 0;
	} else if (sizeof(s->received) - s->begin < RECORD_MAX) {
		memmove(s->received, s->received + s->begin, s->end - s->begin);
		s->end -= s->begin;
		s->begin = 0;
	}
}

static int lose(const struct stream_socket *s, int err, struct error *error)
{
	return error_set(error, err, "the connection to %s was lost: %s", s->name, strerror(-err));
}

/* Nothing more has come now. A peer that is gone is reported as its end, or as such. */
static int find_none(const struct stream_socket *s, struct error *error)
{
	return s->broken ? lose(s, s->broken, error) : 0;
}

static int receive(struct net_backend *backend, struct net_frame *frame, struct error *error)
{
	struct stream_socket *s = (struct stream_socket *)backend;

	for (int reads = 0; reads < READS_MAX; reads++) {
		const int ret = take(s, frame, error);
		ssize_t size;

		if (ret)
			return ret;
		make_room(s);
		size = recv(backend->fd, s->received + s->end, sizeof(s->received) - s->end,
			    MSG_DONTWAIT);
		if (size > 0)
			s->end += (size_t)size;
		else if (size == 0)
			return error_set(error, -ECONNRESET, "%s closed the connection%s", s->name,
					 s->begin < s->end ? ", in the middle of a frame" : "");
		else if (errno == EAGAIN)
			return find_none(s, error);
		else if (errno != EINTR)
			return lose(s, -errno, error);
	}

	return take(s, frame, error);
}

/* --- to make it --- */

static int said_fd(const struct net_backend *backend)
{
	const struct stream_socket *s = (const struct stream_socket *)backend;

	return s->source.said_fd ? s->source.said_fd(s->source.context) : -1;
}

static void listen_to_peer(struct net_backend *backend)
{
	const struct stream_socket *s = (const struct stream_socket *)backend;

	s->source.listen(s->source.context);
}

static void destroy(struct net_backend *backend)
{
	struct stream_socket *s = (struct stream_socket *)backend;

	if (s->source.destroy)
		s->source.destroy(s->source.context);
	free(s->name);
	free(s);
}

static const struct net_backend_ops stream_ops = {
	.connect = connect_stream,
	.disconnect = disconnect,
	.send = send_frame,
	.flush = flush,
	.receive = receive,
	.said_fd = said_fd,
	.listen = listen_to_peer,
	.destroy = destroy,
};

struct net_backend *net_stream_create_from(const struct net_stream_source *source, const char *name)
{
	struct stream_socket *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->name = strdup(name);
	if (!s->name) {
		free(s);
		return NULL;
	}
	s->source = *source;
	if (s->source.frame_max == 0)
		s->source.frame_max = NET_FRAME_MAX;
	s->backend = (struct net_backend){
		.ops = &stream_ops,
		.fd = -1,
		.name = s->name,
		.connects_later = true,
	};

	return &s->backend;
}

/* --- at a Unix socket --- */

/* Connecting to a Unix socket does not wait: a full backlog is EAGAIN. */
static int connect_path(void *context, struct error *error)
{
	const char *path = context;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;
	int err;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(error, -ENAMETOOLONG,
				 "cannot connect to %s: its path is longer than %zu bytes", path,
				 sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(error, -errno, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	err = error_set(error, -errno, "cannot connect to %s: %s", path,
			errno == EAGAIN ? "it accepts no connection now" : strerror(errno));
	close(fd);

	return err;
}

struct net_backend *net_stream_create(const char *path)
{
	struct net_stream_source source = {
		.connect = connect_path,
		.destroy = free,
		.context = strdup(path),
	};
	struct net_backend *backend;

	if (!source.context)
		return NULL;
	backend = net_stream_create_from(&source, path);
	if (!backend) {
		free(source.context);
		return NULL;
	}
	backend->path = backend->name;

	return backend;
}
