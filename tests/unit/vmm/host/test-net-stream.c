/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames through a stream socket, and which of them passt is given. */
#include "host/net-stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/memory-error.h"
#include "host/passt-frame.h"

/* A backend whose peer is the test. */
struct stream {
	struct net_backend *backend;
	int peer;
};

static int connect_peer(void *context, struct error *error)
{
	struct stream *s = context;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	s->peer = fds[0];

	return fds[1];
}

static void connect_stream(struct stream *s, struct net_stream_source source)
{
	struct error error;

	source.connect = connect_peer;
	source.context = s;
	s->backend = net_stream_create_from(&source, "the test");
	assert_non_null(s->backend);
	assert_int_equal(net_backend_connect(s->backend, &error), 0);
}

static void close_stream(struct stream *s)
{
	net_backend_destroy(s->backend);
	close(s->peer);
}

static int send_bytes(struct stream *s, const uint8_t *bytes, size_t size, size_t piece)
{
	static uint8_t memory[NET_FRAME_MAX];
	const struct virtio_net_hdr_v1 header = { 0 };
	struct iovec parts[NET_BACKEND_PARTS_MAX];
	unsigned int count = 0;

	memcpy(memory, bytes, size);
	for (size_t done = 0; done < size; done += parts[count++].iov_len)
		parts[count] = (struct iovec){
			.iov_base = memory + done,
			.iov_len = size - done < piece ? size - done : piece,
		};

	return net_backend_send(s->backend, &header, parts, count, size);
}

/* The peer has received nothing, or exactly these bytes as one frame. */
static void assert_received(struct stream *s, const uint8_t *bytes, size_t size)
{
	static uint8_t record[4 + NET_FRAME_MAX];
	const uint32_t length = htonl((uint32_t)size);
	const ssize_t got = recv(s->peer, record, sizeof(record), MSG_DONTWAIT);

	if (size == 0) {
		assert_int_equal(got, -1);
		return;
	}
	assert_int_equal(got, 4 + size);
	assert_memory_equal(record, &length, 4);
	assert_memory_equal(record + 4, bytes, size);
}

/* --- which frames --- */

static void frames_up_to_the_limit_of_the_peer_are_sent(void **state)
{
	const struct net_stream_source source = { .frame_max = PASST_FRAME_MAX };
	static uint8_t bytes[NET_FRAME_MAX];
	struct stream s;

	memset(bytes, 5, sizeof(bytes));
	connect_stream(&s, source);
	assert_int_equal(send_bytes(&s, bytes, PASST_FRAME_MAX + 1, 4096), -EMSGSIZE);
	assert_received(&s, NULL, 0);
	assert_int_equal(send_bytes(&s, bytes, NET_FRAME_MAX, 4096), -EMSGSIZE);
	assert_received(&s, NULL, 0);
	assert_int_equal(send_bytes(&s, bytes, PASST_FRAME_MAX, 4096), 0);
	assert_received(&s, bytes, PASST_FRAME_MAX);
	close_stream(&s);
}

/* A packet in a frame of 64 bytes. */
static void make_packet(uint8_t frame[64], const char *to)
{
	memset(frame, 0x22, 64);
	if (strchr(to, ':')) {
		frame[12] = 0x86;
		frame[13] = 0xdd;
		assert_int_equal(inet_pton(AF_INET6, to, frame + 38), 1);
	} else {
		frame[12] = 0x08;
		frame[13] = 0x00;
		assert_int_equal(inet_pton(AF_INET, to, frame + 30), 1);
	}
}

static void packets_for_the_loopback_of_the_host_are_not_given_to_passt(void **state)
{
	const char *const addresses[] = {
		"127.0.0.1", "127.255.255.255", "0.0.0.0",	    "0.1.2.3",	     "::", "::1",
		"::2",	     "::127.0.0.1",	"::ffff:127.0.0.1", "::ffff:0.0.0.0"
	};
	const struct net_stream_source source = { .may_pass = passt_may_have };
	uint8_t frame[64];
	struct stream s;

	connect_stream(&s, source);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		make_packet(frame, addresses[i]);
		/* The guest says how it is divided, and what version it has. */
		for (size_t piece = 1; piece <= sizeof(frame); piece++)
			for (unsigned int version = 0; version < 16; version++) {
				frame[14] = (uint8_t)(version << 4);
				assert_int_equal(send_bytes(&s, frame, sizeof(frame), piece),
						 -EPERM);
			}
		assert_received(&s, NULL, 0);
	}
	close_stream(&s);
}

static void packets_for_other_addresses_are_given_to_passt(void **state)
{
	const char *const addresses[] = {
		"192.0.2.1",  "255.255.255.255", "224.0.0.251", "1.0.0.0", "126.255.255.255",
		"128.0.0.0",  "169.254.1.1",	 "2001:db8::1", "fe80::1", "ff02::1:ff00:1",
		"64:ff9b::1", "0:0:0:0:0:1::1",	 "1::"
	};
	const struct net_stream_source source = { .may_pass = passt_may_have };
	uint8_t frame[64];
	struct stream s;

	connect_stream(&s, source);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		make_packet(frame, addresses[i]);
		for (size_t piece = 1; piece <= sizeof(frame); piece++) {
			assert_int_equal(send_bytes(&s, frame, sizeof(frame), piece), 0);
			assert_received(&s, frame, sizeof(frame));
		}
	}
	close_stream(&s);
}

static void frames_that_are_no_packets_of_ip_are_given_to_passt(void **state)
{
	const struct net_stream_source source = { .may_pass = passt_may_have };
	uint8_t frame[64] = { 0 };
	struct stream s;

	connect_stream(&s, source);
	/* ARP, from the shortest on. */
	frame[12] = 0x08;
	frame[13] = 0x06;
	for (size_t size = NET_FRAME_MIN; size <= sizeof(frame); size++) {
		assert_int_equal(send_bytes(&s, frame, size, 7), 0);
		assert_received(&s, frame, size);
	}
	close_stream(&s);
}

static void packets_without_an_address_are_not_given_to_passt(void **state)
{
	const struct net_stream_source source = { .may_pass = passt_may_have };
	uint8_t frame[64];
	struct stream s;

	connect_stream(&s, source);
	make_packet(frame, "192.0.2.1");
	for (size_t size = NET_FRAME_MIN; size < 34; size++)
		assert_int_equal(send_bytes(&s, frame, size, 64), -EPERM);
	make_packet(frame, "2001:db8::1");
	for (size_t size = NET_FRAME_MIN; size < 54; size++)
		assert_int_equal(send_bytes(&s, frame, size, 64), -EPERM);
	assert_received(&s, NULL, 0);
	close_stream(&s);
}

/* --- errors --- */

/*
 * The socket takes a part of a frame, and then fails for another reason than its
 * peer's end: bytes that follow would be taken for the rest.
 */
static void a_frame_of_which_the_rest_cannot_be_sent_ends_the_connection(void **state)
{
	const int small = 1;
	static uint8_t bytes[NET_FRAME_MAX];
	static uint8_t taken[sizeof(bytes)];
	const struct net_stream_source source = { 0 };
	const int broken_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct net_frame frame;
	struct error error;
	struct stream s;
	int good_fd;

	connect_stream(&s, source);
	assert_int_equal(setsockopt(s.backend->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
			 0);
	assert_int_equal(send_bytes(&s, bytes, sizeof(bytes), 4096), 0);
	assert_int_equal(net_backend_flush(s.backend), -EAGAIN);
	good_fd = dup(s.backend->fd);
	assert_true(broken_fd >= 0 && good_fd >= 0);
	assert_int_equal(dup2(broken_fd, s.backend->fd), s.backend->fd);
	(void)net_backend_flush(s.backend);
	assert_int_equal(dup2(good_fd, s.backend->fd), s.backend->fd);
	/* The peer reads what there is, so there is room again. */
	while (recv(s.peer, taken, sizeof(taken), MSG_DONTWAIT) > 0)
		;
	assert_true(send_bytes(&s, bytes, 60, 60) < 0);
	assert_received(&s, NULL, 0);
	assert_int_equal(net_backend_receive(s.backend, &frame, &error), -ENOTSOCK);
	assert_string_equal(error.text, "the connection to the test was lost: Socket operation on "
					"non-socket");
	/* The next connection is a new one. */
	net_backend_disconnect(s.backend);
	close(s.peer);
	assert_int_equal(net_backend_connect(s.backend, &error), 0);
	assert_int_equal(send_bytes(&s, bytes, 60, 60), 0);
	assert_received(&s, bytes, 60);
	assert_int_equal(net_backend_receive(s.backend, &frame, &error), 0);
	close_stream(&s);
	close(good_fd);
	close(broken_fd);
}

static const void *lost;

static void on_lost(void *context, const void *at)
{
	lost = at;
}

/* Of a page whose file has become shorter. */
static void a_frame_whose_memory_is_lost_is_reported(void **state)
{
	const struct virtio_net_hdr_v1 header = { 0 };
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const int empty = memfd_create("lost", MFD_CLOEXEC);
	void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, empty, 0);
	const struct iovec part = { .iov_base = memory, .iov_len = 60 };
	const struct memory_error_watch watch = { .host = memory, .size = page, .lost = on_lost };
	struct stream s;

	assert_ptr_not_equal(memory, MAP_FAILED);
	connect_stream(&s, (struct net_stream_source){ 0 });
	memory_error_watch(&watch);
	assert_int_equal(net_backend_send(s.backend, &header, &part, 1, 60), -EFAULT);
	memory_error_watch(NULL);
	assert_ptr_equal(lost, memory);
	close_stream(&s);
	munmap(memory, page);
	close(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_up_to_the_limit_of_the_peer_are_sent),
		cmocka_unit_test(packets_for_the_loopback_of_the_host_are_not_given_to_passt),
		cmocka_unit_test(packets_for_other_addresses_are_given_to_passt),
		cmocka_unit_test(frames_that_are_no_packets_of_ip_are_given_to_passt),
		cmocka_unit_test(packets_without_an_address_are_not_given_to_passt),
		cmocka_unit_test(a_frame_of_which_the_rest_cannot_be_sent_ends_the_connection),
		cmocka_unit_test(a_frame_whose_memory_is_lost_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
