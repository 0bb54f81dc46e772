/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a network device tries to connect again, and what of that is news.
 *
 * The next attempt is 1, 2, 4, ... up to 32 seconds after one that failed, and
 * so it is after a connection that did not last: a peer that accepts each
 * connection and ends it, or a program that is started for each and ends, costs
 * little. A guest can cause either. For the same reason a repetition is not
 * reported: the end of a connection, and why there is none, are once for each
 * reason until a connection lasts, and after a connection that did not last the
 * next one is reported once it has lasted.
 *
 * Times are in microseconds of main_loop_now(). It has no lock.
 */
#ifndef VMM_VIRTIO_NET_RETRY_H
#define VMM_VIRTIO_NET_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define NET_RETRY_FIRST_US UINT64_C(1000000)
/** So many times the delay is doubled. */
#define NET_RETRY_DOUBLINGS 5
/** A connection that is that old has lasted. */
#define NET_RETRY_LASTS_US (10 * UINT64_C(1000000))

/** Nothing is to be done at any time. */
#define NET_RETRY_NEVER UINT64_MAX

/** Zero before the first attempt. */
struct net_retry {
	uint64_t at; /**< The next attempt, while there is no connection. */
	uint64_t connected_at; /**< The connection, or the last one. */
	bool connected;
	bool reported; /**< That it is. */
	unsigned int failures; /**< In a row. */
	unsigned int short_ones; /**< Connections in a row that did not last. */
	struct error failure; /**< The last reasons that were reported; "": none. */
	struct error loss;
};

/** A connection was made. Returns whether to report it now. */
bool net_retry_on_connection(struct net_retry *retry, uint64_t now);

/**
 * An attempt has failed, for the reason in @error: another one follows. Returns
 * whether to report it.
 */
bool net_retry_on_failure(struct net_retry *retry, uint64_t now, const struct error *error);

/** Whether to report a reason that is known before the next attempt is made. */
bool net_retry_is_news(struct net_retry *retry, const struct error *error);

/** The connection is lost, for the reason in @error. Returns whether to report it. */
bool net_retry_on_loss(struct net_retry *retry, uint64_t now, const struct error *error);

/** Returns whether to report the connection now: it has lasted, and was not reported. */
bool net_retry_has_lasted(struct net_retry *retry, uint64_t now);

/** When there is something to do: the next attempt or report. */
uint64_t net_retry_next(const struct net_retry *retry);

#endif
