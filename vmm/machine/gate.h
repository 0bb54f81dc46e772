/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gate: where the main thread holds a machine's vCPU threads up, and where
 * such a thread asks it something and waits for the answer.
 *
 * Concurrency
 * -----------
 * `lock` guards everything here and in struct gate_request. A vCPU's thread is
 * counted in `waiting` while, and only while, it is between gate_pass() or
 * gate_ask() and their return; it returns only when the gate is open and its
 * question, if any, is answered, both looked at under the lock. So once
 * gate_await() has seen all of them wait behind a closed gate, none returns
 * before gate_open(): nobody else touches the guest's registers or KVM's vCPUs.
 *
 * The main thread closes the gate, makes the vCPUs come to it (vcpu_kick()), and
 * awaits them. It is the only one that closes, opens, awaits, reads questions
 * and answers. A vCPU's thread waits for nothing else of the main thread's, so
 * that awaiting ends as soon as devices let go of the vCPUs that are in them.
 *
 * gate_end(), from any thread, is the end of a life of the machine: whoever
 * waits returns false, and so does whoever comes later, until gate_begin().
 */
#ifndef VMM_GATE_H
#define VMM_GATE_H

#include <pthread.h>
#include <stdbool.h>

/** Private, but for ask_fd. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool closed; /**< Outlasts a life: who is held up stays so over a reset. */
	bool ended;
	unsigned int waiting;
	int ask_fd; /**< An eventfd, readable once something was asked. Constant. */
};

#define GATE_NOTHING 0 /* What is not asked. */

/** What one vCPU's thread asks. Zero at first. Private. */
struct gate_request {
	int what; /**< GATE_NOTHING once answered. */
	int answer;
};

/** Returns 0 or -errno. The gate is open and no life has begun. */
int gate_create(struct gate *gate);

/** Nobody may use it any more. */
void gate_destroy(struct gate *gate);

/** Begin a life. No vCPU's thread exists. */
void gate_begin(struct gate *gate);

/** End it. From any thread. */
void gate_end(struct gate *gate);

/* --- For a vCPU's thread --- */

/** Wait while the gate is closed. Returns false if the life has ended. */
bool gate_pass(struct gate *gate);

/**
 * Ask the main thread, wait for its answer, then as gate_pass(). @what is any
 * number but GATE_NOTHING. Returns false if the life has ended, else true with
 * @answer set.
 */
bool gate_ask(struct gate *gate, struct gate_request *request, int what, int *answer);

/* --- For the main thread --- */

void gate_close(struct gate *gate);
void gate_open(struct gate *gate);

/**
 * Wait until @count threads, which is all there are, are held up. After
 * gate_close(), and after all were kicked. Returns false if the life has ended.
 */
bool gate_await(struct gate *gate, unsigned int count);

/** Make ask_fd unreadable, before the questions are looked at. */
void gate_acknowledge(struct gate *gate);

/** What is asked in @question, or GATE_NOTHING. */
int gate_pending(struct gate *gate, struct gate_request *request);

void gate_answer(struct gate *gate, struct gate_request *request, int answer);

#endif
