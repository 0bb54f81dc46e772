/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop of a thread that waits for file descriptors to become ready and for
 * deadlines. Each is registered with a function that the loop calls then.
 *
 * In a round the loop waits until something has happened, then calls the
 * functions concerned, each once, in the order of enum main_loop_order and,
 * within that, of their registration. Descriptors are level-triggered: one that
 * stays ready has its function called in the next round again.
 *
 * The thread that runs the loop owns all of it. The functions may add and
 * remove registrations, their own included: a function that was removed is not
 * called any more, one that was added takes part from the next round on.
 */
#ifndef VMM_MAIN_LOOP_H
#define VMM_MAIN_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Which of the things that happen in one round is handled first. */
enum main_loop_order {
	MAIN_LOOP_FIRST,
	MAIN_LOOP_USUAL,
	MAIN_LOOP_LAST,
};

#define MAIN_LOOP_MAX 64 /* Registrations. */
#define MAIN_LOOP_NEVER UINT64_MAX /* No moment. */

/** Private. */
struct main_loop_entry {
	enum main_loop_order order;
	unsigned long serial; /**< No other entry has had it. */
	int fd; /**< -1 for a deadline. */
	short events;
	void (*ready)(void *context, short events);
	uint64_t (*due)(const void *context);
	void (*passed)(void *context);
	void *context;
};

/** Zero at first; nothing needs to be freed. Private. */
struct main_loop {
	/** In the order in which they are called. */
	struct main_loop_entry entries[MAIN_LOOP_MAX];
	size_t count;
	unsigned long serial; /**< Of the entry that was added last. */
	bool ended;
};

/**
 * Call @ready with @context when @fd is ready for any of @events, POLLIN or
 * POLLOUT. It receives the events that have happened, POLLERR, POLLHUP and
 * POLLNVAL among them: it must handle these or remove @fd, or the loop never
 * waits again. The caller keeps @fd, and removes it before closing it.
 *
 * Returns 0; -EEXIST if @fd is registered already; or -ENOSPC.
 */
int main_loop_add(struct main_loop *loop, enum main_loop_order order, int fd, short events,
		  void (*ready)(void *context, short events), void *context);

/**
 * Call @passed with @context once the moment has come that @due returns: in
 * microseconds of main_loop_now(), or MAIN_LOOP_NEVER. The loop calls @due in
 * each round, so the moment may change. Descriptors that are always ready do
 * not delay the call. Returns 0 or -ENOSPC.
 */
int main_loop_add_deadline(struct main_loop *loop, enum main_loop_order order,
			   uint64_t (*due)(const void *context), void (*passed)(void *context),
			   void *context);

/** Remove a descriptor. No effect if it is not registered. */
void main_loop_remove(struct main_loop *loop, int fd);

/** Wait and call functions until main_loop_end(). */
void main_loop_run(struct main_loop *loop);

/** End the loop after this round. For a function that the loop calls. */
void main_loop_end(struct main_loop *loop);

/** The clock of deadlines, CLOCK_MONOTONIC in microseconds. */
uint64_t main_loop_now(void);

#endif
