/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/main-loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

uint64_t main_loop_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- registrations --- */

static int insert(struct main_loop *loop, struct main_loop_entry entry)
{
	size_t at = loop->count;

	if (loop->count == MAIN_LOOP_MAX)
		return -ENOSPC;
	while (at > 0 && loop->entries[at - 1].order > entry.order)
		at--;
	memmove(&loop->entries[at + 1], &loop->entries[at], (loop->count - at) * sizeof(entry));
	entry.serial = ++loop->serial;
	loop->entries[at] = entry;
	loop->count++;

	return 0;
}

static struct main_loop_entry *find_fd(struct main_loop *loop, int fd)
{
	for (size_t i = 0; i < loop->count; i++) {
		if (loop->entries[i].ready && loop->entries[i].fd == fd)
			return &loop->entries[i];
	}

	return NULL;
}

static struct main_loop_entry *find_serial(struct main_loop *loop, unsigned long serial)
{
	for (size_t i = 0; i < loop->count; i++) {
		if (loop->entries[i].serial == serial)
			return &loop->entries[i];
	}

	return NULL;
}

int main_loop_add(struct main_loop *loop, enum main_loop_order order, int fd, short events,
		  void (*ready)(void *context, short events), void *context)
{
	if (find_fd(loop, fd))
		return -EEXIST;

	return insert(loop, (struct main_loop_entry){
				    .order = order,
				    .fd = fd,
				    .events = events,
				    .ready = ready,
				    .context = context,
			    });
}

int main_loop_add_deadline(struct main_loop *loop, enum main_loop_order order,
			   uint64_t (*due)(const void *context), void (*passed)(void *context),
			   void *context)
{
	return insert(loop, (struct main_loop_entry){
				    .order = order,
				    .fd = -1,
				    .due = due,
				    .passed = passed,
				    .context = context,
			    });
}

void main_loop_remove(struct main_loop *loop, int fd)
{
	struct main_loop_entry *entry = find_fd(loop, fd);
	size_t behind;

	if (!entry)
		return;
	behind = (size_t)(&loop->entries[loop->count] - (entry + 1));
	memmove(entry, entry + 1, behind * sizeof(*entry));
	loop->count--;
}

/* --- a round --- */

/* Returns NULL if no deadline is set. */
static const struct timespec *time_left(const struct main_loop *loop, struct timespec *left)
{
	uint64_t first = MAIN_LOOP_NEVER;
	uint64_t now;

	for (size_t i = 0; i < loop->count; i++) {
		const struct main_loop_entry *entry = &loop->entries[i];
		const uint64_t due = entry->due ? entry->due(entry->context) : MAIN_LOOP_NEVER;

		if (due < first)
			first = due;
	}
	if (first == MAIN_LOOP_NEVER)
		return NULL;
	now = main_loop_now();
	first = first > now ? first - now : 0;
	*left = (struct timespec){
		.tv_sec = (time_t)(first / 1000000),
		.tv_nsec = (long)(first % 1000000 * 1000),
	};

	return left;
}

static void call(struct main_loop *loop, unsigned long serial, short events)
{
	/*
	 * The entry is found by its serial: a function called before may have
	 * moved it, or put another in its place.
	 */
	const struct main_loop_entry *entry = find_serial(loop, serial);

	if (!entry)
		return;
	if (entry->ready && events)
		entry->ready(entry->context, events);
	/*
	 * The deadline is read before the clock is, or one that is now would
	 * never pass.
	 */
	else if (entry->due && entry->due(entry->context) <= main_loop_now())
		entry->passed(entry->context);
}

static void run_round(struct main_loop *loop)
{
	struct pollfd fds[MAIN_LOOP_MAX];
	unsigned long serials[MAIN_LOOP_MAX];
	const size_t count = loop->count;
	struct timespec left;

	for (size_t i = 0; i < count; i++) {
		fds[i] = (struct pollfd){
			.fd = loop->entries[i].fd,
			.events = loop->entries[i].events,
		};
		serials[i] = loop->entries[i].serial;
	}
	if (ppoll(fds, count, time_left(loop, &left), NULL) < 0)
		return;
	for (size_t i = 0; i < count && !loop->ended; i++)
		call(loop, serials[i], fds[i].revents);
}

void main_loop_run(struct main_loop *loop)
{
	loop->ended = false;
	while (!loop->ended)
		run_round(loop);
}

void main_loop_end(struct main_loop *loop)
{
	loop->ended = true;
}
