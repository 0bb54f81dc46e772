/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/gate.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int gate_create(struct gate *gate)
{
	*gate = (struct gate){ .ended = true };
	gate->ask_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (gate->ask_fd < 0)
		return -errno;
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->changed, NULL);

	return 0;
}

void gate_destroy(struct gate *gate)
{
	pthread_cond_destroy(&gate->changed);
	pthread_mutex_destroy(&gate->lock);
	close(gate->ask_fd);
}

void gate_begin(struct gate *gate)
{
	gate_acknowledge(gate);
	pthread_mutex_lock(&gate->lock);
	gate->ended = false;
	pthread_mutex_unlock(&gate->lock);
}

void gate_end(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->ended = true;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

/* With the lock held. */
static bool pass(struct gate *gate, const struct gate_request *request)
{
	gate->waiting++;
	/* For gate_await(). */
	pthread_cond_broadcast(&gate->changed);
	while (!gate->ended && (gate->closed || (request && request->what != GATE_NOTHING)))
		pthread_cond_wait(&gate->changed, &gate->lock);
	gate->waiting--;

	return !gate->ended;
}

bool gate_pass(struct gate *gate)
{
	bool passed;

	pthread_mutex_lock(&gate->lock);
	passed = pass(gate, NULL);
	pthread_mutex_unlock(&gate->lock);

	return passed;
}

void gate_notify(const struct gate *gate)
{
	/*
	 * An eventfd takes this unless its counter is full, and then it is
	 * readable.
	 */
	(void)eventfd_write(gate->ask_fd, 1);
}

bool gate_ask(struct gate *gate, struct gate_request *request, int what, int *answer)
{
	bool passed;

	pthread_mutex_lock(&gate->lock);
	request->what = what;
	gate_notify(gate);
	passed = pass(gate, request);
	*answer = request->answer;
	pthread_mutex_unlock(&gate->lock);

	return passed;
}

static void set_closed(struct gate *gate, bool closed)
{
	pthread_mutex_lock(&gate->lock);
	gate->closed = closed;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

void gate_close(struct gate *gate)
{
	set_closed(gate, true);
}

void gate_open(struct gate *gate)
{
	set_closed(gate, false);
}

bool gate_await(struct gate *gate, unsigned int count)
{
	bool alive;

	pthread_mutex_lock(&gate->lock);
	while (!gate->ended && gate->waiting < count)
		pthread_cond_wait(&gate->changed, &gate->lock);
	alive = !gate->ended;
	pthread_mutex_unlock(&gate->lock);

	return alive;
}

void gate_acknowledge(struct gate *gate)
{
	eventfd_t count;

	(void)eventfd_read(gate->ask_fd, &count);
}

int gate_pending(struct gate *gate, struct gate_request *request)
{
	int what;

	pthread_mutex_lock(&gate->lock);
	what = request->what;
	pthread_mutex_unlock(&gate->lock);

	return what;
}

void gate_answer(struct gate *gate, struct gate_request *request, int answer)
{
	pthread_mutex_lock(&gate->lock);
	request->answer = answer;
	request->what = GATE_NOTHING;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}
