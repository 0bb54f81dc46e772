/* SPDX-License-Identifier: BSD-3-Clause */
#include "explore.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More would be a model that is too large, not a library that is too good. */
#define STATE_MAX ((size_t)1 << 20)
#define SLOT_COUNT (2 * STATE_MAX)

/** A state, and the step that first led there. */
struct seen {
	struct world_state state;
	uint32_t parent;
	uint32_t step;
};

struct graph {
	struct seen *seen;
	size_t count;
	size_t capacity;
	uint32_t *slots; /**< By hash of the state: its number plus 1, or 0. */
};

static void *must_have(void *memory)
{
	if (!memory) {
		fprintf(stderr, "test-model: there is not enough memory\n");
		exit(2);
	}

	return memory;
}

static uint64_t hash_of(const struct world_state *state)
{
	uint64_t words[sizeof(*state) / sizeof(uint64_t)];
	uint64_t hash = 0;

	_Static_assert(sizeof(words) == sizeof(*state), "a state is made of whole words");
	memcpy(words, state, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}

	return hash;
}

/* Add a state unless it has been seen. False if the graph is full. */
static bool add(struct graph *g, const struct world_state *state, size_t parent, size_t step)
{
	size_t slot = hash_of(state) % SLOT_COUNT;

	for (; g->slots[slot] != 0; slot = (slot + 1) % SLOT_COUNT) {
		if (same_bytes(&g->seen[g->slots[slot] - 1].state, state, sizeof(*state)))
			return true;
	}
	if (g->count == STATE_MAX)
		return false;
	if (g->count == g->capacity) {
		g->capacity = g->capacity == 0 ? 1024 : 2 * g->capacity;
		g->seen = must_have(realloc(g->seen, g->capacity * sizeof(*g->seen)));
	}
	memcpy(&g->seen[g->count].state, state, sizeof(*state));
	g->seen[g->count].parent = (uint32_t)parent;
	g->seen[g->count].step = (uint32_t)step;
	g->slots[slot] = (uint32_t)++g->count;

	return true;
}

static void print_way(const struct graph *g, size_t number, const struct step *steps)
{
	uint32_t *way = must_have(malloc((g->count + 1) * sizeof(*way)));
	size_t length = 0;

	for (; number != 0; number = g->seen[number].parent)
		way[length++] = g->seen[number].step;
	while (length > 0)
		world_print_step(&steps[way[--length]]);
	free(way);
}

/*
 * A thread makes calls while it runs its guest. One that does not may be asked
 * to by a host that is wrong, which the library promises to survive: a few of
 * the calls stand for this.
 */
static bool is_possible(const struct world_state *state, const struct step *step)
{
	return step->kind != STEP_CALL || step->anytime || state->doing[step->vcpu] == DOING_RUN;
}

struct exploration explore(const struct world_kind *kind, const struct step *steps,
			   size_t step_count, bool verbose)
{
	struct exploration out = { .closed = true };
	struct world *w = must_have(malloc(sizeof(*w)));
	struct graph g = { .slots = must_have(calloc(SLOT_COUNT, sizeof(*g.slots))) };

	world_init(w, kind);
	out.wrong = w->wrong;
	add(&g, &w->now, 0, 0);
	for (size_t from = 0; from < g.count && !out.wrong && out.closed; from++) {
		struct world_state state;

		memcpy(&state, &g.seen[from].state, sizeof(state));
		for (size_t s = 0; s < step_count && !out.wrong; s++) {
			if (!is_possible(&state, &steps[s]))
				continue;
			memcpy(&w->now, &state, sizeof(state));
			out.steps++;
			out.wrong = world_step(w, &steps[s]);
			if (out.wrong && verbose) {
				print_way(&g, from, steps);
				world_print_step(&steps[s]);
				printf("# %s\n", out.wrong);
			}
			if (!same_bytes(&w->now, &state, sizeof(state)) && !out.wrong &&
			    !add(&g, &w->now, from, s))
				out.closed = false;
		}
	}
	out.states = g.count;
	free(g.seen);
	free(g.slots);
	free(w);

	return out;
}
