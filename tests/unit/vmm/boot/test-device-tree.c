/* SPDX-License-Identifier: BSD-3-Clause */
/* The device tree, read by libfdt, against the addresses of QEMU's `virt` machine. */
#include "boot/device-tree.h"

#include <psci/abi.h>

#include <errno.h>
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/board.h"
#include "support/scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RAM_SIZE (64ULL << 20)

/* Everything that a tree is made from, and what was made. */
struct rig {
	struct config config;
	struct image image;
	uint64_t mpidrs[CONFIG_CPUS_MAX];
	struct device_tree tree;
	struct memory memory;
	const void *fdt;
	struct board *board; /**< Once the tree is written. */
};

/* As KVM numbers them: 16 to a cluster. */
static void rig_make(struct rig *r, unsigned int cpu_count, size_t disk_count)
{
	static char append[] = "console=ttyAMA0";

	*r = (struct rig){
		.config = { .append = append,
			    .cpus = cpu_count,
			    .memory = 5ULL << 30,
			    .disk_count = disk_count },
		.image.device_tree_address = MEMORY_BASE,
		.tree.psci_version = PSCI_VERSION_1_3,
	};
	for (unsigned int i = 0; i < cpu_count; i++)
		r->mpidrs[i] = (i & 0xf) | (uint64_t)(i >> 4) << 8;
	assert_int_equal(memory_create(&r->memory, RAM_SIZE), 0);
	/* What was there before must not show. */
	memset(r->memory.host, 0xff, 1 << 20);
	r->fdt = r->memory.host;
}

static int rig_try(struct rig *r, struct error *error)
{
	static struct board board;

	r->tree.config = &r->config;
	r->tree.image = &r->image;
	r->tree.mpidrs = r->mpidrs;
	if (!r->board) {
		r->board = &board;
		board_create(r->board, &r->config);
	}
	r->tree.devices = r->board->devices.all;
	r->tree.device_count = r->board->devices.count;

	return device_tree_write(&r->tree, &r->memory, error);
}

static void rig_write(struct rig *r)
{
	struct error error = { "" };

	if (rig_try(r, &error) != 0)
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "");
	assert_int_equal(fdt_check_full(r->fdt, IMAGE_DEVICE_TREE_SIZE), 0);
}

static void rig_free(struct rig *r)
{
	if (r->board)
		board_destroy(r->board);
	memory_destroy(&r->memory);
}

static int node_at(const struct rig *r, const char *path)
{
	const int node = fdt_path_offset(r->fdt, path);

	if (node < 0)
		fail_msg("%s: %s", path, fdt_strerror(node));

	return node;
}

/* Expect a property of just these 32-bit cells. */
static void has_cells(const struct rig *r, const char *path, const char *name,
		      const uint32_t *cells, size_t count)
{
	int length;
	const fdt32_t *value = fdt_getprop(r->fdt, node_at(r, path), name, &length);

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

/* Expect a property of just these bytes; a string's NUL, and those within, count. */
static void has_bytes(const struct rig *r, const char *path, const char *name, const char *bytes,
		      size_t size)
{
	int length;
	const void *value = fdt_getprop(r->fdt, node_at(r, path), name, &length);

	if (!value || length != (int)size || memcmp(value, bytes, size) != 0)
		fail_msg("%s: %s is another", path, name);
}

#define HAS_TEXT(r, path, name, text) has_bytes(r, path, name, text, sizeof(text))
#define HAS_FLAG(r, path, name) has_bytes(r, path, name, "", 0)

static bool has(const struct rig *r, const char *path, const char *name)
{
	return fdt_getprop(r->fdt, node_at(r, path), name, NULL) != NULL;
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
	struct rig r;
	size_t count = 0;

	rig_make(&r, 2, 3);
	rig_write(&r);
	for (int node = 0; node >= 0; node = fdt_next_node(r.fdt, node, NULL))
		count++;
	for (size_t i = 0; i < COUNT(paths); i++)
		node_at(&r, paths[i]);
	assert_int_equal(count, COUNT(paths));
	assert_int_equal(fdt_num_mem_rsv(r.fdt), 0);
	rig_free(&r);
}

static void the_tree_describes_the_devices_of_the_board(void **state)
{
	struct rig r;

	rig_make(&r, 2, 2);
	rig_write(&r);
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
	rig_free(&r);
}

static void each_disk_has_the_node_of_its_slot(void **state)
{
	struct rig r;

	rig_make(&r, 1, CONFIG_DISKS_MAX);
	rig_write(&r);
	for (uint32_t i = 0; i < CONFIG_DISKS_MAX; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/virtio_mmio@%x", 0x0a000000 + i * 0x200);
		HAS_TEXT(&r, path, "compatible", "virtio,mmio");
		HAS_CELLS(&r, path, "reg", 0, 0x0a000000 + i * 0x200, 0, 0x200);
		HAS_CELLS(&r, path, "interrupts", 0, 16 + i, 1);
		HAS_FLAG(&r, path, "dma-coherent");
	}
	rig_free(&r);
}

static void virtio_rng_has_the_node_of_the_last_slot(void **state)
{
	struct rig r;

	rig_make(&r, 1, 0);
	rig_write(&r);
	HAS_TEXT(&r, "/virtio_mmio@a003e00", "compatible", "virtio,mmio");
	HAS_CELLS(&r, "/virtio_mmio@a003e00", "reg", 0, 0x0a003e00, 0, 0x200);
	HAS_CELLS(&r, "/virtio_mmio@a003e00", "interrupts", 0, 47, 1);
	rig_free(&r);
}

static void each_cpu_has_psci_as_its_enable_method(void **state)
{
	struct rig r;

	rig_make(&r, CONFIG_CPUS_MAX, 0);
	r.mpidrs[CONFIG_CPUS_MAX - 1] = 0x1200000305; /* Aff3 too. */
	rig_write(&r);
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
	rig_free(&r);
}

static void a_tree_without_idle_states_does_not_mention_them(void **state)
{
	struct rig r;

	rig_make(&r, 2, 0);
	rig_write(&r);
	assert_false(has(&r, "/cpus/cpu@0", "cpu-idle-states"));
	assert_true(fdt_path_offset(r.fdt, "/cpus/idle-states") < 0);
	rig_free(&r);
}

static void the_psci_node_names_what_its_version_is_compatible_with(void **state)
{
	static const uint32_t since_1_0[] = { PSCI_VERSION_1_0, PSCI_VERSION_1_1, PSCI_VERSION_1_2,
					      PSCI_VERSION_1_3 };
	struct rig r;

	rig_make(&r, 1, 0);
	for (size_t i = 0; i < COUNT(since_1_0); i++) {
		r.tree.psci_version = since_1_0[i];
		rig_write(&r);
		HAS_TEXT(&r, "/psci", "compatible", "arm,psci-1.0\0arm,psci-0.2");
		HAS_TEXT(&r, "/psci", "method", "hvc");
	}
	r.tree.psci_version = PSCI_VERSION_0_2;
	rig_write(&r);
	HAS_TEXT(&r, "/psci", "compatible", "arm,psci-0.2");
	HAS_TEXT(&r, "/psci", "method", "hvc");
	rig_free(&r);
}

static uint32_t cell_of(const struct rig *r, int node, const char *name)
{
	int length;
	const fdt32_t *value = fdt_getprop(r->fdt, node, name, &length);

	assert_non_null(value);
	assert_true(length >= (int)sizeof(*value));

	return fdt32_to_cpu(*value);
}

static void every_phandle_in_the_tree_has_its_node(void **state)
{
	struct rig r;
	const char *console;

	rig_make(&r, 1, 1);
	rig_write(&r);
	assert_int_equal(fdt_node_offset_by_phandle(r.fdt, cell_of(&r, 0, "interrupt-parent")),
			 node_at(&r, "/intc@8000000"));
	assert_int_equal(fdt_node_offset_by_phandle(
				 r.fdt, cell_of(&r, node_at(&r, "/pl031@9010000"), "clocks")),
			 node_at(&r, "/apb-pclk"));
	HAS_CELLS(&r, "/pl011@9000000", "clocks",
		  cell_of(&r, node_at(&r, "/pl031@9010000"), "clocks"),
		  cell_of(&r, node_at(&r, "/pl031@9010000"), "clocks"));
	console = fdt_getprop(r.fdt, node_at(&r, "/chosen"), "stdout-path", NULL);
	assert_non_null(console);
	assert_int_equal(node_at(&r, console), node_at(&r, "/pl011@9000000"));
	rig_free(&r);
}

struct range {
	uint64_t first;
	uint64_t size;
};

/* The ranges of all children of the root, into @ranges. Returns how many. */
static size_t collect_ranges(const struct rig *r, struct range *ranges, size_t room)
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
	struct rig r;
	size_t count;

	rig_make(&r, CONFIG_CPUS_MAX, CONFIG_DISKS_MAX);
	r.config.memory = CONFIG_MEMORY_MAX;
	rig_write(&r);
	count = collect_ranges(&r, ranges, COUNT(ranges));
	assert_int_equal(count, 6 + CONFIG_DISKS_MAX);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++)
			assert_true(ranges[i].first >= ranges[j].first + ranges[j].size ||
				    ranges[j].first >= ranges[i].first + ranges[i].size);
	}
	rig_free(&r);
}

static void the_tree_has_the_command_line_unchanged(void **state)
{
	struct rig r;

	rig_make(&r, 1, 0);
	rig_write(&r);
	HAS_TEXT(&r, "/chosen", "bootargs", "console=ttyAMA0");
	r.config.append = (char[]){ "a=\"b c\" \xff\xfe" };
	rig_write(&r);
	HAS_TEXT(&r, "/chosen", "bootargs", "a=\"b c\" \xff\xfe");
	r.config.append = (char[]){ "" };
	rig_write(&r);
	HAS_TEXT(&r, "/chosen", "bootargs", "");
	rig_free(&r);
}

static void the_tree_says_where_the_initrd_is_if_there_is_one(void **state)
{
	struct rig r;

	rig_make(&r, 1, 0);
	rig_write(&r);
	assert_false(has(&r, "/chosen", "linux,initrd-start"));
	assert_false(has(&r, "/chosen", "linux,initrd-end"));
	r.image.initrd_address = 0x4ffe00000;
	r.image.initrd_size = 0x123456789;
	rig_write(&r);
	HAS_CELLS(&r, "/chosen", "linux,initrd-start", 4, 0xffe00000);
	HAS_CELLS(&r, "/chosen", "linux,initrd-end", 6, 0x23256789); /* The first byte after. */
	rig_free(&r);
}

/* Blank the seeds, having seen that there are as many bytes of them. */
static void blank_seeds(const struct rig *r, uint8_t kaslr[8], uint8_t rng[64])
{
	const int chosen = node_at(r, "/chosen");
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
	struct rig r;
	uint32_t size;

	rig_make(&r, 4, 2);
	rig_write(&r);
	size = fdt_totalsize(r.fdt);
	assert_true(size <= sizeof(first));
	blank_seeds(&r, kaslr[0], rng[0]);
	memcpy(first, r.fdt, size);
	rig_write(&r);
	assert_int_equal(fdt_totalsize(r.fdt), size);
	blank_seeds(&r, kaslr[1], rng[1]);
	assert_memory_equal(r.fdt, first, size);
	assert_memory_not_equal(kaslr[0], kaslr[1], 8);
	assert_memory_not_equal(rng[0], rng[1], 64);
	rig_free(&r);
}

/* With the longest command line that Linux on arm64 takes. */
static void the_tree_of_the_largest_machine_fits(void **state)
{
	char append[2048];
	struct rig r;

	memset(append, 'a', sizeof(append) - 1);
	append[sizeof(append) - 1] = '\0';
	rig_make(&r, CONFIG_CPUS_MAX, CONFIG_DISKS_MAX);
	r.config.append = append;
	r.image.initrd_size = 1;
	r.config.idle_states = true;
	rig_write(&r);
	has_bytes(&r, "/chosen", "bootargs", append, sizeof(append));
	rig_free(&r);
}

static void a_command_line_that_does_not_fit_is_refused(void **state)
{
	static char append[IMAGE_DEVICE_TREE_SIZE];
	struct error error = { "" };
	struct rig r;

	memset(append, 'a', sizeof(append) - 1);
	rig_make(&r, 1, 0);
	r.config.append = append;
	assert_int_equal(rig_try(&r, &error), -E2BIG);
	assert_string_equal(error.text, "the kernel's command line is too long");
	/* Not a byte beyond its place was touched. */
	for (size_t i = IMAGE_DEVICE_TREE_SIZE; i < 1 << 20; i++)
		assert_int_equal(r.memory.host[i], 0xff);
	rig_free(&r);
}

static void memory_without_room_for_the_tree_is_refused(void **state)
{
	struct error error = { "" };
	struct rig r;

	rig_make(&r, 1, 0);
	rig_free(&r);
	assert_int_equal(memory_create(&r.memory, 4096), 0);
	assert_int_equal(rig_try(&r, &error), -ENOSPC);
	assert_string_equal(error.text, "the device tree does not fit in memory");
	rig_free(&r);
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
		cmocka_unit_test(the_tree_of_the_largest_machine_fits),
		cmocka_unit_test(a_command_line_that_does_not_fit_is_refused),
		cmocka_unit_test(memory_without_room_for_the_tree_is_refused),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
