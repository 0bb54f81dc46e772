/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/blk.h"

#include <assert.h>
#include <errno.h>
#include <linux/virtio_ids.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/message.h"
#include "config/config.h"
#include "devices/virtio/blk-request.h"
#include "devices/virtio/device.h"

#define BIT(number) (1ULL << (number))

/*
 * Take a request from the next queue that has one. Returns its queue, or NULL
 * if there is none. With the lock held.
 */
static struct virtqueue *take_request(struct blk *blk)
{
	const bool many = virtio_mmio_has(&blk->mmio, VIRTIO_BLK_F_MQ);
	const unsigned int count = many ? blk->mmio.config.queue_count : 1;

	for (unsigned int i = 0; i < count; i++) {
		const unsigned int number = (blk->turn + i) % count;
		struct virtqueue *queue = &blk->mmio.queues[number];
		const int ret = queue->ready ? virtqueue_pop(queue, &blk->chain) : 0;

		if (ret < 0) {
			virtio_mmio_fail(&blk->mmio, queue->fault);
			return NULL;
		}
		if (ret > 0) {
			blk->turn = number + 1;
			return queue;
		}
	}

	return NULL;
}

/* Serve one request. Returns false if there is none. With the lock held. */
static bool serve(struct blk *blk)
{
	struct virtqueue_chain *chain = &blk->chain;
	struct virtqueue *queue;

	if (!virtio_mmio_running(&blk->mmio))
		return false;
	queue = take_request(blk);
	if (!queue)
		return false;
	atomic_fetch_add_explicit(&blk->requests, 1, memory_order_relaxed);

	if (!blk_carry_out(blk)) {
		virtio_mmio_fail(&blk->mmio, "a request has no header or no status");
		return false;
	}
	/* The driver may have made requests after the reset. */
	if (blk->dropped)
		return true;
	/*
	 * The device was quiesced or reset meanwhile: the request may have been
	 * dropped. An error would report to a driver that still runs, and may
	 * have other disks, a failure that did not occur; so nothing is
	 * reported, as in a power failure.
	 */
	if (!virtio_mmio_running(&blk->mmio))
		return false;
	/* A driver may have stopped the queue while the thread was away. */
	if (queue->ready && virtqueue_push(queue, chain->head, (uint32_t)chain->writable_size))
		virtio_mmio_interrupt(&blk->mmio);

	return true;
}

static bool serve_locked(struct blk *blk)
{
	bool served;

	pthread_mutex_lock(&blk->mmio.lock);
	served = serve(blk);
	pthread_mutex_unlock(&blk->mmio.lock);

	return served;
}

static void *run_thread(void *argument)
{
	struct blk *blk = argument;
	struct pollfd fds[] = {
		{ .fd = blk->stop_fd, .events = POLLIN },
		{ .fd = blk->mmio.notify_fd, .events = POLLIN },
	};
	eventfd_t count;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents)
			return NULL;
		(void)eventfd_read(blk->mmio.notify_fd, &count);
		/*
		 * Continue as long as there is work, but a stop comes before
		 * the next request.
		 */
		while (serve_locked(blk) && poll(fds, 1, 0) == 0)
			;
	}
}

static int start_thread(struct blk *blk)
{
	sigset_t all;
	sigset_t before;
	int err;

	/* A thread inherits the mask: other threads handle signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&blk->thread, NULL, run_thread, blk);
	pthread_sigmask(SIG_SETMASK, &before, NULL);

	return -err;
}

int blk_create(struct blk *blk, struct disk *disk, const struct memory *memory,
	       void (*report)(void *context, const char *message), void *context)
{
	struct virtio_mmio_config config = {
		.memory = memory,
		.device_id = VIRTIO_ID_BLOCK,
		.features = BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_BLK_SIZE) |
			    BIT(VIRTIO_BLK_F_FLUSH) | BIT(VIRTIO_BLK_F_MQ),
		.queue_count = BLK_QUEUES,
		.space = &blk->space,
		.space_size = sizeof(blk->space),
		/*
		 * The host's file system determines the alignment, and the
		 * image may move to another.
		 */
		.advice = &blk->space.discard_sector_alignment,
		.advice_size = sizeof(blk->space.discard_sector_alignment),
		.report = report,
		.context = context,
	};
	int err;

	if (disk->read_only)
		config.features |= BIT(VIRTIO_BLK_F_RO);
	else
		config.features |= BIT(VIRTIO_BLK_F_DISCARD) | BIT(VIRTIO_BLK_F_WRITE_ZEROES);
	memset(blk, 0, sizeof(*blk));
	blk->disk = disk;
	blk->early_writes = BLK_EARLY_WRITES;
	blk->space.capacity = disk->size / DISK_SECTOR_SIZE;
	blk->space.seg_max = BLK_SEG_MAX;
	blk->space.blk_size = DISK_SECTOR_SIZE;
	blk->space.num_queues = BLK_QUEUES;
	blk->space.max_discard_sectors = BLK_DISCARD_SECTORS_MAX;
	blk->space.max_discard_seg = BLK_DISCARD_SEGMENTS_MAX;
	blk->space.discard_sector_alignment = disk->block_size / DISK_SECTOR_SIZE;
	blk->space.max_write_zeroes_sectors = BLK_ZEROES_SECTORS_MAX;
	blk->space.max_write_zeroes_seg = BLK_ZEROES_SEGMENTS_MAX;
	blk->space.write_zeroes_may_unmap = 1;

	/*
	 * Two disks in different directories may have one file name, so the
	 * identifier is made from the whole path.
	 */
	if (asprintf(&blk->name, "disk %s", disk->path) < 0)
		return -ENOMEM;
	config.name = blk->name;
	err = virtio_mmio_create(&blk->mmio, &config);
	if (err)
		goto err_free_name;
	blk->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (blk->stop_fd < 0) {
		err = -errno;
		goto err_destroy_mmio;
	}
	err = start_thread(blk);
	if (err)
		goto err_close_stop;

	return 0;

err_close_stop:
	close(blk->stop_fd);
err_destroy_mmio:
	virtio_mmio_destroy(&blk->mmio);
err_free_name:
	free(blk->name);
	return err;
}

void blk_destroy(struct blk *blk)
{
	(void)eventfd_write(blk->stop_fd, 1);
	pthread_join(blk->thread, NULL);
	close(blk->stop_fd);
	virtio_mmio_destroy(&blk->mmio);
	free(blk->name);
}

int blk_drain(struct blk *blk)
{
	int err;

	/*
	 * The thread serves no further request, so that the lock is free soon.
	 */
	virtio_mmio_quiesce(&blk->mmio);
	/* No request of the thread's is half done then, and none begins. */
	virtio_mmio_freeze(&blk->mmio);
	err = blk->disk->read_only ? 0 : disk_sync(blk->disk);
	virtio_mmio_thaw(&blk->mmio);

	return err;
}

/* --- as a device of the machine --- */

/** What create() makes. */
struct blk_device {
	struct blk blk; /**< First. */
	struct disk disk;
};

static_assert(offsetof(struct blk_device, blk) == 0, "it is a struct blk");
static_assert(offsetof(struct blk, mmio) == 0, "virtio/device.h");

static size_t count_disks(const struct config *config)
{
	return config->disk_count;
}

/* Disks are in the first slots, in the order in which the user gave them. */
static int create(struct device *device, size_t number, const struct device_setup *setup,
		  struct error *error)
{
	const struct disk_config *config = &setup->config->disks[number];
	struct blk_device *made = calloc(1, sizeof(*made));
	int err;

	if (!made)
		return error_set(error, -ENOMEM, "out of memory");
	err = disk_open(&made->disk, config->path, config->read_only, error);
	if (err)
		goto err_free;
	if (made->disk.format)
		message("%s: disk %s looks like a %s image: the guest gets the file as it is, raw",
			setup->vm_name, config->path, made->disk.format);
	err = blk_create(&made->blk, &made->disk, setup->memory, setup->report, setup->context);
	if (err) {
		error_set(error, err, "cannot make the disk %s: %s", config->path, strerror(-err));
		goto err_close;
	}
	virtio_device_place(device, &made->blk.mmio, number);

	return 0;

err_close:
	disk_close(&made->disk);
err_free:
	free(made);

	return err;
}

static void destroy(void *self)
{
	struct blk_device *made = self;

	blk_destroy(&made->blk);
	disk_close(&made->disk);
	free(made);
}

static struct disk *get_disk(const void *self)
{
	const struct blk *blk = self;

	return blk->disk;
}

static int check_durable(const struct blk *blk, int err, struct error *error)
{
	return err ? error_set(error, err, "%s: what was written is not durable: %s", blk->name,
			       strerror(-err))
		   : 0;
}

static int drain(void *self, struct error *error)
{
	return check_durable(self, blk_drain(self), error);
}

static int flush(void *self, struct error *error)
{
	const struct blk *blk = self;

	return check_durable(blk, blk->disk->read_only ? 0 : disk_sync(blk->disk), error);
}

static int serialize(void *self, struct stream *stream, struct error *error)
{
	const struct blk *blk = self;

	return virtio_mmio_serialize(self, stream)
		       ? 0
		       : error_set(error, -ENODEV,
				   "%s, of %llu bytes, does not match the saved disk", blk->name,
				   (unsigned long long)blk->disk->size);
}

static uint64_t count_uses(const void *self)
{
	const struct blk *blk = self;

	return atomic_load_explicit(&blk->requests, memory_order_relaxed);
}

const struct device_ops blk_ops = {
	VIRTIO_DEVICE_OPS,	.name = "virtio-blk", .count = count_disks, .create = create,
	.destroy = destroy,	.disk = get_disk,     .drain = drain,	    .flush = flush,
	.serialize = serialize, .uses = count_uses,
};
