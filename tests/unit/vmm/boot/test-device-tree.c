/* SPDX-License-Identifier: BSD-3-Clause */
/* The device tree, read by libfdt, against the addresses of QEMU's `virt` machine. */
#include "boot/device-tree.h"

#include <psci/abi.h>

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scratch.h"
#include "tree-rig.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Expect a property of exactly these 32-bit cells. */
static void has_cells(const struct tree_rig *r, const char *path, const char *name,
		      const uint32_t *cells, size_t count)
{
	int length;
	const fdt32_t *value = fdt_getprop(r->fdt, tree_node_at(r, path), name, &length);

	if (!value || length != (int)(count * sizeof(*value))) {
		fail_msg("%s: %s is %d bytes long", path, name, length);

		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (fdt32_to_cpu(value[i]) != cells[i])
			fail_msg("%s: %s: cell %zu is %#x", path, name, i, fdt32_to_cpu(value[i]));
	}
}

#define HAS_CELLS(r, path, name, ...)                               \
	has_cells(r, path, name, (const uint32_t[]){ __VA_ARGS__ }, \
		  COUNT(((const uint32_t[]){ __VA_ARGS__ })))

#define HAS_TEXT(r, path, name, text) tree_has_bytes(r, path, name, text, sizeof(text))
#define HAS_FLAG(r, path, name) tree_has_bytes(r, path, name, "", 0)

static bool has(const struct tree_rig *r, const char *path, const char *name)
{
	return fdt_getprop(r->fdt, tree_node_at(r, path), name, NULL) != NULL;
}

static void the_tree_has_the_expected_nodes_and_no_others(void **state)
{
	static const char *const paths[] = {
		"/",
		"/chosen",
		"/memory@40000000",
		"/cpus",
		"/cpus/cpu@0",
		"/cpus/cpu@1",
		"/psci",
		"/hypervisor",
		"/intc@8000000",
		"/timer",
		"/apb-pclk",
		"/pl011@9000000",
		"/pl031@9010000",
		"/virtio_mmio@a000000",
		"/virtio_mmio@a000200",
		"/virtio_mmio@a000400",
		"/virtio_mmio@a003e00",
	};
	struct tree_rig r;
	size_t count = 0;

	tree_rig_make(&r, 2, 3);
	tree_rig_write(&r);
	for (int node = 0; node >= 0; node = fdt_next_node(r.fdt, node, NULL))
		count++;
	for (size_t i = 0; i < COUNT(paths); i++)
		tree_node_at(&r, paths[i]);
	assert_int_equal(count, COUNT(paths));
	assert_int_equal(fdt_num_mem_rsv(r.fdt), 0);
	tree_rig_free(&r);
}

static void the_tree_describes_the_devices_of_the_board(void **state)
{
	struct tree_rig r;

	tree_rig_make(&r, 2, 2);
	tree_rig_write(&r);
	HAS_TEXT(&r, "/", "compatible", "dormouse,virt");
	HAS_CELLS(&r, "/", "#address-cells", 2);
	HAS_CELLS(&r, "/", "#size-cells", 2);
	HAS_FLAG(&r, "/", "dma-coherent");
	HAS_TEXT(&r, "/memory@40000000", "device_type", "memory");
	HAS_CELLS(&r, "/memory@40000000", "reg", 0, 0x40000000, 1, 0x40000000);

	HAS_TEXT(&r, "/intc@8000000", "compatible", "arm,gic-v3");
	HAS_FLAG(&r, "/intc@8000000", "interrupt-controller");
	HAS_CELLS(&r, "/intc@8000000", "#interrupt-cells", 3);
	HAS_CELLS(&r, "/intc@8000000", "#redistributor-regions", 1);
	/* Two redistributors of two frames of 64 KiB each. */
	HAS_CELLS(&r, "/intc@8000000", "reg", 0, 0x08000000, 0, 0x10000, 0, 0x080a0000, 0, 0x40000);

	HAS_TEXT(&r, "/timer", "compatible", "arm,armv8-timer");
	HAS_FLAG(&r, "/timer", "always-on");
	HAS_CELLS(&r, "/timer", "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);

	HAS_TEXT(&r, "/pl011@9000000", "compatible", "arm,pl011\0arm,primecell");
	HAS_CELLS(&r, "/pl011@9000000", "reg", 0, 0x09000000, 0, 0x1000);
	HAS_CELLS(&r, "/pl011@9000000", "interrupts", 0, 1, 4);
	HAS_TEXT(&r, "/pl011@9000000", "clock-names", "uartclk\0apb_pclk");
	HAS_TEXT(&r, "/pl031@9010000", "compatible", "arm,pl031\0arm,primecell");
	HAS_CELLS(&r, "/pl031@9010000", "reg", 0, 0x09010000, 0, 0x1000);
	HAS_CELLS(&r, "/pl031@9010000", "interrupts", 0, 2, 4);
	HAS_TEXT(&r, "/pl031@9010000", "clock-names", "apb_pclk");
	HAS_TEXT(&r, "/apb-pclk", "compatible", "fixed-clock");
	HAS_CELLS(&r, "/apb-pclk", "clock-frequency", 24000000);
	HAS_CELLS(&r, "/apb-pclk", "#clock-cells", 0);
	tree_rig_free(&r);
}

static void each_disk_has_the_node_of_its_slot(void **state)
{
	struct tree_rig r;

	tree_rig_make(&r, 1, CONFIG_DISKS_MAX);
	tree_rig_write(&r);
	for (uint32_t i = 0; i < CONFIG_DISKS_MAX; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/virtio_mmio@%x", 0x0a000000 + i * 0x200);
		HAS_TEXT(&r, path, "compatible", "virtio,mmio");
		HAS_CELLS(&r, path, "reg", 0, 0x0a000000 + i * 0x200, 0, 0x200);
		HAS_CELLS(&r, path, "interrupts", 0, 16 + i, 1);
		HAS_FLAG(&r, path, "dma-coherent");
	}
	tree_rig_free(&r);
}

static void virtio_rng_has_the_node_of_the_last_slot(void **state)
{
	struct tree_rig r;

	tree_rig_make(&r, 1, 0);
	tree_rig_write(&r);
	HAS_TEXT(&r, "/virtio_mmio@a003e00", "compatible", "virtio,mmio");
	HAS_CELLS(&r, "/virtio_mmio@a003e00", "reg", 0, 0x0a003e00, 0, 0x200);
	HAS_CELLS(&r, "/virtio_mmio@a003e00", "interrupts", 0, 47, 1);
	tree_rig_free(&r);
}

static void each_cpu_has_psci_as_its_enable_method(void **state)
{
	struct tree_rig r;

	tree_rig_make(&r, CONFIG_CPUS_MAX, 0);
	r.mpidrs[CONFIG_CPUS_MAX - 1] = 0x1200000305; /* Aff3 too. */
	tree_rig_write(&r);
	HAS_CELLS(&r, "/cpus", "#address-cells", 2);
	HAS_CELLS(&r, "/cpus", "#size-cells", 0);
	for (unsigned int i = 0; i < CONFIG_CPUS_MAX; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/cpus/cpu@%llx", (unsigned long long)r.mpidrs[i]);
		HAS_TEXT(&r, path, "device_type", "cpu");
		HAS_TEXT(&r, path, "compatible", "arm,armv8");
		HAS_TEXT(&r, path, "enable-method", "psci");
		HAS_CELLS(&r, path, "reg", (uint32_t)(r.mpidrs[i] >> 32), (uint32_t)r.mpidrs[i]);
	}
	tree_rig_free(&r);
}

static void a_tree_without_idle_states_does_not_mention_them(void **state)
{
	struct tree_rig r;

	tree_rig_make(&r, 2, 0);
	tree_rig_write(&r);
	assert_false(has(&r, "/cpus/cpu@0", "cpu-idle-states"));
	assert_true(fdt_path_offset(r.fdt, "/cpus/idle-states") < 0);
	tree_rig_free(&r);
}

static void the_psci_node_names_what_its_version_is_compatible_with(void **state)
{
	static const uint32_t since_1_0[] = { PSCI_VERSION_1_0, PSCI_VERSION_1_1, PSCI_VERSION_1_2,
					      PSCI_VERSION_1_3 };
	struct tree_rig r;

	tree_rig_make(&r, 1, 0);
	for (size_t i = 0; i < COUNT(since_1_0); i++) {
		r.tree.psci_version = since_1_0[i];
		tree_rig_write(&r);
		HAS_TEXT(&r, "/psci", "compatible", "arm,psci-1.0\0arm,psci-0.2");
		HAS_TEXT(&r, "/psci", "method", "hvc");
	}
	r.tree.psci_version = PSCI_VERSION_0_2;
	tree_rig_write(&r);
	HAS_TEXT(&r, "/psci", "compatible", "arm,psci-0.2");
	HAS_TEXT(&r, "/psci", "method", "hvc");
	tree_rig_free(&r);
}

static uint32_t cell_of(const struct tree_rig *r, int node, const char *name)
{
	int length;
	const fdt32_t *value = fdt_getprop(r->fdt, node, name, &length);

	assert_non_null(value);
	assert_true(length >= (int)sizeof(*value));

	return fdt32_to_cpu(*value);
}

static void every_phandle_in_the_tree_has_its_node(void **state)
{
	struct tree_rig r;
	const char *console;

	tree_rig_make(&r, 1, 1);
	tree_rig_write(&r);
	assert_int_equal(fdt_node_offset_by_phandle(r.fdt, cell_of(&r, 0, "interrupt-parent")),
			 tree_node_at(&r, "/intc@8000000"));
	assert_int_equal(fdt_node_offset_by_phandle(
				 r.fdt, cell_of(&r, tree_node_at(&r, "/pl031@9010000"), "clocks")),
			 tree_node_at(&r, "/apb-pclk"));
	HAS_CELLS(&r, "/pl011@9000000", "clocks",
		  cell_of(&r, tree_node_at(&r, "/pl031@9010000"), "clocks"),
		  cell_of(&r, tree_node_at(&r, "/pl031@9010000"), "clocks"));
	console = fdt_getprop(r.fdt, tree_node_at(&r, "/chosen"), "stdout-path", NULL);
	assert_non_null(console);
	assert_int_equal(tree_node_at(&r, console), tree_node_at(&r, "/pl011@9000000"));
	tree_rig_free(&r);
}

struct range {
	uint64_t first;
	uint64_t size;
};

/* The ranges of all children of the root, into @ranges. Returns how many. */
static size_t collect_ranges(const struct tree_rig *r, struct range *ranges, size_t room)
{
	size_t count = 0;
	int node;

	fdt_for_each_subnode(node, r->fdt, 0)
	{
		int length;
		const fdt64_t *reg = fdt_getprop(r->fdt, node, "reg", &length);

		for (int i = 0; reg && i < length / 16; i++) {
			assert_true(count < room);
			ranges[count].first = fdt64_ld(&reg[2 * i]);
			ranges[count].size = fdt64_ld(&reg[2 * i + 1]);
			count++;
		}
	}

	return count;
}

static void no_two_address_ranges_of_the_tree_overlap(void **state)
{
	struct range ranges[64];
	struct tree_rig r;
	size_t count;

	tree_rig_make(&r, CONFIG_CPUS_MAX, CONFIG_DISKS_MAX);
	r.config.memory = CONFIG_MEMORY_MAX;
	tree_rig_write(&r);
	count = collect_ranges(&r, ranges, COUNT(ranges));
	assert_int_equal(count, 6 + CONFIG_DISKS_MAX);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++)
			assert_true(ranges[i].first >= ranges[j].first + ranges[j].size ||
				    ranges[j].first >= ranges[i].first + ranges[i].size);
	}
	tree_rig_free(&r);
}

static void the_tree_has_the_command_line_unchanged(void **state)
{
	struct tree_rig r;

	tree_rig_make(&r, 1, 0);
	tree_rig_write(&r);
	HAS_TEXT(&r, "/chosen", "bootargs", "console=ttyAMA0");
	r.config.append = (char[]){ "a=\"b c\" \xff\xfe" };
	tree_rig_write(&r);
	HAS_TEXT(&r, "/chosen", "bootargs", "a=\"b c\" \xff\xfe");
	/* For one boot, in front of the user's own. */
	r.tree.no_resume = true;
	tree_rig_write(&r);
	HAS_TEXT(&r, "/chosen", "bootargs", "noresume a=\"b c\" \xff\xfe");
	r.tree.no_resume = false;
	r.config.append = (char[]){ "" };
	tree_rig_write(&r);
	HAS_TEXT(&r, "/chosen", "bootargs", "");
	tree_rig_free(&r);
}

static void the_tree_says_where_the_initrd_is_if_there_is_one(void **state)
{
	struct tree_rig r;

	tree_rig_make(&r, 1, 0);
	tree_rig_write(&r);
	assert_false(has(&r, "/chosen", "linux,initrd-start"));
	assert_false(has(&r, "/chosen", "linux,initrd-end"));
	r.image.initrd_address = 0x4ffe00000;
	r.image.initrd_size = 0x123456789;
	tree_rig_write(&r);
	HAS_CELLS(&r, "/chosen", "linux,initrd-start", 4, 0xffe00000);
	HAS_CELLS(&r, "/chosen", "linux,initrd-end", 6, 0x23256789); /* The first byte after. */
	tree_rig_free(&r);
}

/* Blank the seeds, after checking that each has as many bytes. */
static void blank_seeds(const struct tree_rig *r, uint8_t kaslr[8], uint8_t rng[64])
{
	const int chosen = tree_node_at(r, "/chosen");
	int kaslr_size;
	int rng_size;
	void *kaslr_seed = fdt_getprop_w(r->memory.host, chosen, "kaslr-seed", &kaslr_size);
	void *rng_seed = fdt_getprop_w(r->memory.host, chosen, "rng-seed", &rng_size);

	assert_non_null(kaslr_seed);
	assert_non_null(rng_seed);
	assert_int_equal(kaslr_size, 8);
	assert_int_equal(rng_size, 64);
	memcpy(kaslr, kaslr_seed, 8);
	memcpy(rng, rng_seed, 64);
	memset(kaslr_seed, 0, 8);
	memset(rng_seed, 0, 64);
}

static void two_trees_of_one_machine_differ_only_in_their_seeds(void **state)
{
	static uint8_t first[IMAGE_DEVICE_TREE_SIZE];
	uint8_t kaslr[2][8];
	uint8_t rng[2][64];
	struct tree_rig r;
	uint32_t size;

	tree_rig_make(&r, 4, 2);
	tree_rig_write(&r);
	size = fdt_totalsize(r.fdt);
	assert_true(size <= sizeof(first));
	blank_seeds(&r, kaslr[0], rng[0]);
	memcpy(first, r.fdt, size);
	tree_rig_write(&r);
	assert_int_equal(fdt_totalsize(r.fdt), size);
	blank_seeds(&r, kaslr[1], rng[1]);
	assert_memory_equal(r.fdt, first, size);
	assert_memory_not_equal(kaslr[0], kaslr[1], 8);
	assert_memory_not_equal(rng[0], rng[1], 64);
	tree_rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_has_the_expected_nodes_and_no_others),
		cmocka_unit_test(the_tree_describes_the_devices_of_the_board),
		cmocka_unit_test(each_disk_has_the_node_of_its_slot),
		cmocka_unit_test(virtio_rng_has_the_node_of_the_last_slot),
		cmocka_unit_test(each_cpu_has_psci_as_its_enable_method),
		cmocka_unit_test(a_tree_without_idle_states_does_not_mention_them),
		cmocka_unit_test(the_psci_node_names_what_its_version_is_compatible_with),
		cmocka_unit_test(every_phandle_in_the_tree_has_its_node),
		cmocka_unit_test(no_two_address_ranges_of_the_tree_overlap),
		cmocka_unit_test(the_tree_has_the_command_line_unchanged),
		cmocka_unit_test(the_tree_says_where_the_initrd_is_if_there_is_one),
		cmocka_unit_test(two_trees_of_one_machine_differ_only_in_their_seeds),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
