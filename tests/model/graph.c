/* SPDX-License-Identifier: BSD-3-Clause */
#include "graph.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More would mean that the model is too large, not that the program is too good. */
#define STATE_MAX ((size_t)1 << 22)

/** Where a state comes from. */
struct origin {
	uint32_t parent;
	uint32_t step;
};

struct graph {
	size_t state_size;
	size_t count;
	size_t capacity;
	unsigned char *states;
	struct origin *origins;
	uint32_t *slots; /**< By hash of the state: its number plus 1, or 0. */
	size_t slot_count; /**< A power of two. */
};

static void *must_have(void *memory)
{
	if (!memory) {
		fprintf(stderr, "model: there is not enough memory\n");
		exit(2);
	}

	return memory;
}

struct graph *graph_create(size_t state_size)
{
	struct graph *g = must_have(calloc(1, sizeof(*g)));

	g->state_size = state_size;
	g->slot_count = 1 << 16;
	g->slots = must_have(calloc(g->slot_count, sizeof(*g->slots)));

	return g;
}

void graph_destroy(struct graph *g)
{
	free(g->states);
	free(g->origins);
	free(g->slots);
	free(g);
}

static uint64_t hash_of(const struct graph *g, const unsigned char *state)
{
	uint64_t hash = 0;

	for (size_t at = 0; at < g->state_size; at += sizeof(uint64_t)) {
		const size_t left = g->state_size - at;
		uint64_t word = 0;

		memcpy(&word, state + at, left < sizeof(word) ? left : sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}

	return hash;
}

static unsigned char *state_at(const struct graph *g, size_t number)
{
	return g->states + number * g->state_size;
}

/* The slot that a state has, or should have. */
static size_t find_slot(const struct graph *g, const unsigned char *state)
{
	size_t slot = hash_of(g, state) & (g->slot_count - 1);

	while (g->slots[slot] != 0 &&
	       memcmp(state_at(g, g->slots[slot] - 1), state, g->state_size) != 0)
		slot = (slot + 1) & (g->slot_count - 1);

	return slot;
}

static void grow(struct graph *g)
{
	g->capacity = g->capacity == 0 ? 1024 : 2 * g->capacity;
	g->states = must_have(realloc(g->states, g->capacity * g->state_size));
	g->origins = must_have(realloc(g->origins, g->capacity * sizeof(*g->origins)));
	if (g->slot_count >= 2 * g->capacity)
		return;
	free(g->slots);
	g->slot_count *= 2;
	g->slots = must_have(calloc(g->slot_count, sizeof(*g->slots)));
	for (size_t i = 0; i < g->count; i++)
		g->slots[find_slot(g, state_at(g, i))] = (uint32_t)i + 1;
}

bool graph_add(struct graph *g, const void *state, size_t parent, size_t step)
{
	if (g->slots[find_slot(g, state)] != 0)
		return true;
	if (g->count == STATE_MAX)
		return false;
	if (g->count == g->capacity)
		grow(g);
	memcpy(state_at(g, g->count), state, g->state_size);
	g->origins[g->count] =
		(struct origin){ .parent = (uint32_t)parent, .step = (uint32_t)step };
	g->slots[find_slot(g, state)] = (uint32_t)++g->count;

	return true;
}

size_t graph_count(const struct graph *g)
{
	return g->count;
}

size_t graph_find(const struct graph *g, const void *state)
{
	return g->slots[find_slot(g, state)] - 1;
}

void graph_get(const struct graph *g, size_t number, void *state)
{
	memcpy(state, state_at(g, number), g->state_size);
}

void graph_print_way(const struct graph *g, size_t number, const void *context,
		     void (*print)(const void *context, size_t step))
{
	uint32_t *way = must_have(malloc((g->count + 1) * sizeof(*way)));
	size_t length = 0;

	for (; number != 0; number = g->origins[number].parent)
		way[length++] = g->origins[number].step;
	while (length > 0)
		print(context, way[--length]);
	free(way);
}
