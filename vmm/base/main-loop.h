/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop of a thread that waits for file descriptors to become readable and
 * for deadlines. Each is registered, before the loop runs, with a function to
 * call then.
 *
 * In a round the loop waits until something has happened, then calls the
 * functions concerned, each once, in the order of enum main_loop_order and,
 * within that, of their registration. Descriptors are level-triggered: one that
 * stays readable has its function called in the next round again.
 *
 * All of it belongs to the thread that runs the loop.
 */
#ifndef VMM_MAIN_LOOP_H
#define VMM_MAIN_LOOP_H

#include <poll.h>
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
	uint64_t (*due)(const void *context); /**< NULL for a descriptor. */
	void (*call)(void *context);
	void *context;
};

/** Zero at first; nothing needs to be freed. Private. */
struct main_loop {
	/** In the order in which they are called. */
	struct main_loop_entry entries[MAIN_LOOP_MAX];
	struct pollfd fds[MAIN_LOOP_MAX]; /**< Of each entry. */
	size_t count;
	bool ended;
};

/**
 * Call @ready with @context when @fd is readable, or has an error or a hang-up,
 * which @ready must notice by itself. The caller keeps @fd open. Before
 * main_loop_run(). Returns 0 or -ENOSPC.
 */
int main_loop_add(struct main_loop *loop, enum main_loop_order order, int fd,
		  void (*ready)(void *context), void *context);

/**
 * Call @passed with @context once the moment has come that @due returns: in
 * microseconds of main_loop_now(), or MAIN_LOOP_NEVER. The loop calls @due in
 * each round, so the moment may change. Descriptors that are always readable do
 * not delay the call. Before main_loop_run(). Returns 0 or -ENOSPC.
 */
int main_loop_add_deadline(struct main_loop *loop, enum main_loop_order order,
			   uint64_t (*due)(const void *context), void (*passed)(void *context),
			   void *context);

/** Wait and call functions until main_loop_end(). */
void main_loop_run(struct main_loop *loop);

/** End the loop: no other function is called. For a function that the loop calls. */
void main_loop_end(struct main_loop *loop);

/** The clock of deadlines, CLOCK_MONOTONIC in microseconds. */
uint64_t main_loop_now(void);

#endif
