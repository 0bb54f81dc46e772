/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PARTS_MAX 16
#define SECTOR_SIZE 512

static const struct {
	long number;
	const char *name;
	enum call_kind kind;
} known[] = {
	{ __NR_openat, "openat", CALL_OPEN },
	{ __NR_write, "write", CALL_WRITE },
	{ __NR_pwritev, "pwritev", CALL_WRITE },
	{ __NR_pwrite64, "pwrite64", CALL_WRITE },
	{ __NR_fsync, "fsync", CALL_SYNC },
	{ __NR_fdatasync, "fdatasync", CALL_SYNC_DATA },
	{ __NR_renameat, "renameat", CALL_RENAME },
	{ __NR_renameat2, "renameat2", CALL_RENAME },
	{ __NR_linkat, "linkat", CALL_LINK },
	{ __NR_unlinkat, "unlinkat", CALL_UNLINK },
	{ __NR_fsetxattr, "fsetxattr", CALL_ATTRIBUTE },
	{ __NR_sendto, "sendto", CALL_ANSWER },
	{ __NR_ioctl, "ioctl", CALL_RUN },
};

static size_t find(long number)
{
	size_t i = 0;

	while (i < sizeof(known) / sizeof(known[0]) && known[i].number != number)
		i++;

	return i;
}

const char *decode_name(long number)
{
	return known[find(number)].name;
}

/* --- the memory and the files of the process --- */

static struct iovec remote_range(uint64_t address, size_t size)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): it is another process's. */
	return (struct iovec){ (void *)(uintptr_t)address, size };
}

static size_t read_memory(pid_t process, uint64_t address, void *to, size_t size)
{
	struct iovec local = { to, size };
	struct iovec remote = remote_range(address, size);
	const ssize_t count = process_vm_readv(process, &local, 1, &remote, 1, 0);

	return count < 0 ? 0 : (size_t)count;
}

static void write_memory(pid_t process, uint64_t address, const void *from, size_t size)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): only its const goes; it is read. */
	struct iovec local = { (void *)(uintptr_t)from, size };
	struct iovec remote = remote_range(address, size);

	if (process_vm_writev(process, &local, 1, &remote, 1, 0) != (ssize_t)size)
		die("process_vm_writev");
}

struct shortened decode_shorten(pid_t process, const uint64_t *args)
{
	struct shortened shortened = { .address = args[1] + offsetof(struct iovec, iov_len) };
	uint64_t less;

	if (read_memory(process, shortened.address, &shortened.size, sizeof(shortened.size)) !=
	    sizeof(shortened.size))
		die("cannot read the parts of a pwritev");
	less = shortened.size > SECTOR_SIZE ? SECTOR_SIZE : shortened.size / 2;
	write_memory(process, shortened.address, &less, sizeof(less));

	return shortened;
}

void decode_restore(pid_t process, struct shortened *shortened)
{
	write_memory(process, shortened->address, &shortened->size, sizeof(shortened->size));
	shortened->address = 0;
}

/* A path lies anywhere, perhaps at the end of what is mapped. */
static void read_text(pid_t process, uint64_t address, char *text, size_t size)
{
	size_t length = 0;

	while (length + 1 < size) {
		const size_t left = 4096 - (size_t)((address + length) % 4096);
		const size_t room = size - 1 - length;
		const size_t count = read_memory(process, address + length, text + length,
						 left < room ? left : room);

		if (count == 0 || memchr(text + length, '\0', count))
			break;
		length += count;
	}
	text[size - 1] = '\0';
}

static void read_name(pid_t process, uint64_t address, char name[TRACE_NAME_SIZE])
{
	char path[512] = "";
	const char *slash;

	read_text(process, address, path, sizeof(path));
	slash = strrchr(path, '/');
	snprintf(name, TRACE_NAME_SIZE, "%.*s", TRACE_NAME_SIZE - 1, slash ? slash + 1 : path);
}

bool decode_ends_in(pid_t process, uint64_t address, const char *end)
{
	char path[512] = "";
	size_t length;

	read_text(process, address, path, sizeof(path));
	length = strlen(path);

	return length >= strlen(end) && strcmp(path + length - strlen(end), end) == 0;
}

/* Returns its kind, 0 if there is none; @file: its inode. */
static mode_t find_file(pid_t process, uint64_t fd, ino_t *file)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)process, (int)fd);
	if (stat(path, &status) < 0)
		return 0;
	*file = status.st_ino;

	return status.st_mode & S_IFMT;
}

static ino_t find_directory(pid_t process, uint64_t fd)
{
	ino_t file = 0;

	return find_file(process, fd, &file) == S_IFDIR ? file : 0;
}

/* The file of a name that exists. */
static ino_t find_named(pid_t process, uint64_t fd, const char *name)
{
	struct stat status;
	char path[64 + TRACE_NAME_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d/%s", (int)process, (int)fd, name);

	return lstat(path, &status) < 0 ? 0 : status.st_ino;
}

/* The file that a link is made of: by an absolute path, or in a directory. */
static ino_t find_linked(pid_t process, const uint64_t *args, const char *name)
{
	struct stat status;
	char path[512] = "";

	read_text(process, args[1], path, sizeof(path));
	if (path[0] != '/')
		return find_named(process, args[0], name);

	return lstat(path, &status) < 0 ? 0 : status.st_ino;
}

/* --- what is written --- */

static void read_parts(pid_t process, const uint64_t *args, struct call *call)
{
	struct iovec parts[PARTS_MAX];
	const size_t count = args[2] < PARTS_MAX ? (size_t)args[2] : PARTS_MAX;

	if (read_memory(process, args[1], parts, count * sizeof(parts[0])) !=
	    count * sizeof(parts[0]))
		die("cannot read the parts of a pwritev");
	for (size_t i = 0; i < count; i++)
		call->size += parts[i].iov_len;
	call->data = malloc(call->size + 1);
	if (!call->data)
		die("out of memory");
	for (size_t i = 0, at = 0; i < count; at += parts[i].iov_len, i++)
		(void)read_memory(process, (uintptr_t)parts[i].iov_base, call->data + at,
				  parts[i].iov_len);
	call->offset = args[3];
}

static void read_bytes(pid_t process, const uint64_t *args, struct call *call)
{
	call->size = args[2];
	call->data = malloc(call->size + 1);
	if (!call->data)
		die("out of memory");
	(void)read_memory(process, args[1], call->data, call->size);
	call->data[call->size] = '\0';
	/* A record is written from front to back; of a saved file only its parts count. */
	call->offset = 0;
}

static bool decode_write(pid_t process, const uint64_t *args, struct call *call, bool parts)
{
	const mode_t kind = find_file(process, args[0], &call->file);

	if (kind == S_IFSOCK)
		call->kind = CALL_ANSWER;
	else if (args[0] == STDERR_FILENO)
		call->kind = CALL_MESSAGE;
	else if (kind != S_IFREG || args[0] == STDOUT_FILENO)
		return false;
	if (parts)
		read_parts(process, args, call);
	else
		read_bytes(process, args, call);

	return true;
}

/* --- calls --- */

bool decode_entry(pid_t process, uint64_t number, const uint64_t *args, struct call *call)
{
	const size_t which = find((long)number);

	if (which == sizeof(known) / sizeof(known[0]))
		return false;
	call->kind = known[which].kind;
	switch (call->kind) {
	case CALL_OPEN:
		read_name(process, args[1], call->from);
		call->directory = find_directory(process, args[0]);
		if (args[2] & O_CREAT)
			call->kind = CALL_CREATE;
		return true;
	case CALL_WRITE:
		return decode_write(process, args, call, number == __NR_pwritev);
	case CALL_ANSWER:
		read_bytes(process, args, call);
		return true;
	case CALL_SYNC:
	case CALL_SYNC_DATA:
	case CALL_ATTRIBUTE:
		return find_file(process, args[0], &call->file) != 0;
	case CALL_RENAME:
		read_name(process, args[1], call->from);
		read_name(process, args[3], call->to);
		call->directory = find_directory(process, args[0]);
		call->file = find_named(process, args[0], call->from);
		return true;
	case CALL_LINK:
		read_name(process, args[1], call->from);
		read_name(process, args[3], call->to);
		call->directory = find_directory(process, args[2]);
		call->file = find_linked(process, args, call->from);
		return true;
	case CALL_UNLINK:
		read_name(process, args[1], call->from);
		call->directory = find_directory(process, args[0]);
		return true;
	case CALL_RUN:
		return args[1] == KVM_RUN;
	case CALL_CREATE:
	case CALL_MESSAGE:
	case CALL_KIND_COUNT:
		break;
	}

	return false;
}

void decode_exit(pid_t process, long result, struct call *call)
{
	call->result = result < 0 ? (int)result : 0;
	if (result < 0)
		return;
	if (call->kind == CALL_CREATE)
		(void)find_file(process, (uint64_t)result, &call->file);
	if (call->kind == CALL_WRITE)
		call->size = (size_t)result;
}
