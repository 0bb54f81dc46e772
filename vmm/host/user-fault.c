/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/memory-pages.h"
#include "host/memory-source-part.h"

/* Of Linux 6.1, and of C libraries that are newer than some that we build with. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define FLAGS (O_CLOEXEC | O_NONBLOCK)

/*
 * By the device, whose permissions say who may, or by the system call, for which
 * the process needs CAP_SYS_PTRACE or the host's vm.unprivileged_userfaultfd.
 * Without UFFD_USER_MODE_ONLY, which would not serve KVM.
 */
static int open_any(void)
{
	const int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
	int fd = -1;

	if (device >= 0) {
		fd = ioctl(device, USERFAULTFD_IOC_NEW, FLAGS);
		close(device);
	}
	if (fd < 0)
		fd = (int)syscall(SYS_userfaultfd, FLAGS);

	return fd < 0 ? -errno : fd;
}

int user_fault_open(struct error *error)
{
	struct uffdio_api api = { .api = UFFD_API };
	const int fd = open_any();
	int err;

	if (fd < 0)
		return error_set(error, fd, "userfaultfd: %s", strerror(-fd));
	if (ioctl(fd, UFFDIO_API, &api) == 0)
		return fd;
	err = -errno;
	close(fd);

	return error_set(error, err, "UFFDIO_API: %s", strerror(-err));
}

int user_fault_register(int fd, uint8_t *host, const struct memory_index *index,
			struct error *error)
{
	/*
	 * A page that is there is not waited for. Most often there is none, and to drop them
	 * all the same would have KVM go through its tables for all of RAM.
	 */
	if (!memory_pages_are_none(host, index->memory) &&
	    madvise(host, index->memory, MADV_DONTNEED) < 0)
		return error_set(error, -errno, "madvise: %s", strerror(errno));
	for (size_t i = 0; i < index->extent_count; i++) {
		const struct memory_extent *extent = &index->extents[i];
		struct uffdio_register arg = {
			.range = { .start = (uint64_t)(uintptr_t)(host + extent->offset),
				   .len = extent->size },
			.mode = UFFDIO_REGISTER_MODE_MISSING,
		};

		if (ioctl(fd, UFFDIO_REGISTER, &arg) < 0)
			return error_set(error, -errno, "UFFDIO_REGISTER: %s", strerror(errno));
	}

	return 0;
}

uint8_t *user_fault_next(int fd)
{
	struct uffd_msg message;

	/* No other events were asked for. */
	if (read(fd, &message, sizeof(message)) != sizeof(message) ||
	    message.event != UFFD_EVENT_PAGEFAULT)
		return NULL;

	/* NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives it as a number. */
	return (uint8_t *)(uintptr_t)message.arg.pagefault.address;
}

void user_fault_wake(int fd, const uint8_t *at)
{
	struct uffdio_range range = { .start = (uint64_t)(uintptr_t)at, .len = MEMORY_PIECE };

	/* It has nothing to fail for but a wrong range. */
	(void)ioctl(fd, UFFDIO_WAKE, &range);
}

int user_fault_give(int fd, uint8_t *to, const uint8_t *piece)
{
	const uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	bool was_there = false;
	uint64_t done = 0;

	while (done < MEMORY_PIECE) {
		struct uffdio_copy copy = {
			.dst = (uint64_t)(uintptr_t)(to + done),
			.src = (uint64_t)(uintptr_t)(piece + done),
			.len = MEMORY_PIECE - done,
		};

		if (ioctl(fd, UFFDIO_COPY, &copy) == 0)
			break;
		/* It copies in part, then fails for the rest. */
		if (copy.copy > 0) {
			done += (uint64_t)copy.copy;
		} else if (copy.copy == -EEXIST) {
			was_there = true;
			done += page_size;
		} else if (errno != EAGAIN && errno != EINTR) {
			return -errno;
		}
	}
	/* What is copied wakes by itself, and what was there does not. */
	if (was_there)
		user_fault_wake(fd, to);

	return 0;
}

void user_fault_refuse(int fd, uint8_t *at, int empty)
{
	/*
	 * Behind the end of a file there are no pages. If it cannot be mapped,
	 * whatever waits goes on waiting: it gets no wrong byte.
	 */
	if (mmap(at, MEMORY_PIECE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, empty, 0) !=
	    MAP_FAILED)
		user_fault_wake(fd, at);
}

bool user_fault_collapse(uint8_t *at, uint64_t size)
{
	/* EINVAL: Linux before 6.1, or one without huge pages. All others concern this one. */
	return madvise(at, size, MADV_COLLAPSE) == 0 || errno != EINVAL;
}
