/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tap interface that cannot be used: a sentence names it, why, and what would help.
 * What reading and writing one that can be used does.
 */
#include "host/net-tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

/* --- the host of the test, in place of the C library's functions --- */

static struct {
	int open_err; /* Of /dev/net/tun. */
	bool exists; /* The interface. */
	int attach_err; /* Of TUNSETIFF. */
	bool several_queues; /* It was made with them, */
	unsigned int attached; /* and was attached so often. */
	int setup_err; /* Of what follows it. */
	const char *owner, *group; /* As sysfs has them, or NULL. */
	const int *reads; /* What reading it does, in order: a size, or -errno. */
	struct virtio_net_hdr_v1 written; /* The header of the last frame that was written. */
} host;

static int with_text(const char *text)
{
	int fd;

	if (!text) {
		errno = ENOENT;
		return -1;
	}
	fd = memfd_create("sysfs", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), 0), strlen(text));

	return fd;
}

int open(const char *path, int flags, ...)
{
	if (strcmp(path, "/dev/net/tun") == 0) {
		errno = host.open_err;
		return host.open_err ? -1 : memfd_create("tun", MFD_CLOEXEC);
	}
	if (strcmp(path, "/sys/class/net/tap7/owner") == 0)
		return with_text(host.owner);
	if (strcmp(path, "/sys/class/net/tap7/group") == 0)
		return with_text(host.group);

	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}

unsigned int if_nametoindex(const char *name)
{
	assert_string_equal(name, "tap7");

	return host.exists;
}

uid_t geteuid(void)
{
	return 1001;
}

static int attach(const struct ifreq *request)
{
	const bool several = (request->ifr_flags & IFF_MULTI_QUEUE) != 0;

	assert_string_equal(request->ifr_name, "tap7");
	host.attached++;
	errno = several != host.several_queues ? EINVAL : host.attach_err;

	return errno ? -1 : 0;
}

int ioctl(int fd, unsigned long number, ...)
{
	va_list args;
	const struct ifreq *request;

	if (number != TUNSETIFF) {
		errno = host.setup_err;
		return host.setup_err ? -1 : 0;
	}
	va_start(args, number);
	request = va_arg(args, const struct ifreq *);
	va_end(args);

	return attach(request);
}

ssize_t readv(int fd, const struct iovec *pieces, int count)
{
	const int ret = *host.reads++;

	assert_int_equal(count, 2);
	errno = ret < 0 ? -ret : 0;

	return ret < 0 ? -1 : ret;
}

/* Linux takes no frame that is shorter than the headers that it is said to have. */
ssize_t writev(int fd, const struct iovec *pieces, int count)
{
	assert_int_equal(count, 2);
	assert_int_equal(pieces[0].iov_len, sizeof(host.written));
	memcpy(&host.written, pieces[0].iov_base, sizeof(host.written));
	if (host.written.hdr_len > pieces[1].iov_len) {
		errno = EINVAL;
		return -1;
	}

	return (ssize_t)(pieces[0].iov_len + pieces[1].iov_len);
}

/* --- tests --- */

static int set_up(void **state)
{
	memset(&host, 0, sizeof(host));
	host.exists = true;

	return 0;
}

static int connect_tap(struct error *error)
{
	struct net_backend *backend = net_tap_create("tap7");
	int err;

	assert_non_null(backend);
	err = net_backend_connect(backend, error);
	net_backend_destroy(backend);

	return err;
}

static void fails(int err, const char *sentence)
{
	struct error error = { "" };

	assert_int_equal(connect_tap(&error), err);
	assert_string_equal(error.text, sentence);
}

static void a_tap_of_this_user_is_used(void **state)
{
	struct error error;

	assert_int_equal(connect_tap(&error), 0);
	assert_int_equal(host.attached, 1);
	host.several_queues = true;
	assert_int_equal(connect_tap(&error), 0);
}

static void a_host_without_tap_interfaces_is_named(void **state)
{
	static const int errs[] = { ENOENT, ENODEV, ENXIO };

	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		host.open_err = errs[i];
		fails(-errs[i], "the host has no tap interfaces: there is no /dev/net/tun, which "
				"\"modprobe tun\" makes");
	}
}

static void a_user_who_may_not_open_the_driver_is_named(void **state)
{
	static const int errs[] = { EACCES, EPERM };

	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		host.open_err = errs[i];
		fails(-errs[i],
		      "this user may not open /dev/net/tun, by which tap interfaces are used: "
		      "reading and writing it has to be allowed");
	}
}

static void another_failure_of_the_driver_is_named(void **state)
{
	host.open_err = EMFILE;
	fails(-EMFILE, "cannot open /dev/net/tun, by which tap interfaces are used: Too many open "
		       "files");
}

static void an_interface_that_does_not_exist_is_not_made(void **state)
{
	host.exists = false;
	fails(-ENODEV, "there is no network interface tap7");
	assert_int_equal(host.attached, 0);
}

static void an_interface_of_another_user_is_named_with_its_owner(void **state)
{
	host.attach_err = EPERM;
	host.owner = "1000\n";
	host.group = "-1\n";
	fails(-EPERM,
	      "the interface tap7 may not be used by this user: it belongs to the user with "
	      "the id 1000, and not 1001; an administrator can make one by \"ip tuntap add "
	      "NAME mode tap user 1001\"");
}

static void an_interface_of_another_group_is_named_with_its_group(void **state)
{
	host.attach_err = EPERM;
	host.owner = "-1\n";
	host.group = "50\n";
	fails(-EPERM,
	      "the interface tap7 may not be used by this user: it belongs to the group with "
	      "the id 50, in which 1001 is not; an administrator can make one by \"ip "
	      "tuntap add NAME mode tap user 1001\"");
	/* One that has both can be used by the owner who is in the group. */
	host.owner = "1001\n";
	fails(-EPERM,
	      "the interface tap7 may not be used by this user: it belongs to the group with "
	      "the id 50, in which 1001 is not; an administrator can make one by \"ip "
	      "tuntap add NAME mode tap user 1001\"");
}

static void an_interface_whose_owner_is_not_known_is_named(void **state)
{
	host.attach_err = EPERM;
	fails(-EPERM,
	      "the interface tap7 may not be used by this user: it belongs to another user; "
	      "an administrator can make one by \"ip tuntap add NAME mode tap user 1001\"");
}

static void an_interface_that_is_in_use_is_named(void **state)
{
	host.attach_err = EBUSY;
	fails(-EBUSY, "the interface tap7 is in use by another program, and takes one at a time: "
		      "each VM needs one of its own");
	host.several_queues = true;
	fails(-EBUSY, "the interface tap7 is in use by another program, and takes one at a time: "
		      "each VM needs one of its own");
}

static void an_interface_that_is_no_tap_is_named(void **state)
{
	host.attach_err = EINVAL;
	fails(-EINVAL, "the interface tap7 is not a tap interface, as \"ip tuntap add NAME mode "
		       "tap\" makes one");
}

static void an_interface_that_cannot_be_set_up_is_named(void **state)
{
	host.attach_err = ENOMEM;
	fails(-ENOMEM, "the interface tap7 cannot be used: Cannot allocate memory");
	host.attach_err = 0;
	host.setup_err = ENOTTY;
	fails(-ENOTTY, "the interface tap7 cannot be used: Inappropriate ioctl for device");
}

/* The host can have a frame that it cannot describe, and drops it: "unexpected GSO type". */
static void a_frame_that_the_host_cannot_hand_over_is_lost_alone(void **state)
{
	static const int reads[] = { -EINTR, 70, -EINVAL, 71, 13, 72, -EAGAIN, -EBADFD };
	struct net_backend *backend = net_tap_create("tap7");
	struct net_frame frame;
	struct error error = { "" };

	assert_non_null(backend);
	assert_int_equal(net_backend_connect(backend, &error), 0);
	host.reads = reads;
	assert_int_equal(net_backend_receive(backend, &frame, &error), 1);
	assert_int_equal(frame.size, 70 - NET_HEADER_SIZE);
	/* It is readable still. */
	assert_int_equal(net_backend_receive(backend, &frame, &error), 0);
	assert_int_equal(net_backend_receive(backend, &frame, &error), 1);
	assert_int_equal(frame.size, 71 - NET_HEADER_SIZE);
	assert_int_equal(net_backend_receive(backend, &frame, &error), 1);
	assert_int_equal(frame.size, 72 - NET_HEADER_SIZE);
	assert_int_equal(net_backend_receive(backend, &frame, &error), 0);
	assert_int_equal(net_backend_receive(backend, &frame, &error), -EBADFD);
	assert_string_equal(error.text,
			    "the interface tap7 was lost: File descriptor in bad state");
	net_backend_destroy(backend);
}

/* virtio 1.2, Packet Transmission: a device must not rely on hdr_len. */
static void a_frame_is_sent_whatever_it_says_of_its_headers(void **state)
{
	struct net_backend *backend = net_tap_create("tap7");
	static uint8_t bytes[60];
	const struct iovec part = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct virtio_net_hdr_v1 header = { .hdr_len = 54 };
	struct error error;

	assert_non_null(backend);
	assert_int_equal(net_backend_connect(backend, &error), 0);
	assert_int_equal(net_backend_send(backend, &header, &part, 1, sizeof(bytes)), 0);
	assert_int_equal(host.written.hdr_len, 54);
	header.hdr_len = 61;
	assert_int_equal(net_backend_send(backend, &header, &part, 1, sizeof(bytes)), 0);
	assert_int_equal(host.written.hdr_len, 0);
	net_backend_destroy(backend);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
		TEST(a_tap_of_this_user_is_used),
		TEST(a_host_without_tap_interfaces_is_named),
		TEST(a_user_who_may_not_open_the_driver_is_named),
		TEST(another_failure_of_the_driver_is_named),
		TEST(an_interface_that_does_not_exist_is_not_made),
		TEST(an_interface_of_another_user_is_named_with_its_owner),
		TEST(an_interface_of_another_group_is_named_with_its_group),
		TEST(an_interface_whose_owner_is_not_known_is_named),
		TEST(an_interface_that_is_in_use_is_named),
		TEST(an_interface_that_is_no_tap_is_named),
		TEST(an_interface_that_cannot_be_set_up_is_named),
		TEST(a_frame_that_the_host_cannot_hand_over_is_lost_alone),
		TEST(a_frame_is_sent_whatever_it_says_of_its_headers),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
