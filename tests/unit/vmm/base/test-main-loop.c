/* SPDX-License-Identifier: BSD-3-Clause */
/* The main loop, with eventfds as the descriptors that become ready. */
#include "base/main-loop.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#define SOURCES 4

struct source;

/** What a test's function does when the loop calls it. */
typedef void action(struct source *source);

struct rig;

struct source {
	struct rig *rig;
	char name;
	int fd;
	action *act;
	uint64_t due;
};

/** A loop with sources called a, b, c and d, which write their names to a log. */
struct rig {
	struct main_loop loop;
	struct source sources[SOURCES];
	char log[64];
};

static void write_log(struct source *source)
{
	const size_t length = strlen(source->rig->log);

	assert_in_range(length, 0, sizeof(source->rig->log) - 2);
	source->rig->log[length] = source->name;
}

static void ready(void *context)
{
	struct source *source = context;

	write_log(source);
	if (source->act)
		source->act(source);
}

static uint64_t due(const void *context)
{
	const struct source *source = context;

	return source->due;
}

static void passed(void *context)
{
	struct source *source = context;

	source->due = MAIN_LOOP_NEVER;
	ready(source);
}

static int setup(void **state)
{
	static struct rig rig;

	rig = (struct rig){ 0 };
	for (size_t i = 0; i < SOURCES; i++) {
		rig.sources[i] = (struct source){
			.rig = &rig,
			.name = (char)('a' + i),
			.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE),
			.due = MAIN_LOOP_NEVER,
		};
		assert_true(rig.sources[i].fd >= 0);
	}
	*state = &rig;

	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < SOURCES; i++)
		close(rig->sources[i].fd);

	return 0;
}

static void add(struct source *source, enum main_loop_order order, action *act)
{
	source->act = act;
	assert_int_equal(main_loop_add(&source->rig->loop, order, source->fd, ready, source), 0);
}

/* Make it ready for @count times of take(). */
static void give(struct source *source, eventfd_t count)
{
	assert_int_equal(eventfd_write(source->fd, count), 0);
}

/* --- what functions do --- */

static void take(struct source *source)
{
	eventfd_t one;

	assert_int_equal(eventfd_read(source->fd, &one), 0);
}

static void end(struct source *source)
{
	main_loop_end(&source->rig->loop);
}

static void take_until_empty(struct source *source)
{
	eventfd_t one;

	take(source);
	/* Nothing is left: a read would block. */
	if (eventfd_read(source->fd, &one) < 0)
		end(source);
	else
		give(source, 1);
}

/* --- tests --- */

static void ready_descriptors_are_served_in_their_order_each_once(void **state)
{
	struct rig *rig = *state;
	struct source *s = rig->sources;

	add(&s[3], MAIN_LOOP_LAST, end);
	add(&s[2], MAIN_LOOP_USUAL, take);
	add(&s[1], MAIN_LOOP_USUAL, take);
	add(&s[0], MAIN_LOOP_FIRST, take);
	for (size_t i = 0; i < SOURCES; i++)
		give(&s[i], 1);
	main_loop_run(&rig->loop);
	assert_string_equal(rig->log, "acbd");
}

static void a_descriptor_that_stays_ready_is_served_again(void **state)
{
	struct rig *rig = *state;

	add(&rig->sources[0], MAIN_LOOP_USUAL, take_until_empty);
	add(&rig->sources[1], MAIN_LOOP_USUAL, take);
	give(&rig->sources[0], 3);
	give(&rig->sources[1], 2);
	main_loop_run(&rig->loop);
	assert_string_equal(rig->log, "ababa");
}

static void no_function_is_called_after_the_end_of_the_loop(void **state)
{
	struct rig *rig = *state;

	add(&rig->sources[0], MAIN_LOOP_USUAL, end);
	add(&rig->sources[1], MAIN_LOOP_USUAL, take);
	give(&rig->sources[0], 1);
	give(&rig->sources[1], 1);
	main_loop_run(&rig->loop);
	assert_string_equal(rig->log, "a");
	/* It can be run again. */
	rig->sources[0].act = take;
	rig->sources[1].act = end;
	main_loop_run(&rig->loop);
	assert_string_equal(rig->log, "aab");
}

static void a_hangup_is_reported_to_the_descriptor_s_function(void **state)
{
	struct rig *rig = *state;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	close(ends[1]);
	rig->sources[0].act = end;
	assert_int_equal(
		main_loop_add(&rig->loop, MAIN_LOOP_USUAL, ends[0], ready, &rig->sources[0]), 0);
	main_loop_run(&rig->loop);
	assert_string_equal(rig->log, "a");
	close(ends[0]);
}

static void a_full_loop_refuses_another_descriptor_or_deadline(void **state)
{
	struct rig *rig = *state;
	struct source *source = &rig->sources[0];

	for (int i = 0; i < MAIN_LOOP_MAX; i++)
		assert_int_equal(
			main_loop_add(&rig->loop, MAIN_LOOP_USUAL, 1000 + i, ready, source), 0);
	assert_int_equal(main_loop_add(&rig->loop, MAIN_LOOP_USUAL, source->fd, ready, source),
			 -ENOSPC);
	assert_int_equal(main_loop_add_deadline(&rig->loop, MAIN_LOOP_USUAL, due, passed, source),
			 -ENOSPC);
}

static void a_deadline_of_the_loop_passes_and_not_before_its_time(void **state)
{
	struct rig *rig = *state;
	struct source *source = &rig->sources[0];
	const uint64_t when = main_loop_now() + 30000;

	source->act = end;
	source->due = when;
	assert_int_equal(main_loop_add_deadline(&rig->loop, MAIN_LOOP_USUAL, due, passed, source),
			 0);
	/* It never comes. */
	assert_int_equal(
		main_loop_add_deadline(&rig->loop, MAIN_LOOP_FIRST, due, passed, &rig->sources[1]),
		0);
	main_loop_run(&rig->loop);
	assert_string_equal(rig->log, "a");
	assert_in_range(main_loop_now(), when, UINT64_MAX);
}

static uint64_t due_now(const void *context)
{
	return main_loop_now();
}

static void a_deadline_that_is_always_now_passes(void **state)
{
	struct rig *rig = *state;

	rig->sources[0].act = end;
	assert_int_equal(main_loop_add_deadline(&rig->loop, MAIN_LOOP_USUAL, due_now, passed,
						&rig->sources[0]),
			 0);
	main_loop_run(&rig->loop);
	assert_string_equal(rig->log, "a");
}

/* A flood: it is ready in each round, and never empty. */
static void do_nothing_but_count(void *context)
{
	unsigned int *count = context;

	(*count)++;
}

static void a_flood_of_ready_descriptors_does_not_delay_a_deadline(void **state)
{
	struct rig *rig = *state;
	struct source *source = &rig->sources[0];
	unsigned int rounds = 0;

	give(&rig->sources[1], 1);
	assert_int_equal(main_loop_add(&rig->loop, MAIN_LOOP_FIRST, rig->sources[1].fd,
				       do_nothing_but_count, &rounds),
			 0);
	source->act = end;
	source->due = main_loop_now() + 5000;
	assert_int_equal(main_loop_add_deadline(&rig->loop, MAIN_LOOP_LAST, due, passed, source),
			 0);
	main_loop_run(&rig->loop);
	assert_string_equal(rig->log, "a");
	assert_in_range(rounds, 2, UINT32_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(ready_descriptors_are_served_in_their_order_each_once),
		TEST(a_descriptor_that_stays_ready_is_served_again),
		TEST(no_function_is_called_after_the_end_of_the_loop),
		TEST(a_hangup_is_reported_to_the_descriptor_s_function),
		TEST(a_full_loop_refuses_another_descriptor_or_deadline),
		TEST(a_deadline_of_the_loop_passes_and_not_before_its_time),
		TEST(a_deadline_that_is_always_now_passes),
		TEST(a_flood_of_ready_descriptors_does_not_delay_a_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
