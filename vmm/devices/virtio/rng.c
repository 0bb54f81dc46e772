/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/rng.h"

#include <assert.h>
#include <errno.h>
#include <linux/virtio_ids.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include "base/error.h"
#include "base/main-loop.h"
#include "board/board.h"
#include "devices/virtio/device.h"
#include "host/memory-error.h"

/* What one answer holds at most: a driver that wants more asks again. */
#define ANSWER_SIZE_MAX 4096

/* How many answers are given before the thread's other work is done. */
#define ANSWERS_MAX 16

/* Fill the front of a chain's buffers. Returns how many bytes. */
static size_t fill(const struct virtqueue_chain *chain)
{
	size_t done = 0;

	for (unsigned int i = 0; i < chain->writable_count && done < ANSWER_SIZE_MAX; i++) {
		const struct iovec *part = &chain->parts[chain->readable_count + i];
		const size_t left = ANSWER_SIZE_MAX - done;
		const size_t size = part->iov_len < left ? part->iov_len : left;
		const ssize_t count = getrandom(part->iov_base, size, GRND_NONBLOCK);

		/*
		 * The host has no random bytes yet; it is asked again once it
		 * has.
		 */
		if (count < 0 && errno == EFAULT)
			(void)memory_error_report(part->iov_base);
		if (count < 0)
			break;
		done += (size_t)count;
	}

	return done;
}

/* Serve one request. Returns false if there is none. With the lock held. */
static bool serve(struct rng *rng)
{
	struct virtqueue *queue = &rng->mmio.queues[0];
	struct virtqueue_chain *chain = &rng->chain;
	int ret;

	if (!virtio_mmio_running(&rng->mmio) || !queue->ready)
		return false;
	ret = virtqueue_pop(queue, chain);
	if (ret < 0)
		virtio_mmio_fail(&rng->mmio, queue->fault);
	if (ret <= 0)
		return false;
	if (chain->writable_size == 0) {
		virtio_mmio_fail(&rng->mmio, "a request has no room for an answer");
		return false;
	}
	if (virtqueue_push(queue, chain->head, (uint32_t)fill(chain)))
		virtio_mmio_interrupt(&rng->mmio);

	return true;
}

void rng_serve(struct rng *rng)
{
	eventfd_t count;
	bool more = true;

	(void)eventfd_read(rng->mmio.notify_fd, &count);
	pthread_mutex_lock(&rng->mmio.lock);
	for (unsigned int i = 0; i < ANSWERS_MAX && more; i++)
		more = serve(rng);
	pthread_mutex_unlock(&rng->mmio.lock);
	if (more)
		(void)eventfd_write(rng->mmio.notify_fd, 1);
}

int rng_fd(const struct rng *rng)
{
	return rng->mmio.notify_fd;
}

int rng_create(struct rng *rng, const struct memory *memory,
	       void (*report)(void *context, const char *message), void *context)
{
	const struct virtio_mmio_config config = {
		.name = "virtio-rng",
		.memory = memory,
		.device_id = VIRTIO_ID_RNG,
		.queue_count = 1,
		.report = report,
		.context = context,
	};

	return virtio_mmio_create(&rng->mmio, &config);
}

void rng_destroy(struct rng *rng)
{
	virtio_mmio_destroy(&rng->mmio);
}

/* --- as a device of the machine --- */

static_assert(offsetof(struct rng, mmio) == 0, "virtio/device.h");

static int create(struct device *device, size_t number, const struct device_setup *setup,
		  struct error *error)
{
	struct rng *rng = calloc(1, sizeof(*rng));
	int err = rng ? rng_create(rng, setup->memory, setup->report, setup->context) : -ENOMEM;

	if (err) {
		free(rng);

		return error_set(error, err, "cannot make the source of randomness: %s",
				 strerror(-err));
	}
	virtio_device_place(device, &rng->mmio, BOARD_VIRTIO_RNG_SLOT);

	return 0;
}

static void destroy(void *self)
{
	rng_destroy(self);
	free(self);
}

static void on_notification(void *self)
{
	rng_serve(self);
}

static int watch(void *self, struct main_loop *loop)
{
	return main_loop_add(loop, MAIN_LOOP_USUAL, rng_fd(self), on_notification, self);
}

const struct device_ops rng_ops = {
	VIRTIO_DEVICE_OPS,  .name = "virtio-rng", .create = create,
	.destroy = destroy, .watch = watch,	  .serialize = virtio_device_serialize,
};
