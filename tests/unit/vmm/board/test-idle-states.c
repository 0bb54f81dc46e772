/* SPDX-License-Identifier: BSD-3-Clause */
/* --idle-states: the device tree describes them, and libpsci accepts those. */
#include "board/idle-states.h"

#include <psci/psci.h>

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/device-tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RAM_SIZE (64ULL << 20)

static const char *const paths[] = { "/cpus/idle-states/standby", "/cpus/idle-states/powerdown" };

static const void *write_tree_with(struct memory *memory, unsigned int cpu_count, bool clusters)
{
	static char append[] = "";
	static const uint64_t mpidrs[] = { 0, 1, 2, 0x100, 0x10100 };
	const struct config config = {
		.append = append,
		.cpus = cpu_count,
		.memory = RAM_SIZE,
		.idle_states = true,
		.idle_clusters = clusters,
	};
	const struct image image = { .device_tree_address = MEMORY_BASE };
	const struct device_tree tree = {
		.config = &config,
		.image = &image,
		.psci_version = PSCI_VERSION_1_3,
		.mpidrs = mpidrs,
	};
	struct error error = { "" };

	assert_int_equal(memory_create(memory, RAM_SIZE), 0);
	if (device_tree_write(&tree, memory, &error) != 0)
		fail_msg("%s", error.text);

	return memory->host;
}

static const void *write_tree(struct memory *memory, unsigned int cpu_count)
{
	return write_tree_with(memory, cpu_count, false);
}

static bool has_text(const void *fdt, const char *path, const char *name, const char *text)
{
	int length;
	const char *value = fdt_getprop(fdt, fdt_path_offset(fdt, path), name, &length);

	return value && length == (int)strlen(text) + 1 && strcmp(value, text) == 0;
}

static uint32_t the_cell(const void *fdt, const char *path, const char *name)
{
	int length;
	const fdt32_t *value = fdt_getprop(fdt, fdt_path_offset(fdt, path), name, &length);

	if (!value || length != (int)sizeof(*value)) {
		fail_msg("%s: %s is %d bytes long", path, name, length);

		return 0;
	}

	return fdt32_to_cpu(*value);
}

static void idle_states_are_described_and_keep_the_local_timer(void **state)
{
	struct memory memory;
	const void *fdt = write_tree(&memory, 1);

	assert_true(has_text(fdt, "/cpus/idle-states", "entry-method", "psci"));
	for (size_t i = 0; i < COUNT(paths); i++) {
		const int node = fdt_path_offset(fdt, paths[i]);

		assert_true(has_text(fdt, paths[i], "compatible", "arm,idle-state"));
		assert_null(fdt_getprop(fdt, node, "local-timer-stop", NULL));
		assert_true(the_cell(fdt, paths[i], "min-residency-us") >
			    the_cell(fdt, paths[i], "entry-latency-us") +
				    the_cell(fdt, paths[i], "exit-latency-us"));
	}
	assert_true(has_text(fdt, paths[0], "idle-state-name", "standby"));
	assert_true(has_text(fdt, paths[1], "idle-state-name", "powerdown"));
	assert_int_equal(the_cell(fdt, paths[0], "arm,psci-suspend-param"), 0);
	assert_int_equal(the_cell(fdt, paths[1], "arm,psci-suspend-param"), 0x00010000);
	memory_destroy(&memory);
}

/* Linux assumes that a CPU's list is in the order of depth. */
static void the_deeper_idle_state_has_longer_latencies(void **state)
{
	static const char *const costs[] = { "entry-latency-us", "exit-latency-us",
					     "min-residency-us" };
	struct memory memory;
	const void *fdt = write_tree(&memory, 1);

	for (size_t i = 0; i < COUNT(costs); i++)
		assert_true(the_cell(fdt, paths[0], costs[i]) < the_cell(fdt, paths[1], costs[i]));
	memory_destroy(&memory);
}

static void each_cpu_lists_its_idle_states_the_shallower_first(void **state)
{
	struct memory memory;
	const void *fdt = write_tree(&memory, 3);

	for (int cpu = 0; cpu < 3; cpu++) {
		char path[32];
		int length;
		const fdt32_t *list;

		snprintf(path, sizeof(path), "/cpus/cpu@%d", cpu);
		list = fdt_getprop(fdt, fdt_path_offset(fdt, path), "cpu-idle-states", &length);
		assert_non_null(list);
		assert_int_equal(length, COUNT(paths) * sizeof(*list));
		for (size_t i = 0; i < COUNT(paths); i++)
			assert_int_equal(fdt_node_offset_by_phandle(fdt, fdt32_to_cpu(list[i])),
					 fdt_path_offset(fdt, paths[i]));
	}
	memory_destroy(&memory);
}

/* Returns the node that a phandle in a property of one cell refers to. */
static int the_node(const void *fdt, const char *path, const char *name)
{
	return fdt_node_offset_by_phandle(fdt, the_cell(fdt, path, name));
}

static void a_tree_without_idle_clusters_has_no_power_domain(void **state)
{
	struct memory memory;
	const void *fdt = write_tree(&memory, 2);

	assert_null(fdt_getprop(fdt, fdt_path_offset(fdt, "/cpus/cpu@0"), "power-domains", NULL));
	assert_true(fdt_path_offset(fdt, "/cpus/domain-idle-states") < 0);
	assert_true(fdt_first_subnode(fdt, fdt_path_offset(fdt, "/psci")) < 0);
	memory_destroy(&memory);
}

/* CPUs that differ in more than Aff0 are of different clusters. */
static void each_cpu_is_in_the_power_domain_of_its_cluster(void **state)
{
	static const char *const cpus[] = { "/cpus/cpu@0", "/cpus/cpu@1", "/cpus/cpu@2",
					    "/cpus/cpu@100", "/cpus/cpu@10100" };
	static const char *const clusters[] = { "/psci/power-domain-cluster0",
						"/psci/power-domain-cluster0",
						"/psci/power-domain-cluster0",
						"/psci/power-domain-cluster1",
						"/psci/power-domain-cluster2" };
	struct memory memory;
	const void *fdt = write_tree_with(&memory, COUNT(cpus), true);

	for (size_t i = 0; i < COUNT(cpus); i++) {
		char own[64];

		snprintf(own, sizeof(own), "/psci/power-domain-cpu%zu", i);
		assert_true(has_text(fdt, cpus[i], "power-domain-names", "psci"));
		assert_int_equal(the_node(fdt, cpus[i], "power-domains"),
				 fdt_path_offset(fdt, own));
		assert_int_equal(the_cell(fdt, own, "#power-domain-cells"), 0);
		assert_int_equal(the_node(fdt, own, "power-domains"),
				 fdt_path_offset(fdt, clusters[i]));
		assert_int_equal(the_cell(fdt, clusters[i], "#power-domain-cells"), 0);
		assert_non_null(
			fdt_getprop(fdt, fdt_path_offset(fdt, cpus[i]), "cpu-idle-states", NULL));
	}
	assert_true(fdt_path_offset(fdt, "/psci/power-domain-cluster3") < 0);
	memory_destroy(&memory);
}

static void each_cluster_has_idle_states_of_its_level(void **state)
{
	static const char *const states[] = { "/cpus/domain-idle-states/cluster-retention",
					      "/cpus/domain-idle-states/cluster-powerdown" };
	struct memory memory;
	const void *fdt = write_tree_with(&memory, 4, true);

	for (uint32_t cluster = 0; cluster < 2; cluster++) {
		char path[64];
		int length;
		const fdt32_t *list;

		snprintf(path, sizeof(path), "/psci/power-domain-cluster%u", cluster);
		list = fdt_getprop(fdt, fdt_path_offset(fdt, path), "domain-idle-states", &length);
		assert_non_null(list);
		assert_int_equal(length, COUNT(states) * sizeof(*list));
		for (size_t i = 0; i < COUNT(states); i++)
			assert_int_equal(fdt_node_offset_by_phandle(fdt, fdt32_to_cpu(list[i])),
					 fdt_path_offset(fdt, states[i]));
	}
	for (size_t i = 0; i < COUNT(states); i++) {
		const uint32_t power_state = the_cell(fdt, states[i], "arm,psci-suspend-param");

		assert_true(has_text(fdt, states[i], "compatible", "domain-idle-state"));
		assert_int_equal((power_state & PSCI_POWER_STATE_LEVEL_MASK) >>
					 PSCI_POWER_STATE_LEVEL_SHIFT,
				 1);
		assert_true(power_state & PSCI_POWER_STATE_TYPE_MASK);
	}
	memory_destroy(&memory);
}

/* StateType is in bit 30 then, and no two states become one. */
static void each_idle_state_has_its_own_value_in_the_extended_format(void **state)
{
	for (size_t i = 0; i < IDLE_STATE_ALL_COUNT; i++) {
		const uint32_t value = idle_state_value(&idle_states[i], true);

		assert_int_equal(value & PSCI_POWER_STATE_EXT_MBZ_MASK, 0);
		assert_int_equal((value & PSCI_POWER_STATE_EXT_TYPE_MASK) != 0,
				 idle_states[i].powers_down);
		assert_int_equal(idle_state_value(&idle_states[i], false),
				 idle_states[i].power_state);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(value, idle_state_value(&idle_states[j], true));
	}
}

static void ignore_kick(void *ctx, void *vctx)
{
}

/* CPU_SUSPEND takes what the tree says: standby sleeps, power-down comes back elsewhere. */
static void libpsci_serves_the_idle_states_in_every_version(void **state)
{
	static const uint32_t versions[] = { PSCI_VERSION_0_2, PSCI_VERSION_1_0, PSCI_VERSION_1_1,
					     PSCI_VERSION_1_2, PSCI_VERSION_1_3 };
	static const struct psci_host host = { .size = sizeof(host), .kick = ignore_kick };

	for (size_t i = 0; i < COUNT(versions); i++) {
		struct psci_idle_state states[IDLE_STATE_COUNT] = { 0 };
		struct psci_vcpu *index[2];
		struct psci_vcpu vcpu;
		struct psci_machine machine;
		struct psci_entry entry = { 0 };
		const struct psci_config config = {
			.size = sizeof(config),
			.version = versions[i],
			.idle_states = states,
			.idle_state_count = IDLE_STATE_COUNT,
			.index = index,
			.index_size = COUNT(index),
			.host = &host,
		};
		struct psci_regs regs = { .x = { PSCI_FN64_CPU_SUSPEND, 0, 0x40200000, 42 } };

		for (size_t s = 0; s < IDLE_STATE_COUNT; s++) {
			states[s].power_state = idle_states[s].power_state;
			states[s].depth[0] = idle_states[s].powers_down ? PSCI_DEPTH_OFF : 1;
		}
		assert_int_equal(psci_machine_init(&machine, &config), 0);
		assert_int_equal(psci_vcpu_init(&vcpu, &machine, 0, NULL), 0);
		psci_machine_boot(&vcpu, &entry);
		assert_int_equal(psci_vcpu_poll(&vcpu, &entry), PSCI_NEXT_START);

		assert_int_equal(psci_call(&vcpu, &regs), PSCI_NEXT_SLEEP);
		assert_int_equal(psci_vcpu_wake(&vcpu, &entry), PSCI_NEXT_RUN);

		regs.x[0] = PSCI_FN64_CPU_SUSPEND;
		regs.x[1] = 0x00010000;
		assert_int_equal(psci_call(&vcpu, &regs), PSCI_NEXT_SLEEP);
		assert_int_equal(psci_vcpu_wake(&vcpu, &entry), PSCI_NEXT_START);
		assert_true(entry.wake);
		assert_int_equal(entry.pc, 0x40200000);
		assert_int_equal(entry.x0, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_states_are_described_and_keep_the_local_timer),
		cmocka_unit_test(the_deeper_idle_state_has_longer_latencies),
		cmocka_unit_test(each_cpu_lists_its_idle_states_the_shallower_first),
		cmocka_unit_test(a_tree_without_idle_clusters_has_no_power_domain),
		cmocka_unit_test(each_cpu_is_in_the_power_domain_of_its_cluster),
		cmocka_unit_test(each_cluster_has_idle_states_of_its_level),
		cmocka_unit_test(each_idle_state_has_its_own_value_in_the_extended_format),
		cmocka_unit_test(libpsci_serves_the_idle_states_in_every_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
