/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-net: a network device for the guest (virtio 1.2, Network Device), with
 * one pair of queues and a control queue.
 *
 * Concurrency
 * -----------
 * Each device has a thread, which alone uses the backend and the queues, except
 * for a guest that sleeps. It holds the transport's lock (virtio/mmio.h) while it
 * moves up to NET_BATCH frames each way, which never waits: the backend's
 * descriptor does not block. Then it releases the lock and sleeps until the driver
 * notifies, a frame has come, there is room for one to be sent, or it is time to
 * connect again. To connect, to disconnect and to report may wait for the host, and
 * is done by the thread without the lock (net-link.h). So neither a vCPU nor the
 * main thread ever waits for a peer or for the log, and a frame does not wait for
 * what the main thread does, such as writing a record. All signals are blocked in
 * the thread.
 *
 * While the guest sleeps, it is the main thread that waits for frames and receives
 * them, with the lock held, since it is the one that wakes the guest: see
 * net_sleep(). The device's thread then waits for all but input. It lets the main
 * thread wait, main_waits, only at the end of a round in which there was nothing to
 * do without the lock, and takes that back, with the lock held, before it does
 * anything to the backend without the lock (net_keep_from_main()). So the main
 * thread uses the backend only where both hold the lock.
 *
 * A reset by a vCPU runs before_reset() on that vCPU's thread, with the lock
 * held: it accesses the queues while the device's thread cannot. The main
 * thread takes the lock to save and load state, and when the guest falls asleep or
 * is woken for a frame.
 *
 * Frames
 * ------
 * A frame that the backend has no room for stays in the guest's ring, so the
 * guest notices a slow peer as a full queue. While there is no connection,
 * frames are dropped, as by a cable that is not plugged in, and the link is
 * down. No frame is read from the backend while the guest has no buffer for it,
 * so a peer notices a slow guest; one frame at most is read before it turns out
 * that it needs more buffers than there are, and that is kept. The end of a
 * connection is noticed after the frames that came before it.
 *
 * While the guest has no driver, frames are read and kept (net-keep.h): since
 * Linux resets its devices on its way into SYSTEM_SUSPEND, this is what a guest
 * finds when it wakes. A full queue stops reading. What the driver was given but
 * had not looked at when it reset the device is kept, too: see net-rx.c. While the
 * guest sleeps, a driver that is at work and has no buffer left counts as none.
 */
#ifndef VMM_VIRTIO_NET_H
#define VMM_VIRTIO_NET_H

#include "base/error.h"
#include "board/memory.h"
#include "devices/virtio/mmio.h"
#include "devices/virtio/net-filter.h"
#include "devices/virtio/net-keep.h"
#include "devices/virtio/net-observer.h"
#include "devices/virtio/net-retry.h"
#include "host/net-backend.h"

#include <linux/virtio_net.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/** What net_describe() says. */
struct net_facts {
	bool connected; /**< With the other end. */
	bool up; /**< The link, as net_set_link() was called last. */
	size_t kept; /**< Frames for a guest without a driver. */
};

/** How many frames are moved each way before the lock is released. */
#define NET_BATCH 64

enum net_queue { NET_QUEUE_RECEIVE, NET_QUEUE_TRANSMIT, NET_QUEUE_CONTROL, NET_QUEUES };

/** Everything that is fixed for the device's life. */
struct net_setup {
	const char *name; /**< For messages and events, such as "net0"; copied. */
	const struct memory *memory; /**< The guest's RAM; must outlive it. */
	struct net_backend *backend; /**< Not connected. The device's from now on. */
	uint8_t mac[MAC_SIZE];
	uint64_t features; /**< Of virtio-net, as bits; the backend must have what they need. */
	/** Sees all frames, from the first one on; copied; may be NULL. */
	const struct net_observer *observer;
	/**
	 * What is to be logged: what the guest did, as in struct
	 * virtio_mmio_config, and what the peer does. From the device's thread,
	 * without the lock: it may wait. From net_create(), too. May be NULL.
	 */
	void (*report)(void *context, const char *message);
	void *context;
};

/** The chains that one frame was written to. */
struct net_written {
	uint16_t count;
	uint16_t heads[VIRTQUEUE_SIZE_MAX];
	uint32_t sizes[VIRTQUEUE_SIZE_MAX];
	uint8_t *count_at[2]; /**< The two bytes of the header's num_buffers. */
};

/** A chain that the driver was given back. */
struct net_given {
	uint16_t head;
	uint16_t count; /**< Of the chains of the frame that begins in it; 0: none does. */
	uint32_t size; /**< What was written to it. */
};

/** Guarded by mmio.lock, apart from what is constant. */
struct net {
	struct virtio_mmio mmio; /**< First. */
	struct net_setup setup; /**< Constant, as is what follows; without its observer. */
	char *name;
	int stop_fd;
	int link_fd; /**< Readable when the connection was made or lost. */
	int main_fd; /**< An epoll: readable when net_receive_asleep() must be called. */
	pthread_t thread;

	struct virtio_net_config space;
	/** Scratch of one step, here since a stack's is cleared each time. */
	struct virtqueue_chain chain;
	struct net_written written;
	/** The last ones of the receive queue, each where it is in the used ring. */
	struct net_given given[VIRTQUEUE_SIZE_MAX];
	uint8_t reread[NET_HEADER_SIZE + NET_FRAME_MAX];
	struct net_filter filter;
	struct net_keep keep;
	struct net_observer observer;
	size_t woken_for; /**< The guest was woken for so many of the first frames of @keep. */
	/** The first frame of @keep had no room, and was reported as one that the driver has. */
	bool first_unseen;
	uint16_t passed; /**< What net_report_unseen() passes over, as an index of the used ring. */
	bool announces; /**< The peer is to learn where the guest's address is. */
	bool driver_was_absent; /**< Since net_observer.delivered was called. */
	bool space_news; /**< The driver is to be interrupted for a change of space. */
	bool interrupt; /**< Likewise, for its queues. */
	bool wants_input; /**< Wait until the backend is readable, */
	bool wants_output; /**< or writable. */
	atomic_bool asleep; /**< The guest is, so that the main thread waits for input, */
	bool main_waits; /**< by main_fd, which has the backend's descriptor. */
	bool connected; /**< The backend is, and its connection is not lost. */
	bool pulled; /**< The link is down by request. */
	bool has_fault; /**< What the guest did is to be reported. */
	struct error fault;
	bool lost; /**< The connection, which the device's thread is to leave. */
	struct error loss; /**< Why. */
	/** For the main thread, without the lock, which a busy device's thread may hold. */
	_Atomic uint64_t link_changes; /**< How often it was connected and lost. */
	atomic_bool pull; /**< The link is to be down: the device's thread follows. */
	atomic_size_t kept; /**< How many frames @keep has. */

	/** The device's thread's alone: no lock. */
	struct net_retry retry;
	short awaited; /**< The events of the backend that it waits for. */
	bool leaves; /**< It is about to leave a connection that was lost. */
	struct error left_for; /**< Why. */
	bool reports_fault; /**< It is about to report a copy of @fault. */
	struct error reported_fault;
	uint64_t offloads; /**< What the backend was last given, */
	uint64_t wanted_offloads; /**< and is to be given. */
};

/** The board's device: a machine has one for each network of its configuration. */
extern const struct device_ops net_ops;

/**
 * Make a device and start its thread. Before any vCPU runs. @net must not move.
 * Returns 0, or -errno with @error set: if the backend cannot connect and its
 * peer cannot come later, the reason is that. The backend is destroyed then.
 */
int net_create(struct net *net, const struct net_setup *setup, struct error *error);

/** Stop the thread, disconnect, and free everything. */
void net_destroy(struct net *net);

/**
 * The guest falls asleep, and may have masked the interrupt of frames that the driver was
 * given and has not looked at: have the observer see them once more, as far as EVENT_IDX
 * says, as frames with a driver. Those that are kept, that the guest was woken for before
 * and that it has not taken, are dropped: however often that happens, there is room for
 * what wakes it. On the main thread, without the lock, of a device
 * that is not frozen.
 */
void net_report_unseen(struct net *net);

/**
 * The guest was woken for one of the frames that came until now: net_report_unseen() is
 * to pass them over. With the lock held.
 */
void net_pass_unseen(struct net *net);

/**
 * Report, in order, how the connection has changed since the last call, by
 * @changed. @reported, 0 at first, counts that. Called on the main thread when
 * link_fd is readable, which this clears.
 */
void net_report_link(struct net *net, uint64_t *reported,
		     void (*changed)(void *context, bool connected), void *context);

/**
 * Have the link be up, which it is at first, or down: as if the cable was plugged in, or pulled
 * out. Its driver, if it knows the feature, is interrupted; what it sends while the link is
 * down is dropped, and so is what comes, but not what was kept. A reset of the machine does not
 * change it. From the main thread; a repetition has no effect.
 */
void net_set_link(struct net *net, bool up);

/** What is known of it at this moment; from the main thread. It does not wait. */
void net_describe(const struct net *net, struct net_facts *facts);

/**
 * The guest is about to sleep, or is awake: the main thread, which wakes it, waits
 * for frames meanwhile, by main_fd, so that no other thread has to run before it
 * does. From the main thread; a repetition has no effect.
 */
void net_sleep(struct net *net, bool asleep);

/** Receive frames: on the main thread, when main_fd is readable. */
void net_receive_asleep(struct net *net);

/** Save or load its state, frozen, as serialize() of struct device_ops. */
int net_serialize(struct net *net, struct stream *stream, struct error *error);

#endif
