/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/devices.h"

#include <errno.h>
#include <linux/virtio_mmio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/message.h"
#include "board/board.h"
#include "kvm/gic.h"
#include "machine/console.h"

static void on_report(void *context, const char *text)
{
	const struct vm *vm = context;

	message_ratelimited("%s: %s", vm->name, text);
}

static uint64_t slot_base(size_t slot)
{
	return BOARD_VIRTIO_BASE + slot * BOARD_VIRTIO_SIZE;
}

static int add(struct vm *vm, uint64_t base, uint64_t size, const struct device_ops *ops,
	       void *device, struct error *error)
{
	const int err = bus_add(&vm->bus, base, size, ops, device);

	if (err)
		return error_set(error, err, "cannot place %s at %#llx: %s", ops->name,
				 (unsigned long long)base, strerror(-err));

	return 0;
}

static int create_disk(struct devices *devices, struct vm *vm, const struct disk_config *config,
		       struct error *error)
{
	const size_t slot = devices->disk_count;
	struct disk *disk = &devices->disks[slot];
	struct blk *blk = &devices->blks[slot];
	int err = disk_open(disk, config->path, config->read_only, error);

	if (err)
		return err;
	if (disk->format)
		message("%s: disk %s looks like a %s image: the guest gets the file as it is, raw",
			vm->name, config->path, disk->format);
	err = blk_create(blk, disk, &vm->memory, (uint32_t)(BOARD_VIRTIO_SPI + slot), on_report,
			 vm);
	if (err) {
		disk_close(disk);

		return error_set(error, err, "cannot make the disk %s: %s", config->path,
				 strerror(-err));
	}
	devices->disk_count++;

	return add(vm, slot_base(slot), BOARD_VIRTIO_SIZE, &virtio_mmio_ops, &blk->mmio, error);
}

static int create_rng(struct devices *devices, struct vm *vm, struct error *error)
{
	int err = rng_create(&devices->rng, &vm->memory, BOARD_VIRTIO_SPI + BOARD_VIRTIO_RNG_SLOT,
			     on_report, vm);

	if (err)
		return error_set(error, err, "cannot make the source of randomness: %s",
				 strerror(-err));
	err = add(vm, slot_base(BOARD_VIRTIO_RNG_SLOT), BOARD_VIRTIO_SIZE, &virtio_mmio_ops,
		  &devices->rng.mmio, error);
	if (err)
		rng_destroy(&devices->rng);

	return err;
}

static void destroy_disks(struct devices *devices)
{
	for (size_t i = 0; i < devices->disk_count; i++) {
		blk_destroy(&devices->blks[i]);
		disk_close(&devices->disks[i]);
	}
}

static int create_disks(struct devices *devices, struct vm *vm, const struct config *config,
			struct error *error)
{
	int err = 0;

	for (size_t i = 0; i < config->disk_count && !err; i++)
		err = create_disk(devices, vm, &config->disks[i], error);
	if (err)
		destroy_disks(devices);

	return err;
}

/* The firmware, if there is one, in its flash. */
static int create_flash(struct devices *devices, struct vm *vm, const struct config *config,
			struct error *error)
{
	int err;

	if (!config->firmware)
		return 0;
	err = flash_create(&devices->flash, config->firmware, error);
	if (err)
		return err;
	err = add(vm, BOARD_FLASH_BASE, FLASH_SIZE, &flash_ops, &devices->flash, error);
	if (err)
		flash_destroy(&devices->flash);

	return err;
}

int devices_create(struct devices *devices, struct vm *vm, const struct config *config,
		   struct error *error)
{
	int err;

	devices->disk_count = 0;
	err = create_flash(devices, vm, config, error);
	if (err)
		return err;
	err = create_disks(devices, vm, config, error);
	if (err)
		goto err_destroy_flash;
	err = create_rng(devices, vm, error);
	if (err)
		goto err_destroy_disks;
	err = pl031_create(&devices->rtc,
			   (struct irq_line){ .vm_fd = &vm->fd, .spi = BOARD_RTC_SPI });
	if (err) {
		error_set(error, err, "cannot make the real-time clock: %s", strerror(-err));
		goto err_destroy_rng;
	}
	pl011_create(&devices->uart, (struct irq_line){ .vm_fd = &vm->fd, .spi = BOARD_UART_SPI });
	err = add(vm, BOARD_UART_BASE, BOARD_UART_SIZE, &pl011_ops, &devices->uart, error);
	if (!err)
		err = add(vm, BOARD_RTC_BASE, BOARD_RTC_SIZE, &pl031_ops, &devices->rtc, error);
	/* Last: once the terminal is raw, messages are harder to read. */
	if (!err)
		err = terminal_open(&devices->terminal, config->console, error);
	if (err)
		goto err_destroy_uart;
	terminal_limit(&devices->terminal, config->console_limit);
	console_connect(&devices->terminal, &devices->uart);

	return 0;

err_destroy_uart:
	pl011_destroy(&devices->uart);
	pl031_destroy(&devices->rtc);
err_destroy_rng:
	rng_destroy(&devices->rng);
err_destroy_disks:
	destroy_disks(devices);
err_destroy_flash:
	flash_destroy(&devices->flash);

	return err;
}

void devices_destroy(struct devices *devices, const struct vm *vm)
{
	const int err = terminal_close(&devices->terminal);

	if (err)
		message("%s: the end of the console's output is lost: %s", vm->name,
			strerror(-err));
	pl011_destroy(&devices->uart);
	pl031_destroy(&devices->rtc);
	rng_destroy(&devices->rng);
	destroy_disks(devices);
	flash_destroy(&devices->flash);
}

/* Let KVM itself take the doorbell: the vCPU need not leave the kernel. */
static int attach_doorbell(int vm_fd, int notify_fd, uint64_t address, struct error *error)
{
	const struct kvm_ioeventfd doorbell = {
		.addr = address,
		.len = sizeof(uint32_t),
		.fd = notify_fd,
	};

	if (ioctl(vm_fd, KVM_IOEVENTFD, &doorbell) < 0)
		return error_set(error, -errno, "KVM_IOEVENTFD at %#llx: %s",
				 (unsigned long long)address, strerror(errno));

	return 0;
}

static int attach(const struct virtio_mmio *mmio, size_t slot, int vm_fd, struct error *error)
{
	const int err = attach_doorbell(vm_fd, mmio->notify_fd,
					slot_base(slot) + VIRTIO_MMIO_QUEUE_NOTIFY, error);

	return err ? err : gic_attach(vm_fd, mmio->irq_fd, mmio->config.spi, error);
}

int devices_attach(const struct devices *devices, const struct vm *vm, struct error *error)
{
	int err = attach(&devices->rng.mmio, BOARD_VIRTIO_RNG_SLOT, vm->fd, error);

	for (size_t i = 0; i < devices->disk_count && !err; i++)
		err = attach(&devices->blks[i].mmio, i, vm->fd, error);

	return err;
}

static int not_durable(const struct disk *disk, int err, struct error *error)
{
	return error_set(error, err, "disk %s: what was written is not durable: %s", disk->path,
			 strerror(-err));
}

void devices_quiesce(struct devices *devices)
{
	for (size_t i = 0; i < devices->disk_count; i++)
		virtio_mmio_quiesce(&devices->blks[i].mmio);
}

int devices_drain(struct devices *devices, struct error *error)
{
	int first = 0;

	/* All, before the first is waited for. */
	devices_quiesce(devices);
	for (size_t i = 0; i < devices->disk_count; i++) {
		const int err = blk_drain(&devices->blks[i]);

		if (err && !first)
			first = not_durable(&devices->disks[i], err, error);
	}

	return first;
}

void devices_unquiesce(struct devices *devices)
{
	for (size_t i = 0; i < devices->disk_count; i++)
		virtio_mmio_unquiesce(&devices->blks[i].mmio);
}

/* --- to be saved --- */

void devices_freeze(struct devices *devices)
{
	for (size_t i = 0; i < devices->disk_count; i++)
		virtio_mmio_freeze(&devices->blks[i].mmio);
	virtio_mmio_freeze(&devices->rng.mmio);
}

void devices_thaw(struct devices *devices)
{
	for (size_t i = 0; i < devices->disk_count; i++)
		virtio_mmio_thaw(&devices->blks[i].mmio);
	virtio_mmio_thaw(&devices->rng.mmio);
}

int devices_flush(struct devices *devices, struct error *error)
{
	int first = 0;

	/* All of them: what is durable is, whatever becomes of the others. */
	for (size_t i = 0; i < devices->disk_count; i++) {
		struct disk *disk = &devices->disks[i];
		const int err = disk->read_only ? 0 : disk_sync(disk);

		if (err && !first)
			first = not_durable(disk, err, error);
	}

	return first;
}

int devices_serialize(struct devices *devices, struct stream *stream, struct error *error)
{
	pl011_serialize(&devices->uart, stream);
	pl031_serialize(&devices->rtc, stream);
	if (!virtio_mmio_serialize(&devices->rng.mmio, stream))
		return error_set(error, -ENODEV, "virtio-rng does not match the saved device");
	for (size_t i = 0; i < devices->disk_count; i++) {
		const struct disk *disk = &devices->disks[i];

		if (!virtio_mmio_serialize(&devices->blks[i].mmio, stream))
			return error_set(
				error, -ENODEV,
				"the disk %s, of %llu bytes, does not match the saved disk",
				disk->path, (unsigned long long)disk->size);
	}

	return 0;
}
