/* SPDX-License-Identifier: BSD-3-Clause */
/* The gate: threads that it stops wait, requests are answered, and an end releases all. */
#include "machine/gate.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define THREADS 4
#define ROUNDS 200
#define QUESTION 7
#define ANSWER (-3)

struct rig {
	struct gate gate;
	struct gate_request request;
	pthread_t threads[THREADS];
	atomic_uint passed; /* How often any thread has passed. */
	atomic_bool stop;
	bool went_on; /* The answer to the one that asked. */
	int answer;
};

static int set_up(void **state)
{
	static struct rig rig;

	rig = (struct rig){ .answer = 1 };
	assert_int_equal(gate_create(&rig.gate), 0);
	gate_begin(&rig.gate);
	*state = &rig;

	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	gate_destroy(&rig->gate);

	return 0;
}

/* A vCPU that is kicked all the time. */
static void *pass_often(void *argument)
{
	struct rig *rig = argument;

	while (!atomic_load(&rig->stop) && gate_pass(&rig->gate))
		atomic_fetch_add(&rig->passed, 1);

	return NULL;
}

static void *ask(void *argument)
{
	struct rig *rig = argument;

	rig->went_on = gate_ask(&rig->gate, &rig->request, QUESTION, &rig->answer);
	atomic_fetch_add(&rig->passed, 1);

	return NULL;
}

static void start(struct rig *rig, unsigned int count, void *(*thread)(void *))
{
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(pthread_create(&rig->threads[i], NULL, thread, rig), 0);
}

static void join(struct rig *rig, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(pthread_join(rig->threads[i], NULL), 0);
}

static bool is_asked(struct rig *rig, int timeout)
{
	struct pollfd asked = { .fd = rig->gate.ask_fd, .events = POLLIN };

	return poll(&asked, 1, timeout) == 1;
}

static void await_question(struct rig *rig)
{
	assert_true(is_asked(rig, -1));
	gate_acknowledge(&rig->gate);
	assert_false(is_asked(rig, 0));
	assert_int_equal(gate_pending(&rig->gate, &rig->request), QUESTION);
}

static void a_closed_gate_blocks_all_threads_until_it_opens(void **state)
{
	struct rig *rig = *state;

	start(rig, THREADS, pass_often);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int before;

		gate_close(&rig->gate);
		assert_true(gate_await(&rig->gate, THREADS));
		before = atomic_load(&rig->passed);
		/* Closing it again changes nothing. */
		gate_close(&rig->gate);
		assert_true(gate_await(&rig->gate, THREADS));
		assert_int_equal(atomic_load(&rig->passed), before);
		gate_open(&rig->gate);
		/* All pass in the end, or this would not end. */
		while (atomic_load(&rig->passed) == before)
			;
	}
	atomic_store(&rig->stop, true);
	join(rig, THREADS);
}

static void a_thread_that_asks_at_the_gate_gets_its_answer(void **state)
{
	struct rig *rig = *state;

	start(rig, 1, ask);
	await_question(rig);
	/* A thread that asks waits. */
	assert_true(gate_await(&rig->gate, 1));
	assert_int_equal(atomic_load(&rig->passed), 0);
	gate_answer(&rig->gate, &rig->request, ANSWER);
	join(rig, 1);
	assert_true(rig->went_on);
	assert_int_equal(rig->answer, ANSWER);
	assert_int_equal(gate_pending(&rig->gate, &rig->request), GATE_NOTHING);
}

static void an_answer_lets_no_thread_through_a_closed_gate(void **state)
{
	struct rig *rig = *state;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		start(rig, 1, ask);
		await_question(rig);
		gate_close(&rig->gate);
		gate_answer(&rig->gate, &rig->request, ANSWER);
		assert_true(gate_await(&rig->gate, 1));
		assert_int_equal(atomic_load(&rig->passed), i);
		gate_open(&rig->gate);
		join(rig, 1);
		assert_true(rig->went_on);
	}
}

static void an_end_of_the_gate_releases_all_threads(void **state)
{
	struct rig *rig = *state;

	gate_close(&rig->gate);
	start(rig, THREADS, pass_often);
	assert_true(gate_await(&rig->gate, THREADS));
	gate_end(&rig->gate);
	join(rig, THREADS);
	assert_int_equal(atomic_load(&rig->passed), 0);
	assert_false(gate_await(&rig->gate, THREADS));
	assert_false(gate_pass(&rig->gate));
}

static void an_end_of_the_gate_releases_a_thread_that_asks(void **state)
{
	struct rig *rig = *state;

	start(rig, 1, ask);
	await_question(rig);
	gate_end(&rig->gate);
	join(rig, 1);
	assert_false(rig->went_on);
}

static void a_gate_stays_closed_over_an_end_and_drops_its_question(void **state)
{
	struct rig *rig = *state;

	start(rig, 1, ask);
	assert_true(is_asked(rig, -1));
	gate_close(&rig->gate);
	gate_end(&rig->gate);
	join(rig, 1);
	gate_begin(&rig->gate);
	assert_false(is_asked(rig, 0));
	atomic_store(&rig->passed, 0);
	start(rig, THREADS, pass_often);
	assert_true(gate_await(&rig->gate, THREADS));
	assert_int_equal(atomic_load(&rig->passed), 0);
	atomic_store(&rig->stop, true);
	gate_open(&rig->gate);
	join(rig, THREADS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_closed_gate_blocks_all_threads_until_it_opens,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_thread_that_asks_at_the_gate_gets_its_answer,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_lets_no_thread_through_a_closed_gate,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_end_of_the_gate_releases_all_threads, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_end_of_the_gate_releases_a_thread_that_asks,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_gate_stays_closed_over_an_end_and_drops_its_question, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
