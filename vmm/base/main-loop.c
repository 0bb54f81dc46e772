/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/main-loop.h"

#include <errno.h>
#include <string.h>
#include <time.h>

uint64_t main_loop_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- registrations --- */

static int insert(struct main_loop *loop, int fd, struct main_loop_entry entry)
{
	size_t at = loop->count;
	size_t behind;

	if (loop->count == MAIN_LOOP_MAX)
		return -ENOSPC;
	while (at > 0 && loop->entries[at - 1].order > entry.order)
		at--;
	behind = loop->count - at;
	memmove(&loop->entries[at + 1], &loop->entries[at], behind * sizeof(loop->entries[0]));
	memmove(&loop->fds[at + 1], &loop->fds[at], behind * sizeof(loop->fds[0]));
	loop->entries[at] = entry;
	loop->fds[at] = (struct pollfd){ .fd = fd, .events = POLLIN };
	loop->count++;

	return 0;
}

int main_loop_add(struct main_loop *loop, enum main_loop_order order, int fd,
		  void (*ready)(void *context), void *context)
{
	return insert(loop, fd,
		      (struct main_loop_entry){
			      .order = order,
			      .call = ready,
			      .context = context,
		      });
}

int main_loop_add_deadline(struct main_loop *loop, enum main_loop_order order,
			   uint64_t (*due)(const void *context), void (*passed)(void *context),
			   void *context)
{
	/* poll() ignores the negative descriptor. */
	return insert(loop, -1,
		      (struct main_loop_entry){
			      .order = order,
			      .due = due,
			      .call = passed,
			      .context = context,
		      });
}

/* --- a round --- */

static uint64_t moment_of(const struct main_loop_entry *entry)
{
	return entry->due ? entry->due(entry->context) : MAIN_LOOP_NEVER;
}

/* Returns NULL if no deadline is set: then the clock is not read. */
static const struct timespec *time_left(const struct main_loop *loop, struct timespec *left)
{
	uint64_t first = MAIN_LOOP_NEVER;
	uint64_t now;

	for (size_t i = 0; i < loop->count; i++) {
		const uint64_t moment = moment_of(&loop->entries[i]);

		if (moment < first)
			first = moment;
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

/* @due is called again, since a function that was called before may have changed the moment. */
static bool is_over(const struct main_loop_entry *entry)
{
	const uint64_t moment = moment_of(entry);

	return moment != MAIN_LOOP_NEVER && moment <= main_loop_now();
}

static void run_round(struct main_loop *loop)
{
	struct timespec left;

	if (ppoll(loop->fds, loop->count, time_left(loop, &left), NULL) < 0)
		return;
	for (size_t i = 0; i < loop->count && !loop->ended; i++) {
		const struct main_loop_entry *entry = &loop->entries[i];

		if (loop->fds[i].revents || is_over(entry))
			entry->call(entry->context);
	}
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
