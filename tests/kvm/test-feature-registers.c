/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of the CPU's features where a vCPU is reset without INIT, and in a saved
 * file: on a KVM where a pair of the PMU's registers replaces its state, and on one where
 * one sets and the other clears.
 */
#include "feature-host.h"
#include "rig.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "kvm/pmu-registers.h"
#include "kvm/vcpu.h"
#include "machine/vcpu.h"
#include "save/vcpu-state.h"

#define ENABLED 0x80000001

static const uint64_t pairs[][2] = {
	{ HOST_PMCNTENSET, HOST_PMCNTENCLR },
	{ HOST_PMINTENSET, HOST_PMINTENCLR },
	{ HOST_PMOVSSET, HOST_PMOVSCLR },
};

static void make(struct rig *rig, bool pairs_set_and_clear)
{
	feature_host_make();
	feature_host.pairs_set_and_clear = pairs_set_and_clear;
	rig_create(rig, 1);
	assert_true(feature_host_vectors_are_zero());
}

/* --- a reset --- */

static void resets_all(bool pairs_set_and_clear)
{
	uint64_t before[3], key;
	struct reset_state reset;
	struct rig rig;

	make(&rig, pairs_set_and_clear);
	reset_state_create(&reset);
	assert_int_equal(reset_state_restore(&reset, rig.vm.vcpus[0].fd), -ENOENT);
	reset_state_capture(&reset, rig.vm.vcpus[0].fd);
	key = feature_host_value(HOST_APIAKEYLO);
	for (size_t i = 0; i < 3; i++)
		before[i] = feature_host_value(pairs[i][0]);
	feature_host_fill(0x55);
	assert_false(feature_host_vectors_are_zero());
	assert_int_equal(reset_state_restore(&reset, rig.vm.vcpus[0].fd), 0);
	assert_true(feature_host_vectors_are_zero());
	assert_int_equal(feature_host_value(HOST_ZCR), 0);
	assert_true(feature_host_value(HOST_APIAKEYLO) == key);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(feature_host_value(pairs[i][0]), before[i]);
	/* What is UNKNOWN after a reset costs no calls. */
	assert_true(feature_host_value(HOST_PMEVCNTR(0)) == 0x5555555555555555);
	reset_state_destroy(&reset);
	rig_destroy(&rig);
}

static void a_reset_restores_what_init_left(void **state)
{
	resets_all(false);
}

static void a_reset_restores_it_where_pairs_set_and_clear(void **state)
{
	resets_all(true);
}

/* KVM alone can stop what it has begun for such a counter. */
static void a_vcpu_whose_counters_count_needs_init(void **state)
{
	const uint64_t pmcr = HOST_COUNTERS << 11;
	struct reset_state reset;
	struct rig rig;
	int fd;

	make(&rig, false);
	fd = rig.vm.vcpus[0].fd;
	reset_state_create(&reset);
	reset_state_capture(&reset, fd);
	feature_host_set(HOST_PMCR, pmcr | PMCR_EL0_E);
	feature_host_set(HOST_PMCNTENSET, ENABLED);
	assert_int_equal(reset_state_restore(&reset, fd), -EBUSY);
	feature_host_set(HOST_PMCNTENSET, 0);
	assert_int_equal(reset_state_restore(&reset, fd), 0);
	feature_host_set(HOST_PMCNTENSET, ENABLED);
	assert_int_equal(reset_state_restore(&reset, fd), 0);
	reset_state_destroy(&reset);
	rig_destroy(&rig);
}

static void init_after_a_start_requests_the_same_features(void **state)
{
	unsigned int features;
	struct rig rig;

	make(&rig, false);
	features = feature_host.features;
	feature_host_set(HOST_PMCR, HOST_COUNTERS << 11 | PMCR_EL0_E);
	feature_host_set(HOST_PMCNTENSET, ENABLED);
	feature_host.inits = 0;
	feature_host.features = 0;
	rig.vm.vcpus[0].fresh = false;
	assert_int_equal(vcpu_reset(&rig.vm.vcpus[0], MEMORY_BASE, 0, false), 0);
	assert_int_equal(feature_host.inits, 1);
	assert_int_equal(feature_host.features, features);
	rig_destroy(&rig);
}

/* --- a saved file --- */

static void serialize(struct rig *rig, struct stream *stream)
{
	struct error error = { "" };

	if (vcpu_state_serialize(&rig->vm.vcpus[0], stream, 0, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
}

static void saves_and_restores(bool pairs_set_and_clear)
{
	static const uint64_t ids[] = {
		HOST_PMCNTENSET,
		HOST_PMINTENSET,
		HOST_PMOVSSET,
		HOST_PMEVCNTR(0),
		HOST_APIAKEYLO,
		HOST_ZCR,
		KVM_REG_ARM64_SVE_ZREG(31, 0),
		KVM_REG_ARM64_SVE_PREG(15, 0),
		KVM_REG_ARM64_SVE_FFR(0),
	};
	const int fd = memfd_create("saved", MFD_CLOEXEC);
	struct stream *stream;
	struct error error;
	struct rig rig;

	make(&rig, pairs_set_and_clear);
	feature_host_fill(0x55);
	for (size_t i = 0; i < 3; i++)
		feature_host_set(pairs[i][0], ENABLED);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	serialize(&rig, stream);
	vm_end(&rig.vm);
	assert_int_equal(vm_begin(&rig.vm, &error), 0);
	assert_true(feature_host_vectors_are_zero());
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	stream_set_format(stream, 2);
	serialize(&rig, stream);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		assert_true(feature_host_value(ids[i]) == (i < 3 ? ENABLED : 0x5555555555555555));
	close(fd);
	rig_destroy(&rig);
}

static void a_saved_file_has_the_registers_of_all_features(void **state)
{
	saves_and_restores(false);
}

static void a_saved_file_restores_pairs_that_set_and_clear(void **state)
{
	saves_and_restores(true);
}

/* KVM lists 31, whatever the guest has. */
static void counters_that_the_guest_lacks_are_not_saved(void **state)
{
	const int fd = memfd_create("saved", MFD_CLOEXEC);
	struct stream *stream;
	struct error error;
	struct rig rig;

	make(&rig, false);
	feature_host_fill(0x55);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	serialize(&rig, stream);
	vm_end(&rig.vm);
	assert_int_equal(vm_begin(&rig.vm, &error), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	serialize(&rig, stream);
	for (unsigned int i = 0; i < 31; i++)
		assert_true(feature_host_value(HOST_PMEVCNTR(i)) ==
			    (i < HOST_COUNTERS ? 0x5555555555555555 : 0));
	close(fd);
	rig_destroy(&rig);
}

/* Of vectors that are zero in the file; and of a KVM that has left them otherwise. */
static void restore_zeroes(bool fresh)
{
	const int fd = memfd_create("saved", MFD_CLOEXEC);
	struct stream *stream;
	struct error error;
	struct rig rig;

	make(&rig, false);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	serialize(&rig, stream);
	vm_end(&rig.vm);
	assert_int_equal(vm_begin(&rig.vm, &error), 0);
	assert_true(rig.vm.vcpus[0].fresh);
	feature_host_fill(0x55);
	rig.vm.vcpus[0].fresh = fresh;
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	serialize(&rig, stream);
	assert_true(feature_host_vectors_are_zero() == !fresh);
	assert_true((feature_host_value(KVM_REGISTER_CORE(U32, fp_regs.fpsr)) == 0) == !fresh);
	/* INIT sets no other register to zero that a guest could have left so. */
	assert_int_equal(feature_host_value(HOST_ZCR), 0);
	assert_false(rig.vm.vcpus[0].fresh);
	close(fd);
	rig_destroy(&rig);
}

static void registers_that_init_has_zeroed_cost_no_calls(void **state)
{
	restore_zeroes(true);
}

static void registers_that_have_changed_since_init_are_zeroed(void **state)
{
	restore_zeroes(false);
}

static void vectors_that_the_host_lacks_are_refused(void **state)
{
	const int fd = memfd_create("saved", MFD_CLOEXEC);
	struct error error = { "" };
	struct stream *stream;
	struct rig rig;

	make(&rig, false);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	serialize(&rig, stream);
	feature_host.has_sve = false;
	vm_end(&rig.vm);
	assert_int_equal(vm_begin(&rig.vm, &error), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	stream_set_format(stream, 2);
	assert_int_equal(vcpu_state_serialize(&rig.vm.vcpus[0], stream, 0, &error), -ENOTSUP);
	assert_non_null(strstr(error.text, "cannot restore register 0x606000000015ffff"));
	stream_close(stream);
	close(fd);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reset_restores_what_init_left),
		cmocka_unit_test(a_reset_restores_it_where_pairs_set_and_clear),
		cmocka_unit_test(a_vcpu_whose_counters_count_needs_init),
		cmocka_unit_test(init_after_a_start_requests_the_same_features),
		cmocka_unit_test(a_saved_file_has_the_registers_of_all_features),
		cmocka_unit_test(a_saved_file_restores_pairs_that_set_and_clear),
		cmocka_unit_test(counters_that_the_guest_lacks_are_not_saved),
		cmocka_unit_test(registers_that_init_has_zeroed_cost_no_calls),
		cmocka_unit_test(registers_that_have_changed_since_init_are_zeroed),
		cmocka_unit_test(vectors_that_the_host_lacks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
