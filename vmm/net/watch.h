/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a network device has for a sleeping guest: a frame that wakes it, and
 * the addresses by which one is recognised.
 *
 * Falling asleep
 * --------------
 * Linux resets its devices, and calls SYSTEM_SUSPEND some time later. A frame
 * that comes meanwhile, or that the driver was given and had not looked at, is
 * kept by the device, and *waits*: it wakes the guest as soon as it sleeps. It
 * waits until the driver is back and has it, or until the guest was woken for
 * it: it wakes once. Of a guest that has had no driver since it was started a
 * frame does not wait while it is awake.
 *
 * A guest that calls SYSTEM_SUSPEND with its driver at work may have masked the
 * device's interrupt before. A frame that comes after the call waits as well, and
 * one that came before it and that the driver has not looked at is reported again
 * (net_report_unseen()), and waits then.
 *
 * A frame that does not wake the guest is not kept, so that the queue does not
 * fill up with noise: what wakes it would then never be read.
 *
 * Concurrency
 * -----------
 * Frames are reported by the device's thread, or by the main thread while the guest
 * sleeps: net_watch_sent(), _received(), _delivered(), _reset() and _addressed() are
 * called one at a time, with the device's lock held, which guards `seen`, `mac` and
 * `had_driver`. The main thread says whether the guest sleeps, and takes what waits.
 * `lock` guards what both use; it is the innermost one and is held for some
 * instructions.
 *
 * No frame is missed between the two threads. Whichever reports sets `waits` before
 * it calls notify(), which makes the main loop go round; and the main loop asks
 * net_watch_waits() in each round in which the guest sleeps, also in the one
 * after it has let the guest sleep. Frames that come with a driver are compared
 * with `asleep`, which is set before the guest's call is decided on and is
 * cleared once the guest is awake or its call is refused: what waits then and was
 * given to the driver is dropped, since its interrupt counts, and a driver that does
 * not look at it has it reported again at the next call. One that is compared while
 * `asleep` is being set is one that came before the call.
 */
#ifndef VMM_NET_WATCH_H
#define VMM_NET_WATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"
#include "config/config.h"
#include "net/arrival.h"
#include "net/seen.h"

struct net_watch_setup {
	uint8_t mac[MAC_SIZE];
	enum wake_on_net policy;
	bool counts; /**< Also frames that wake nothing, for net_watch_uses(). */
	/**
	 * A frame waits: the main thread is to look. From the device's thread;
	 * it does not block. May be NULL.
	 */
	void (*notify)(void *context);
	void *context;
};

/** Private. */
struct net_watch {
	struct net_watch_setup setup; /**< Constant. */
	struct net_seen seen;
	uint8_t mac[MAC_SIZE];
	bool had_driver;
	_Atomic uint64_t uses;

	pthread_mutex_t lock;
	atomic_bool asleep;
	bool waits;
	bool has_driver; /**< The frame that waits was given to the driver, */
	struct arrival arrival; /**< and is this one. */
};

/** @setup is copied. */
void net_watch_create(struct net_watch *watch, const struct net_watch_setup *setup);

/** No other thread uses it any more. */
void net_watch_destroy(struct net_watch *watch);

/* --- the device's thread --- */

/** The guest has sent a frame, of which @size bytes are known. */
void net_watch_sent(struct net_watch *watch, const uint8_t *frame, size_t size);

/**
 * A frame has come. @driver: it is given to the guest's driver, or will be as soon as that has
 * a buffer. Returns whether it is to be kept if it is not given now.
 */
bool net_watch_received(struct net_watch *watch, const uint8_t *frame, size_t size, bool driver);

/** The driver is back, and has been given what was kept, which waits no longer. */
void net_watch_delivered(struct net_watch *watch);

/** The machine is reset: nothing is known of its guest any more. */
void net_watch_reset(struct net_watch *watch);

/** The device has this address now. */
void net_watch_addressed(struct net_watch *watch, const uint8_t mac[MAC_SIZE]);

/* --- the main thread --- */

/** The guest is about to sleep, or is awake. A repetition has no effect. */
void net_watch_sleep(struct net_watch *watch, bool asleep);

/** Whether a frame waits that wakes a guest which sleeps. */
bool net_watch_waits(struct net_watch *watch);

/**
 * Take that frame, for which the guest is woken: it waits no longer. Returns
 * false if there is none, otherwise true with the frame in words in @text.
 */
bool net_watch_take(struct net_watch *watch, char text[ARRIVAL_TEXT_SIZE]);

/**
 * How many frames were not noise so far, both ways: for an idle guest, if the
 * setup says so. From any thread.
 */
uint64_t net_watch_uses(const struct net_watch *watch);

/**
 * Save or load what outlives the process with a saved guest: the addresses and
 * the frame that waits. The device is frozen.
 */
void net_watch_serialize(struct net_watch *watch, struct stream *stream);

#endif
