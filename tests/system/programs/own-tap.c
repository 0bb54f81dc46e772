/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * own-tap - make a tap interface that belongs to a user, as "ip tuntap add" does
 *
 *	own-tap NAME UID
 *
 * It remains when the program has ended. Exit status 1: it could not be made.
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd;

	if (argc != 3 || strlen(argv[1]) >= IFNAMSIZ) {
		fputs("Usage: own-tap NAME UID\n", stderr);
		return 2;
	}
	memcpy(request.ifr_name, argv[1], strlen(argv[1]) + 1);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0 ||
	    ioctl(fd, TUNSETOWNER, strtoul(argv[2], NULL, 10)) < 0 ||
	    ioctl(fd, TUNSETPERSIST, 1UL) < 0) {
		perror("own-tap");
		return 1;
	}

	return 0;
}
