/* SPDX-License-Identifier: BSD-3-Clause */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"

static void print_step(const void *context, size_t step)
{
	const struct step *steps = context;

	world_print_step(&steps[step]);
}

/*
 * A thread makes calls while it runs its guest. A faulty host may let one that does not
 * make them, too, which the library promises to survive: a few of the calls stand for
 * this.
 */
static bool is_possible(const struct world_state *state, const struct step *step)
{
	return step->kind != STEP_CALL || step->anytime || state->doing[step->vcpu] == DOING_RUN;
}

struct exploration explore(const struct world_kind *kind, const struct step *steps,
			   size_t step_count, bool verbose)
{
	struct exploration out = { .closed = true };
	struct world *w = malloc(sizeof(*w));
	struct graph *g = graph_create(sizeof(w->now));

	if (!w)
		exit(2);
	world_init(w, kind);
	out.wrong = w->wrong;
	graph_add(g, &w->now, 0, 0);
	for (size_t from = 0; from < graph_count(g) && !out.wrong && out.closed; from++) {
		struct world_state state;

		graph_get(g, from, &state);
		for (size_t s = 0; s < step_count && !out.wrong; s++) {
			if (!is_possible(&state, &steps[s]))
				continue;
			memcpy(&w->now, &state, sizeof(state));
			out.steps++;
			out.wrong = world_step(w, &steps[s]);
			if (out.wrong && verbose) {
				graph_print_way(g, from, steps, print_step);
				world_print_step(&steps[s]);
				printf("# %s\n", out.wrong);
			}
			if (!same_bytes(&w->now, &state, sizeof(state)) && !out.wrong &&
			    !graph_add(g, &w->now, from, s))
				out.closed = false;
		}
	}
	out.states = graph_count(g);
	graph_destroy(g);
	free(w);

	return out;
}
