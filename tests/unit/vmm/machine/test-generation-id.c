/* SPDX-License-Identifier: BSD-3-Clause */
/* A restored guest is told its generation ID if, and only if, it has another in its memory. */
#include "machine/generation-id.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "board/board.h"
#include "boot/efi.h"
#include "support/scratch.h"
#include "vmm/boot/tree-rig.h"
#include "vmm/devices/irq-probe.h"

#define MIB (1ULL << 20)

static const uint8_t saved_id[CONFIG_GENERATION_ID_SIZE] = "0123456789abcde";
static const uint8_t other_id[CONFIG_GENERATION_ID_SIZE] = "another than it";

/* The memory of a guest that was started with saved_id. */
struct guest {
	struct tree_rig rig;
	struct vm vm;
};

static void make(struct guest *guest)
{
	struct tree_rig *r = &guest->rig;
	static char kernel[] = "/boot/Image";
	struct error error = { "" };
	struct acpi_machine machine;
	struct efi efi;

	tree_rig_make(r, 1, 0);
	r->config.memory = 64 * MIB;
	r->config.kernel = kernel;
	r->config.acpi = true;
	r->image.config = &r->config;
	r->image.device_tree_address = MEMORY_BASE + 32 * MIB;
	machine = (struct acpi_machine){
		.mpidrs = r->mpidrs,
		.cpu_count = 1,
		.generation_id_address = efi_generation_id_address(&r->image),
		.hardware_signature = 1,
	};
	assert_int_equal(efi_write(&r->image, &machine, saved_id, &r->memory, &efi, &error), 0);
	memcpy(r->config.generation_id, saved_id, sizeof(saved_id));
	memset(&guest->vm, 0, sizeof(guest->vm));
	guest->vm.config = &r->config;
	guest->vm.name = "web";
	guest->vm.memory = r->memory;
	guest->vm.image = r->image;
	memset(&irq_probe, 0, sizeof(irq_probe));
}

static void assert_page(const struct guest *guest, const uint8_t id[CONFIG_GENERATION_ID_SIZE])
{
	assert_memory_equal(memory_at(&guest->rig.memory,
				      efi_generation_id_address(&guest->rig.image),
				      CONFIG_GENERATION_ID_SIZE),
			    id, CONFIG_GENERATION_ID_SIZE);
}

static void a_guest_that_has_its_generation_id_is_not_told(void **state)
{
	struct guest guest;

	make(&guest);
	generation_id_update(&guest.vm);
	assert_page(&guest, saved_id);
	assert_int_equal(irq_probe.changes, 0);
	tree_rig_free(&guest.rig);
}

static void a_guest_that_has_another_generation_id_is_told_by_an_edge(void **state)
{
	struct guest guest;

	make(&guest);
	memcpy(guest.rig.config.generation_id, other_id, sizeof(other_id));
	generation_id_update(&guest.vm);
	assert_page(&guest, other_id);
	assert_int_equal(irq_probe.changes, 2);
	assert_int_equal(irq_probe.spi, BOARD_GENERATION_ID_SPI);
	assert_false(irq_probe.level);
	/* It is told only of a change. */
	generation_id_update(&guest.vm);
	assert_int_equal(irq_probe.changes, 2);
	tree_rig_free(&guest.rig);
}

static void a_guest_without_acpi_is_told_no_generation_id(void **state)
{
	struct guest guest;

	make(&guest);
	guest.rig.config.acpi = false;
	memcpy(guest.rig.config.generation_id, other_id, sizeof(other_id));
	generation_id_update(&guest.vm);
	assert_page(&guest, saved_id);
	assert_int_equal(irq_probe.changes, 0);
	tree_rig_free(&guest.rig);
}

/* A kernel of another size, under the name of the guest's, has its tables elsewhere. */
static void memory_that_is_no_generation_id_is_not_written(void **state)
{
	struct guest guest;

	make(&guest);
	memcpy(guest.rig.config.generation_id, other_id, sizeof(other_id));
	guest.vm.image.device_tree_address += 2 * MIB;
	generation_id_update(&guest.vm);
	assert_page(&guest, saved_id);
	assert_null(efi_find_generation_id(&guest.vm.image, &guest.vm.memory));
	guest.vm.image.device_tree_address = MEMORY_BASE + 64 * MIB;
	generation_id_update(&guest.vm);
	assert_null(efi_find_generation_id(&guest.vm.image, &guest.vm.memory));
	assert_int_equal(irq_probe.changes, 0);
	tree_rig_free(&guest.rig);
}

static void two_generation_ids_are_never_equal(void **state)
{
	struct config a = { 0 };
	struct config b = { 0 };
	struct error error;

	assert_int_equal(generation_id_make(&a, &error), 0);
	assert_int_equal(generation_id_make(&b, &error), 0);
	assert_memory_not_equal(a.generation_id, b.generation_id, sizeof(a.generation_id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_that_has_its_generation_id_is_not_told),
		cmocka_unit_test(a_guest_that_has_another_generation_id_is_told_by_an_edge),
		cmocka_unit_test(a_guest_without_acpi_is_told_no_generation_id),
		cmocka_unit_test(memory_that_is_no_generation_id_is_not_written),
		cmocka_unit_test(two_generation_ids_are_never_equal),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
