/* SPDX-License-Identifier: BSD-3-Clause */
#include "relay-model.h"

#include "graph.h"
#include "relay-world.h"

#include <stdio.h>

#define STEP_MAX 64

struct relay_steps {
	struct relay_step step[STEP_MAX];
	size_t count;
};

static void add_step(struct relay_steps *steps, enum relay_step_kind kind, unsigned int cpu,
		     unsigned int target, unsigned int variant)
{
	steps->step[steps->count++] = (struct relay_step){
		.kind = kind,
		.cpu = (uint8_t)cpu,
		.target = (uint8_t)target,
		.variant = (uint8_t)variant,
	};
}

static void make_steps(struct relay_steps *steps, const struct relay_kind *kind)
{
	const unsigned int last = kind->cpu_count - 1;

	steps->count = 0;
	for (unsigned int i = 0; i < kind->cpu_count; i++) {
		for (unsigned int target = 0; target < kind->cpu_count; target++) {
			if (!kind->all_call && target != last)
				continue;
			for (unsigned int v = 0; v < kind->variants; v++)
				add_step(steps, RELAY_STEP_ON, i, target, v);
			add_step(steps, RELAY_STEP_INFO, i, target, 0);
		}
		if (kind->all_call || i == last) {
			add_step(steps, RELAY_STEP_OFF, i, i, 0);
			for (unsigned int v = 0; v < kind->variants; v++)
				add_step(steps, RELAY_STEP_SLEEP, i, i, v);
			add_step(steps, RELAY_STEP_COME, i, i, 0);
			add_step(steps, RELAY_STEP_ARRIVE, i, i, 0);
		}
		add_step(steps, RELAY_STEP_SERVE, i, i, 0);
		add_step(steps, RELAY_STEP_REFUSE, i, i, 0);
		add_step(steps, RELAY_STEP_RETURN, i, i, 0);
	}
}

static void print_step(const void *context, size_t number)
{
	static const char *const names[] = {
		[RELAY_STEP_ON] = "calls CPU_ON",
		[RELAY_STEP_OFF] = "calls CPU_OFF",
		[RELAY_STEP_SLEEP] = "calls CPU_SUSPEND",
		[RELAY_STEP_INFO] = "calls AFFINITY_INFO",
		[RELAY_STEP_SERVE] = "is served by the firmware",
		[RELAY_STEP_REFUSE] = "is refused by the firmware",
		[RELAY_STEP_RETURN] = "has its answer",
		[RELAY_STEP_COME] = "is started or woken",
		[RELAY_STEP_ARRIVE] = "arrives",
	};
	const struct relay_steps *steps = context;
	const struct relay_step *step = &steps->step[number];

	printf("# CPU %u %s (target %u, variant %u)\n", step->cpu, names[step->kind], step->target,
	       step->variant);
}

struct exploration relay_explore(const struct relay_kind *kind, bool verbose)
{
	struct graph *g = graph_create(sizeof(relay_world));
	struct exploration out = { .closed = true };
	struct relay_steps steps;

	make_steps(&steps, kind);
	relay_world_make(kind->cpu_count);
	graph_add(g, &relay_world, 0, 0);
	for (size_t from = 0; from < graph_count(g) && out.closed && !out.wrong; from++) {
		for (size_t i = 0; i < steps.count && out.closed && !out.wrong; i++) {
			graph_get(g, from, &relay_world);
			if (!relay_world_is_possible(&steps.step[i]))
				continue;
			out.steps++;
			out.wrong = relay_world_step(&steps.step[i]);
			if (!out.wrong) {
				out.closed = graph_add(g, &relay_world, from, i);
			} else if (verbose) {
				graph_print_way(g, from, &steps, print_step);
				print_step(&steps, i);
				printf("# %s\n", out.wrong);
			}
		}
	}
	out.states = graph_count(g);
	graph_destroy(g);

	return out;
}
