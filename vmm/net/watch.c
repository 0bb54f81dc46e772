/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/watch.h"

#include <string.h>

void net_watch_create(struct net_watch *watch, const struct net_watch_setup *setup)
{
	*watch = (struct net_watch){ .setup = *setup };
	memcpy(watch->mac, setup->mac, MAC_SIZE);
	/* Without attributes it cannot fail. */
	(void)pthread_mutex_init(&watch->lock, NULL);
}

void net_watch_destroy(struct net_watch *watch)
{
	pthread_mutex_destroy(&watch->lock);
}

/* --- the device's thread --- */

void net_watch_sent(struct net_watch *watch, const uint8_t *frame, size_t size)
{
	net_seen_learn(&watch->seen, frame, size);
	/* What it sends to a group is noise. */
	if (watch->setup.counts && size >= FRAME_HEADER_SIZE && !frame_mac_is_group(frame))
		atomic_fetch_add_explicit(&watch->uses, 1, memory_order_relaxed);
}

static void wait_for_guest(struct net_watch *watch, const struct arrival *arrival, bool driver)
{
	bool news = false;

	pthread_mutex_lock(&watch->lock);
	if (driver ? watch->asleep : watch->asleep || watch->had_driver) {
		/* One that is kept outlives one that the driver has. */
		news = !watch->waits || (watch->has_driver && !driver);
		watch->waits = true;
	}
	if (news) {
		watch->has_driver = driver;
		watch->arrival = *arrival;
	}
	pthread_mutex_unlock(&watch->lock);
	if (news && watch->setup.notify)
		watch->setup.notify(watch->setup.context);
}

bool net_watch_received(struct net_watch *watch, const uint8_t *frame, size_t size, bool driver)
{
	struct arrival arrival;
	bool wakes;

	/* The usual case, in which nothing follows from a frame. */
	if (driver && !watch->setup.counts && !atomic_load(&watch->asleep))
		return true;
	wakes = arrival_wakes(&arrival, watch->setup.policy, &watch->seen, watch->mac, frame, size);
	if (arrival.kind != ARRIVAL_NOISE)
		atomic_fetch_add_explicit(&watch->uses, 1, memory_order_relaxed);
	if (wakes)
		wait_for_guest(watch, &arrival, driver);

	return wakes;
}

void net_watch_delivered(struct net_watch *watch)
{
	watch->had_driver = true;
	pthread_mutex_lock(&watch->lock);
	/* A frame that the driver had already is not among those that were kept. */
	if (!watch->has_driver)
		watch->waits = false;
	pthread_mutex_unlock(&watch->lock);
}

void net_watch_reset(struct net_watch *watch)
{
	watch->seen = (struct net_seen){ 0 };
	watch->had_driver = false;
	pthread_mutex_lock(&watch->lock);
	watch->waits = false;
	pthread_mutex_unlock(&watch->lock);
}

void net_watch_addressed(struct net_watch *watch, const uint8_t mac[MAC_SIZE])
{
	memcpy(watch->mac, mac, MAC_SIZE);
}

/* --- the main thread --- */

void net_watch_sleep(struct net_watch *watch, bool asleep)
{
	pthread_mutex_lock(&watch->lock);
	watch->asleep = asleep;
	if (!asleep && watch->has_driver)
		watch->waits = false;
	pthread_mutex_unlock(&watch->lock);
}

bool net_watch_waits(struct net_watch *watch)
{
	bool waits;

	pthread_mutex_lock(&watch->lock);
	waits = watch->waits;
	pthread_mutex_unlock(&watch->lock);

	return waits;
}

bool net_watch_take(struct net_watch *watch, char text[ARRIVAL_TEXT_SIZE])
{
	struct arrival arrival;
	bool waits;

	pthread_mutex_lock(&watch->lock);
	waits = watch->waits;
	arrival = watch->arrival;
	watch->waits = false;
	pthread_mutex_unlock(&watch->lock);
	if (waits)
		arrival_format(&arrival, text);

	return waits;
}

uint64_t net_watch_uses(const struct net_watch *watch)
{
	return atomic_load_explicit(&watch->uses, memory_order_relaxed);
}

/* --- to save --- */

void net_watch_serialize(struct net_watch *watch, struct stream *stream)
{
	net_seen_serialize(&watch->seen, stream);
	stream_serialize(stream, watch->mac, MAC_SIZE);
	stream_serialize_bool(stream, &watch->had_driver);
	pthread_mutex_lock(&watch->lock);
	stream_serialize_bool(stream, &watch->waits);
	stream_serialize_bool(stream, &watch->has_driver);
	arrival_serialize(&watch->arrival, stream);
	pthread_mutex_unlock(&watch->lock);
}
