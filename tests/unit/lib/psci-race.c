/* SPDX-License-Identifier: BSD-3-Clause */
#include "psci-race.h"

#include "psci-fixture.h"

#include <pthread.h>
#include <stdlib.h>

#define PLAYERS_MAX 8

struct race_players {
	struct race_rounds rounds;
	pthread_barrier_t start;
	pthread_barrier_t end;
	struct race_player {
		struct race_players *all;
		unsigned int i;
		pthread_t thread;
	} players[PLAYERS_MAX];
};

static void *play_rounds(void *argument)
{
	const struct race_player *player = argument;
	struct race_players *all = player->all;

	for (unsigned int round = 0; round < all->rounds.round_count; round++) {
		pthread_barrier_wait(&all->start);
		all->rounds.play(all->rounds.race, player->i, round);
		pthread_barrier_wait(&all->end);
	}

	return NULL;
}

void race_run(const struct race_rounds *rounds)
{
	/* Not on the stack: when a check fails, the threads still wait in here. */
	struct race_players *all = calloc(1, sizeof(*all));
	const unsigned int count = rounds->player_count;

	assert_non_null(all);
	assert_in_range(count, 1, PLAYERS_MAX);
	all->rounds = *rounds;
	assert_int_equal(pthread_barrier_init(&all->start, NULL, count + 1), 0);
	assert_int_equal(pthread_barrier_init(&all->end, NULL, count + 1), 0);
	for (unsigned int i = 0; i < count; i++) {
		all->players[i] = (struct race_player){ .all = all, .i = i };
		assert_int_equal(pthread_create(&all->players[i].thread, NULL, play_rounds,
						&all->players[i]),
				 0);
	}
	for (unsigned int round = 0; round < rounds->round_count; round++) {
		rounds->line_up(rounds->race);
		pthread_barrier_wait(&all->start);
		pthread_barrier_wait(&all->end);
		rounds->check(rounds->race, round);
	}
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(pthread_join(all->players[i].thread, NULL), 0);
	pthread_barrier_destroy(&all->start);
	pthread_barrier_destroy(&all->end);
	free(all);
}
