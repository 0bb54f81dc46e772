/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/net-keep.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct net_kept {
	struct net_kept *next;
	struct virtio_net_hdr_v1 header;
	size_t size;
	uint8_t bytes[];
};

bool net_keep_is_full(const struct net_keep *keep)
{
	return keep->count >= NET_KEEP_FRAMES_MAX ||
	       keep->bytes > NET_KEEP_BYTES_MAX - NET_FRAME_MAX;
}

bool net_keep_add(struct net_keep *keep, const struct net_frame *frame)
{
	struct net_kept *kept = malloc(sizeof(*kept) + frame->size);

	if (!kept)
		return false;
	kept->next = NULL;
	kept->header = frame->header;
	kept->size = frame->size;
	memcpy(kept->bytes, frame->bytes, frame->size);
	if (!keep->first)
		keep->end = &keep->first;
	*keep->end = kept;
	keep->end = &kept->next;
	keep->count++;
	keep->bytes += frame->size;

	return true;
}

struct net_frame net_keep_first(const struct net_keep *keep)
{
	const struct net_kept *kept = keep->first;

	return (struct net_frame){
		.header = kept->header,
		.bytes = kept->bytes,
		.size = kept->size,
	};
}

void net_keep_drop(struct net_keep *keep)
{
	struct net_kept *kept = keep->first;

	keep->first = kept->next;
	keep->count--;
	keep->bytes -= kept->size;
	free(kept);
}

bool net_keep_fits(const struct net_keep *keep, const struct net_keep *other, size_t size)
{
	return keep->count + other->count < NET_KEEP_FRAMES_MAX &&
	       keep->bytes + other->bytes + size <= NET_KEEP_BYTES_MAX;
}

void net_keep_append(struct net_keep *keep, struct net_keep *from)
{
	if (!from->first)
		return;
	if (!keep->first)
		keep->end = &keep->first;
	*keep->end = from->first;
	keep->end = from->end;
	keep->count += from->count;
	keep->bytes += from->bytes;
	*from = (struct net_keep){ 0 };
}

void net_keep_clear(struct net_keep *keep)
{
	while (keep->first)
		net_keep_drop(keep);
}
