/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gate: where the main thread pauses a machine's vCPU threads, and through
 * which such a thread sends it a request and waits for the answer.
 *
 * Concurrency
 * -----------
 * `lock` protects everything here and in struct gate_request. A vCPU's thread
 * is counted in `waiting` while, and only while, it is between gate_pass() or
 * gate_ask() and their return; it returns only when the gate is open and its
 * request, if any, is answered, both checked under the lock. So once
 * gate_await() has seen all of them wait behind a closed gate, none returns
 * before gate_open(): no other thread accesses the guest's registers or KVM's
 * vCPUs.
 *
 * The main thread closes the gate, kicks the vCPUs (vcpu_kick()), and awaits
 * them. Only the main thread closes, opens, awaits, reads requests and answers.
 * A vCPU thread never waits for the main thread elsewhere, so gate_await()
 * returns once every vCPU has left device emulation.
 *
 * gate_end(), from any thread, ends a power cycle of the machine: waiting
 * threads return false, and so do threads that arrive later, until
 * gate_begin().
 */
#ifndef VMM_GATE_H
#define VMM_GATE_H

#include <pthread.h>
#include <stdbool.h>

/** Private, except ask_fd. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool closed; /**< Kept across power cycles: a paused VM stays paused over a reset. */
	bool ended;
	unsigned int waiting;
	int ask_fd; /**< An eventfd, readable once a request was sent. Constant. */
};

#define GATE_NOTHING 0 /* No request. */

/** The request of one vCPU's thread. Zero at first. Private. */
struct gate_request {
	int what; /**< GATE_NOTHING once answered. */
	int answer;
};

/** Returns 0 or -errno. The gate is open and no power cycle has begun. */
int gate_create(struct gate *gate);

/** No thread may use it any more. */
void gate_destroy(struct gate *gate);

/** Begin a power cycle. No vCPU's thread exists. */
void gate_begin(struct gate *gate);

/** End it. From any thread. */
void gate_end(struct gate *gate);

/* --- For a vCPU's thread --- */

/**
 * Wait while the gate is closed. Returns false if the power cycle has ended.
 */
bool gate_pass(struct gate *gate);

/**
 * Send a request to the main thread, wait for its answer, then continue as
 * gate_pass(). @what is any number except GATE_NOTHING. Returns false if the
 * power cycle has ended, else true with @answer set.
 */
bool gate_ask(struct gate *gate, struct gate_request *request, int what, int *answer);

/** Make ask_fd readable, for what is no request. From any thread. */
void gate_notify(const struct gate *gate);

/* --- For the main thread --- */

void gate_close(struct gate *gate);
void gate_open(struct gate *gate);

/**
 * Wait until @count threads, which are all that exist, wait at the gate. After
 * gate_close(), and after all were kicked. Returns false if the power cycle has
 * ended.
 */
bool gate_await(struct gate *gate, unsigned int count);

/** Make ask_fd unreadable, before the requests are read. */
void gate_acknowledge(struct gate *gate);

/** The request in @request, or GATE_NOTHING. */
int gate_pending(struct gate *gate, struct gate_request *request);

void gate_answer(struct gate *gate, struct gate_request *request, int answer);

#endif
