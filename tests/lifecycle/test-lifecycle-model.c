/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every order of what a guest of two vCPUs, its host and its host's failures can do, to a
 * fixed point: no state is wrong, and from each the run can come to its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/lifecycle-step.h"
#include "graph.h"
#include "world.h"

struct edge {
	uint32_t from, to;
};

struct edges {
	struct edge *all;
	size_t count, capacity;
};

static void print_step(const void *context, size_t step)
{
	printf("#   %s\n", world_steps[step].what);
}

static void add_edge(struct edges *edges, size_t from, size_t to)
{
	if (edges->count == edges->capacity) {
		edges->capacity = edges->capacity ? 2 * edges->capacity : 4096;
		edges->all = realloc(edges->all, edges->capacity * sizeof(*edges->all));
		if (!edges->all)
			exit(2);
	}
	edges->all[edges->count++] = (struct edge){ (uint32_t)from, (uint32_t)to };
}

/* Returns what is wrong with a step's outcome, having printed the way there; or NULL. */
static const char *take(struct graph *g, size_t from, size_t step, struct edges *edges)
{
	struct world_state w;
	const char *found;

	graph_get(g, from, &w);
	if (!world_steps[step].take(&w, world_steps[step].argument))
		return NULL;
	found = world_judge(&w);
	if (!found && !graph_add(g, &w, from, step))
		found = "there are too many states";
	if (found) {
		graph_print_way(g, from, NULL, print_step);
		print_step(NULL, step);
	} else {
		add_edge(edges, from, graph_find(g, &w));
	}

	return found;
}

/*
 * Returns whether each state has a way to the end: by going back from there until nothing
 * changes.
 */
static const char *find_hang(const struct graph *g, const struct edges *edges)
{
	const size_t count = graph_count(g);
	bool *ends = calloc(count, sizeof(*ends));
	const char *found = NULL;
	bool changed = true;

	if (!ends)
		exit(2);
	for (size_t i = 0; i < count; i++) {
		struct world_state w;

		graph_get(g, i, &w);
		ends[i] = world_is_over(&w);
	}
	while (changed) {
		changed = false;
		/* Most edges lead to states that were found later. */
		for (size_t e = edges->count; e-- > 0;) {
			if (!ends[edges->all[e].from] && ends[edges->all[e].to])
				changed = ends[edges->all[e].from] = true;
		}
	}
	for (size_t i = 0; i < count && !found; i++) {
		if (ends[i])
			continue;
		graph_print_way(g, i, NULL, print_step);
		found = "it never ends from here";
	}
	free(ends);

	return found;
}

static bool explore(unsigned int number, const char *what, enum vm_state found_in)
{
	struct graph *g = graph_create(sizeof(struct world_state));
	struct edges edges = { 0 };
	struct world_state first;
	const char *found = NULL;

	world_init(&first, (uint8_t)found_in);
	graph_add(g, &first, 0, 0);
	for (size_t from = 0; from < graph_count(g) && !found; from++) {
		for (size_t step = 0; step < world_step_count && !found; step++)
			found = take(g, from, step, &edges);
	}
	if (!found)
		found = find_hang(g, &edges);
	if (found)
		printf("# %s\n", found);
	printf("%sok %u - life cycle: %s: %zu states, %zu transitions\n", found ? "not " : "",
	       number, what, graph_count(g), edges.count);
	free(edges.all);
	graph_destroy(g);

	return !found;
}

int main(void)
{
	bool ok;

	printf("1..2\n");
	ok = explore(1, "a VM that is started", VM_OFF);
	ok = explore(2, "a VM that is restored", VM_SAVED) && ok;

	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
