/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/net-retry.h"

#include <string.h>

/* @count: of failures, from 1 on */
static uint64_t delay(unsigned int count)
{
	const unsigned int doublings = count - 1;

	return NET_RETRY_FIRST_US << (doublings < NET_RETRY_DOUBLINGS ? doublings
								      : NET_RETRY_DOUBLINGS);
}

static bool is_news(struct error *last, const struct error *error)
{
	if (strcmp(last->text, error->text) == 0)
		return false;
	*last = *error;

	return true;
}

static bool forget(struct net_retry *retry)
{
	retry->reported = true;
	retry->short_ones = 0;
	retry->failure.text[0] = '\0';
	retry->loss.text[0] = '\0';

	return true;
}

bool net_retry_on_connection(struct net_retry *retry, uint64_t now)
{
	retry->connected = true;
	retry->connected_at = now;
	retry->reported = false;
	retry->failures = 0;

	return retry->short_ones == 0 && forget(retry);
}

bool net_retry_on_failure(struct net_retry *retry, uint64_t now, const struct error *error)
{
	retry->failures++;
	retry->at = now + delay(retry->failures);

	return is_news(&retry->failure, error);
}

bool net_retry_is_news(struct net_retry *retry, const struct error *error)
{
	return is_news(&retry->failure, error);
}

bool net_retry_on_loss(struct net_retry *retry, uint64_t now, const struct error *error)
{
	const bool lasted = now - retry->connected_at >= NET_RETRY_LASTS_US;

	retry->connected = false;
	retry->short_ones = lasted ? 0 : retry->short_ones + 1;
	retry->at = now + delay(lasted ? 1 : retry->short_ones);

	return is_news(&retry->loss, error);
}

bool net_retry_has_lasted(struct net_retry *retry, uint64_t now)
{
	return retry->connected && !retry->reported &&
	       now - retry->connected_at >= NET_RETRY_LASTS_US && forget(retry);
}

uint64_t net_retry_next(const struct net_retry *retry)
{
	if (!retry->connected)
		return retry->at;

	return retry->reported ? NET_RETRY_NEVER : retry->connected_at + NET_RETRY_LASTS_US;
}
