/* SPDX-License-Identifier: BSD-3-Clause */
/* The states that a model checker has found, and the steps that first led to them. */
#ifndef TESTS_MODEL_GRAPH_H
#define TESTS_MODEL_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

struct graph;

/**
 * Make an empty graph of states of @state_size bytes, which are compared as bytes. A
 * program that has no memory for it ends with exit status 2.
 */
struct graph *graph_create(size_t state_size);
void graph_destroy(struct graph *graph);

/**
 * Add a state unless it has been seen: @step led to it from the state with the number
 * @parent. Returns false if there are more states than a model should have.
 */
bool graph_add(struct graph *graph, const void *state, size_t parent, size_t step);

/** How many states there are; their numbers are below that, 0 is the first. */
size_t graph_count(const struct graph *graph);

/** The number of a state that has been added. */
size_t graph_find(const struct graph *graph, const void *state);

/** Copy a state. */
void graph_get(const struct graph *graph, size_t number, void *state);

/** Print, by @print, each step from the first state to the one with this number. */
void graph_print_way(const struct graph *graph, size_t number, const void *context,
		     void (*print)(const void *context, size_t step));

#endif
