/* SPDX-License-Identifier: BSD-3-Clause */
/* What is read of a machine's environment, and what of it KVM lets us make as it was. */
#include "rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kvm.h>

#include <cmocka.h>

#include "machine/environment-read.h"
#include "machine/environment-write.h"
#include "machine/vcpu.h"

#define CPUS 2

/* Those of each vCPU of this host: what KVM lets be changed, and one that it does not. */
enum { PFR0, ISAR0, MIDR, BMAP, PSCI, MPIDR, REGISTERS };

static const uint64_t ids[REGISTERS] = {
	[PFR0] = ARM64_SYS_REG(3, 0, 0, 4, 0), [ISAR0] = ARM64_SYS_REG(3, 0, 0, 6, 0),
	[MIDR] = ARM64_SYS_REG(3, 0, 0, 0, 0), [BMAP] = KVM_REG_ARM_STD_BMAP,
	[PSCI] = KVM_REG_ARM_PSCI_VERSION,     [MPIDR] = ARM64_SYS_REG(3, 0, 0, 0, 5),
};

static uint64_t values[CPUS][REGISTERS];
static unsigned int writes;

static uint64_t *find(int fd, uint64_t id, const struct vm *vm)
{
	for (size_t cpu = 0; cpu < vm->vcpu_count; cpu++)
		for (size_t i = 0; i < REGISTERS && vm->vcpus[cpu].fd == fd; i++)
			if (ids[i] == id)
				return &values[cpu][i];

	return NULL;
}

static const struct vm *machine;

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	const struct kvm_one_reg *reg = argument;
	struct kvm_reg_list *list = argument;
	uint64_t *value;

	*ret = 0;
	if (request == KVM_GET_REG_LIST) {
		*ret = list->n < REGISTERS ? -1 : 0;
		errno = E2BIG;
		if (*ret == 0)
			memcpy(list->reg, ids, sizeof(ids));
		list->n = REGISTERS;

		return true;
	}
	if (request != KVM_GET_ONE_REG && request != KVM_SET_ONE_REG)
		return false;
	value = find(fd, reg->id, machine);
	if (!value)
		return false;
	/* NOLINTBEGIN(performance-no-int-to-ptr): KVM's interface passes it as a number. */
	if (request == KVM_GET_ONE_REG) {
		memcpy((void *)(uintptr_t)reg->addr, value, sizeof(*value));
	} else if (value == &values[0][MIDR] || value == &values[1][MIDR]) {
		errno = EINVAL;
		*ret = -1;
	} else {
		memcpy(value, (void *)(uintptr_t)reg->addr, sizeof(*value));
		writes++;
	}
	/* NOLINTEND(performance-no-int-to-ptr) */

	return true;
}

/* A host whose CPUs have these. */
static void begin(struct rig *rig, uint64_t pfr0, uint64_t isar0, uint64_t midr, uint64_t bmap)
{
	rig_create(rig, CPUS);
	machine = &rig->vm;
	fake_kvm_answer = answer;
	writes = 0;
	for (size_t cpu = 0; cpu < CPUS; cpu++) {
		const uint64_t all[REGISTERS] = { pfr0, isar0, midr, bmap, 0x10003, cpu };

		memcpy(values[cpu], all, sizeof(all));
	}
}

static struct environment read_all(const struct rig *rig)
{
	struct environment environment = { 0 };
	struct error error = { "" };

	if (environment_read(&environment, &rig->vm, &error) != 0 ||
	    environment_read_left_behind(&environment, &rig->vm, &error) != 0)
		fail_msg("%s", error.text);

	return environment;
}

static void every_line_of_a_machine_is_read(void **state)
{
	struct environment environment;
	struct rig rig;

	begin(&rig, 0x11, 0, 0x414fd0b1, 0x7);
	environment = read_all(&rig);
	for (enum environment_line i = 0; i < ENVIRONMENT_LINES; i++) {
		/* Those of a firmware, which it does not have: test-flash-chip.c. */
		if (i == ENVIRONMENT_VARIABLES)
			continue;
		assert_non_null(environment.values[i]);
		assert_true(environment_is_valid(i, environment.values[i]));
	}
	assert_string_equal(environment.values[ENVIRONMENT_CPUS], "2");
	assert_string_equal(environment.values[ENVIRONMENT_MEMORY], "128");
	assert_string_equal(environment.values[ENVIRONMENT_MPIDRS], "0 0x1");
	assert_string_equal(environment.values[ENVIRONMENT_COUNTER_FREQUENCY], "62500000");
	assert_string_equal(environment.values[ENVIRONMENT_PSCI], "1.3 from --psci userspace");
	/* Neither the version of PSCI nor what is each CPU's own; and 0 is nothing. */
	assert_string_equal(environment.values[ENVIRONMENT_ID_REGISTERS],
			    "ID_AA64PFR0_EL1=0x11\nMIDR_EL1=0x414fd0b1\n");
	assert_string_equal(environment.values[ENVIRONMENT_SMCCC], "STD_BMAP=0x7\n");
	assert_non_null(strstr(environment.values[ENVIRONMENT_DEVICES], "0x9000000=pl011\n"));
	assert_string_equal(environment.values[ENVIRONMENT_DISKS], "");
	assert_null(environment.values[ENVIRONMENT_VARIABLES]);
	environment_free(&environment);
	rig_destroy(&rig);
}

/* The line of a machine whose network device has a MAC that ends with @last. The caller frees it. */
static char *devices_with(uint8_t last)
{
	const uint8_t mac[MAC_SIZE] = { 0x52, 0x54, 0, 0, 0, last };
	struct environment environment = { 0 };
	struct error error = { "" };
	struct rig rig;
	char *line;

	rig_create_network(&rig, CPUS, "/tmp/dormouse-no-such-socket", mac);
	machine = &rig.vm;
	fake_kvm_answer = answer;
	if (environment_read(&environment, &rig.vm, &error) != 0)
		fail_msg("%s", error.text);
	line = strdup(environment.values[ENVIRONMENT_DEVICES]);
	environment_free(&environment);
	rig_destroy(&rig);

	return line;
}

/* A driver that resumes keeps the one that it read before. */
static void the_mac_of_a_network_is_part_of_it(void **state)
{
	char *one = devices_with(1);
	char *other = devices_with(2);

	assert_non_null(strstr(one, "=virtio-net with MAC 52:54:00:00:00:01 and features 0x"));
	assert_string_not_equal(one, other);
	free(other);
	free(one);
}

/* A guest comes to a newer host, whose CPUs and KVM offer more. */
static void registers_are_written_back(void **state)
{
	struct environment before, after;
	struct error phrases;
	struct rig rig;

	begin(&rig, 0x11, 0, 0x414fd0b1, 0x3);
	before = read_all(&rig);
	rig_destroy(&rig);
	begin(&rig, 0x22, 0x5, 0x414fd0b1, 0x7);
	after = read_all(&rig);
	assert_int_equal(environment_compare(&before, &after, &phrases), 2);
	environment_free(&after);
	environment_write(&rig.vm, &before);
	for (size_t cpu = 0; cpu < CPUS; cpu++) {
		assert_int_equal(values[cpu][PFR0], 0x11);
		assert_int_equal(values[cpu][ISAR0], 0);
		assert_int_equal(values[cpu][BMAP], 0x3);
		assert_int_equal(values[cpu][PSCI], 0x10003);
		assert_int_equal(values[cpu][MPIDR], cpu);
	}
	after = read_all(&rig);
	assert_int_equal(environment_compare(&before, &after, &phrases), 0);
	/* Where nothing differs, nothing is written. */
	writes = 0;
	environment_write(&rig.vm, &before);
	assert_int_equal(writes, 0);
	environment_free(&before);
	environment_free(&after);
	rig_destroy(&rig);
}

static void a_register_that_kvm_does_not_let_be_written_is_a_difference(void **state)
{
	struct environment before, after;
	struct error phrases;
	struct rig rig;

	begin(&rig, 0x11, 0, 0x414fd0b1, 0x3);
	before = read_all(&rig);
	rig_destroy(&rig);
	begin(&rig, 0x22, 0, 0x410fd083, 0x3);
	environment_write(&rig.vm, &before);
	after = read_all(&rig);
	assert_int_equal(environment_compare(&before, &after, &phrases), 1);
	assert_string_equal(phrases.text, "CPUs whose MIDR_EL1 is 0x414fd0b1, not 0x410fd083");
	environment_free(&before);
	environment_free(&after);
	rig_destroy(&rig);
}

/* An earlier dormouse has recorded no registers. */
static void registers_that_are_not_known_are_left(void **state)
{
	const struct environment nothing = { { NULL } };
	struct rig rig;

	begin(&rig, 0x11, 0x5, 0x414fd0b1, 0x3);
	environment_write(&rig.vm, &nothing);
	assert_int_equal(writes, 0);
	rig_destroy(&rig);
}

/* It gets them with all its others. */
static void a_vcpu_that_is_restored_is_left(void **state)
{
	struct environment before;
	struct rig rig;

	begin(&rig, 0x11, 0, 0x414fd0b1, 0x3);
	before = read_all(&rig);
	rig_destroy(&rig);
	begin(&rig, 0x22, 0, 0x414fd0b1, 0x3);
	rig.vm.restored_vcpu = 1;
	environment_write(&rig.vm, &before);
	assert_int_equal(values[0][PFR0], 0x11);
	assert_int_equal(values[1][PFR0], 0x22);
	rig.vm.restored_vcpu = CAUSE_VCPU_NONE;
	environment_write(&rig.vm, &before);
	assert_int_equal(values[1][PFR0], 0x11);
	environment_free(&before);
	rig_destroy(&rig);
}

/* Each power cycle is a new VM of KVM's. */
static void a_reset_writes_the_registers_back(void **state)
{
	struct environment before;
	struct error error;
	struct rig rig;

	begin(&rig, 0x11, 0, 0x414fd0b1, 0x3);
	before = read_all(&rig);
	rig.vm.environment = &before;
	values[0][BMAP] = values[1][BMAP] = 0x7;
	vm_end(&rig.vm);
	assert_int_equal(vm_boot(&rig.vm, &error), 0);
	assert_int_equal(values[0][BMAP], 0x3);
	assert_int_equal(values[1][BMAP], 0x3);
	environment_free(&before);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_of_a_machine_is_read),
		cmocka_unit_test(the_mac_of_a_network_is_part_of_it),
		cmocka_unit_test(registers_are_written_back),
		cmocka_unit_test(a_register_that_kvm_does_not_let_be_written_is_a_difference),
		cmocka_unit_test(registers_that_are_not_known_are_left),
		cmocka_unit_test(a_vcpu_that_is_restored_is_left),
		cmocka_unit_test(a_reset_writes_the_registers_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
