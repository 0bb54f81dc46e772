/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the file that a VM is saved in, as somebody would forge it who knows how: its
 * checksum is right. The input says which VM it is and what of its file is another.
 *
 * The first byte is how: bits 0 and 1 say who serves PSCI, bit 2 how many vCPUs there
 * are, bit 3 that the record in front is meant, bit 4 that all of the file is the rest
 * of the input, as it is, bit 5 that it is read as format 1, bit 6 that RAM is in pieces
 * that can be mapped, and with bit 5 at their places instead, bit 7 that all of those are
 * read at once. Else there follow
 * changes: three bytes of offset, one of length, up to 15, and so many bytes; a length
 * above that has the file end there.
 *
 * What is not refused is a machine, whose devices are then used as a guest would.
 */
#include "fake-kvm.h"
#include "input.h"

#include "base/copy-file.h"
#include "base/range.h"
#include "base/time-text.h"
#include "board/board.h"
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "devices/virtio/rng.h"
#include "host/memory-error.h"
#include "machine/devices.h"
#include "machine/vcpu.h"
#include "save/file-header.h"
#include "save/file.h"
#include "vpsci/vpsci.h"

#include <psci/abi.h>
#include <psci/psci.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zstd.h>

#define DISK_SIZE 65536
#define SAVED_MAX (1 << 20)
#define KINDS 8
#define CHANGE_MAX 15
#define RNG_BASE (BOARD_VIRTIO_BASE + BOARD_VIRTIO_RNG_SLOT * BOARD_VIRTIO_SIZE)

/** What a VM is in a file of one format. */
struct saved {
	uint8_t *front; /**< All before the stream; NULL if that is large, and in @file. */
	size_t front_size;
	int file;
	uint8_t *bytes; /**< The stream, not compressed. */
	size_t size;
	size_t record_end; /**< Where the record ends among them. */
};

struct kind {
	struct record record;
	struct saved compressed, mapped, placed;
};

static struct kind kinds[KINDS];
static char binary_path[64];
static char disk_path[64];

/* For what cannot fail on a machine that can run this. */
static void must_be(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz-saved: not so: %s\n", what);
	abort();
}
#define MUST(what) must_be(what, #what)

static int file_of(const void *bytes, size_t size)
{
	const int fd = memfd_create("saved", MFD_CLOEXEC);

	MUST(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);

	return fd;
}

static void path_of(int fd, char path[64])
{
	snprintf(path, 64, "/proc/%d/fd/%d", (int)getpid(), fd);
}

/* --- what is saved --- */

static void describe(struct kind *kind, unsigned int number)
{
	static const enum psci_server servers[] = { PSCI_SERVER_USERSPACE, PSCI_SERVER_KERNEL,
						    PSCI_SERVER_MIXED, PSCI_SERVER_USERSPACE };
	struct config *config = &kind->record.config;

	kind->record.state = VM_SUSPENDED;
	kind->record.pid = 1;
	cause_set(&kind->record.cause, VM_TRIGGER_SUSPEND, 0, "SYSTEM_SUSPEND");
	snprintf(kind->record.host, sizeof(kind->record.host), "6.12.0");
	snprintf(kind->record.saved_id, sizeof(kind->record.saved_id), "%032x", number);
	kind->record.suspension.known = true;
	kind->record.suspension.entry = MEMORY_BASE;
	config->machine_version = number & 4 ? BOARD_VERSION_NEWEST : BOARD_VERSION_1;
	config->flat = strdup(binary_path);
	config->append = strdup("");
	config->console = strdup("none");
	config->disks[0].path = strdup(disk_path);
	config->disk_count = 1;
	config->cpus = number & 4 ? 3 : 1;
	config->memory = CONFIG_MEMORY_MIN;
	config->psci = servers[number & 3];
	config->psci_version = PSCI_VERSION_1_3;
	config->idle_states = (number & 3) == 3;
	config->idle_clusters = config->idle_states;
}

/* As after its guest's SYSTEM_SUSPEND. */
static void put_to_sleep(struct vm *vm)
{
	struct psci_regs regs = { .x = { PSCI_FN64_SYSTEM_SUSPEND, MEMORY_BASE, 7 } };
	struct vcpu *vcpu = &vm->vcpus[0];
	struct psci_entry entry;

	vcpu->suspend = (struct vcpu_suspend){ .entry = MEMORY_BASE, .context = 7 };
	if (!vpsci_machine(vm))
		return;
	MUST(psci_vcpu_poll(vcpu->psci, &entry) == PSCI_NEXT_START);
	MUST(psci_call(vcpu->psci, &regs) == PSCI_NEXT_SYSTEM_SUSPEND);
}

static uint8_t *copy_of(const void *bytes, size_t size)
{
	uint8_t *copy = malloc(size);

	MUST(copy);
	memcpy(copy, bytes, size);

	return copy;
}

/* All before the stream. */
static void read_front(struct saved *saved, int fd)
{
	static uint8_t front[SAVED_MAX];

	saved->file = -1;
	if (saved->front_size <= sizeof(front)) {
		MUST(range_read(fd, 0, front, saved->front_size) == 0);
		saved->front = copy_of(front, saved->front_size);
		return;
	}
	saved->file = memfd_create("saved", MFD_CLOEXEC);
	MUST(saved->file >= 0 && copy_file(fd, saved->file, saved->front_size, NULL) == 0);
}

static void read_back(struct saved *saved, const char *path)
{
	static uint8_t stream[SAVED_MAX];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ZSTD_outBuffer out = { malloc(SAVED_MAX), SAVED_MAX, 0 };
	ZSTD_DCtx *context = ZSTD_createDCtx();
	struct file_header header;
	struct error error;
	ZSTD_inBuffer in;
	ssize_t size;

	MUST(fd >= 0 && out.dst && context);
	MUST(file_header_read(fd, path, &header, &error) == 0);
	saved->front_size = (size_t)header.stream;
	read_front(saved, fd);
	size = pread(fd, stream, sizeof(stream), (off_t)header.stream);
	MUST(size > 0);
	in = (ZSTD_inBuffer){ stream, (size_t)size, 0 };
	MUST(ZSTD_decompressStream(context, &out, &in) == 0);
	ZSTD_freeDCtx(context);
	close(fd);
	saved->bytes = out.dst;
	saved->size = out.pos;
	/* Two texts, each behind its length. */
	for (int i = 0; i < 2; i++) {
		uint32_t length;

		memcpy(&length, saved->bytes + saved->record_end, sizeof(length));
		saved->record_end += sizeof(length) + length;
	}
}

static void save(const struct kind *kind, struct vm *vm, enum save_form form, struct saved *saved)
{
	char path[] = "/tmp/fuzz-saved.XXXXXX";
	char file[sizeof(path) + 8];
	struct save_draft draft;
	struct error error;

	MUST(mkdtemp(path));
	snprintf(file, sizeof(file), "%s/vm", path);
	MUST(save_file_write(file, vm, &kind->record, form, &draft, &error) == 0);
	MUST(save_file_publish(&draft, &error) == 0);
	read_back(saved, file);
	unlink(file);
	rmdir(path);
}

static void make(struct kind *kind, unsigned int number)
{
	struct error error;
	struct vm vm;

	describe(kind, number);
	MUST(vm_create(&vm, &kvm_of_tests, &kind->record.config, "vm", vpsci_choose, &error) == 0);
	if (vm_boot(&vm, &error) < 0)
		must_be(false, error.text);
	put_to_sleep(&vm);
	save(kind, &vm, SAVE_COMPRESSED, &kind->compressed);
	save(kind, &vm, SAVE_PACKED, &kind->mapped);
	save(kind, &vm, SAVE_PLACED, &kind->placed);
	vm_end(&vm);
	vm_destroy(&vm);
}

static void prepare(void)
{
	static const uint8_t zeros[DISK_SIZE];

	struct error error;

	if (kinds[0].compressed.bytes)
		return;
	MUST(memory_error_setup(&error) == 0);
	path_of(file_of("\0\0\0\x14", 4), binary_path);
	path_of(file_of(zeros, sizeof(zeros)), disk_path);
	for (unsigned int i = 0; i < KINDS; i++)
		make(&kinds[i], i);
}

/* --- what is made of it --- */

/* Change what there is from @first on, up to @end. Returns where it ends now. */
static size_t change(struct input *in, uint8_t *bytes, size_t first, size_t end, size_t size)
{
	while (in->left > 0) {
		const size_t at = first + take_word(in, 3) % (end - first);
		const uint8_t count = take_byte(in);

		if (count > CHANGE_MAX)
			return at;
		for (size_t i = at; i < at + count && i < end; i++)
			bytes[i] = take_byte(in);
	}

	return size;
}

/* The front of that file stays as it is. */
static int replace_stream(const struct saved *saved, const uint8_t *stream, size_t size)
{
	const int fd = dup(saved->file);

	MUST(fd >= 0 && ftruncate(fd, (off_t)saved->front_size) == 0);
	MUST(range_write(fd, saved->front_size, stream, size) == 0);

	return fd;
}

static int forge(const struct saved *saved, struct input *in, bool record, bool old)
{
	static uint8_t bytes[SAVED_MAX];
	static uint8_t file[SAVED_MAX + ZSTD_COMPRESSBOUND(SAVED_MAX)];
	const size_t front_size = saved->front ? saved->front_size : 0;
	size_t size = saved->size;

	memcpy(bytes, saved->bytes, size);
	size = record ? change(in, bytes, 0, saved->record_end, size)
		      : change(in, bytes, saved->record_end, size, size);
	if (saved->front)
		memcpy(file, saved->front, front_size);
	size = ZSTD_compress(file + front_size, sizeof(file) - front_size, bytes, size, 1);
	MUST(!ZSTD_isError(size));
	if (!saved->front)
		return replace_stream(saved, file, size);
	if (old)
		file[FILE_HEADER_SIZE - 1] = 1;

	return file_of(file, front_size + size);
}

/* The device at an address, whose kind is known by that. */
static void *device_at(const struct vm *vm, uint64_t base)
{
	const struct devices *devices = vm->devices;

	for (size_t i = 0; i < devices->count; i++) {
		if (devices->all[i].base == base)
			return devices->all[i].self;
	}
	must_be(false, "the board has what the file says");

	return NULL;
}

/* Each register of each device, as a guest does that finds it in whatever state. */
static void use(struct vm *vm)
{
	static const uint64_t bases[] = { BOARD_UART_BASE, BOARD_RTC_BASE, BOARD_VIRTIO_BASE };
	static const uint8_t typed[2 * PL011_FIFO_SIZE];
	struct pl011 *uart = device_at(vm, BOARD_UART_BASE);
	char text[TIME_TEXT_SIZE];
	int64_t alarm = 0;
	uint64_t value;

	(void)pl011_receive(uart, typed, sizeof(typed));
	if (devices_next_alarm(vm->devices, &alarm))
		time_format((time_t)alarm, text);
	pl031_expired(device_at(vm, BOARD_RTC_BASE));
	rng_serve(device_at(vm, RNG_BASE));
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		for (uint64_t offset = 0; offset < 0x200; offset += 4)
			(void)bus_read(&vm->bus, bases[i] + offset, 4, &value);
		for (uint64_t offset = 0; offset < 0x100; offset += 4)
			(void)bus_write(&vm->bus, bases[i] + offset, 4, offset);
	}
	/* All that there was room for, and more. */
	for (unsigned int i = 0; i < 2 * PL011_FIFO_SIZE; i++) {
		(void)bus_read(&vm->bus, BOARD_UART_BASE, 4, &value);
		(void)pl011_receive(uart, typed, 1);
	}
}

/* Whatever the index says, each byte of RAM is there, or the machine ends. */
static void touch(const struct memory *memory)
{
	const volatile uint8_t *bytes = memory->host;

	for (uint64_t at = 0; at < memory->size; at += MEMORY_PIECE)
		(void)bytes[at];
}

static void restore(const struct kind *kind, struct save_file *file, bool whole)
{
	struct error error;
	struct vm vm;
	int err;

	/* Not the record's own, which may name any file of this machine. */
	MUST(vm_create(&vm, &kvm_of_tests, &kind->record.config, "vm", vpsci_choose, &error) == 0);
	err = save_file_restore(file, &vm, &error);
	/* A part that was not changed is as it was saved. */
	if (err && whole)
		must_be(false, error.text);
	/* Whatever waits in its rings: it may still be refused, and then nothing has changed. */
	MUST(!virtio_mmio_running(device_at(&vm, BOARD_VIRTIO_BASE)));
	if (!err) {
		MUST(file->record.suspension.vcpu < vm.vcpu_count);
		devices_unquiesce(vm.devices);
		use(&vm);
		touch(&vm.memory);
		MUST(devices_drain(vm.devices, &error) == 0);
		vm_end(&vm);
	}
	vm_destroy(&vm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const uint8_t how = take_byte(&in);
	const struct kind *kind = &kinds[how % KINDS];
	const struct saved *saved = !(how & 64)	  ? &kind->compressed
				    : !(how & 32) ? &kind->mapped
						  : &kind->placed;
	struct save_file file;
	struct error error;
	char path[64];
	json_t *json;
	int fd;

	prepare();
	fd = how & 16 ? file_of(in.next, in.left) : forge(saved, &in, how & 8, how & 32);
	path_of(fd, path);
	if (save_file_open(path, &file, &error) == 0) {
		json = record_to_json(&file.record, file.name);
		MUST(json);
		json_decref(json);
		file.verify = how & 128;
		if (!(how & 24))
			restore(kind, &file, in.left == 0 && size <= 1 && (how & 96) != 32);
		save_file_close(&file);
	}
	close(fd);

	return 0;
}
