/* SPDX-License-Identifier: BSD-3-Clause */
#include "psci-fixture.h"

#include <string.h>

static void fixture_kick(void *ctx, void *vctx)
{
	const struct fixture *f = ctx;
	struct fixture_thread *thread = vctx;

	assert_false(f->locked);
	assert_ptr_equal(thread->fixture, f);
	thread->kicks++;
}

static bool fixture_entry_ok(void *ctx, uint64_t ipa)
{
	struct fixture *f = ctx;

	assert_true(f->locked);
	f->asked_entry = ipa;
	f->asked_count++;

	return ipa != f->refused_entry;
}

static void fixture_lock(void *ctx)
{
	struct fixture *f = ctx;

	assert_false(f->locked);
	f->locked = true;
	f->lock_count++;
}

static void fixture_unlock(void *ctx)
{
	struct fixture *f = ctx;

	assert_true(f->locked);
	f->locked = false;
}

void fixture_configure(struct fixture *f, uint32_t version)
{
	/* What the library does not write must not look as if it had written it. */
	memset(f, 0xa5, sizeof(*f));
	memcpy(f->mpidrs, (uint64_t[])FIXTURE_MPIDRS, sizeof(f->mpidrs));
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		f->threads[i] = (struct fixture_thread){ .fixture = f };
	f->locked = false;
	f->lock_count = 0;
	f->refused_entry = 0xdeadf000;
	f->asked_entry = 0;
	f->asked_count = 0;
	f->host = (struct psci_host){
		.size = sizeof(f->host),
		.kick = fixture_kick,
		.entry_ok = fixture_entry_ok,
		.lock = fixture_lock,
		.unlock = fixture_unlock,
	};
	f->config = (struct psci_config){
		.size = sizeof(f->config),
		.version = version,
		.index = f->index,
		.index_size = ARRAY_SIZE(f->index),
		.host = &f->host,
		.ctx = f,
	};
}

void fixture_make(struct fixture *f)
{
	assert_int_equal(psci_machine_init(&f->machine, &f->config), PSCI_OK);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		assert_int_equal(
			psci_vcpu_init(&f->vcpus[i], &f->machine, f->mpidrs[i], &f->threads[i]),
			PSCI_OK);
}

void fixture_boot(struct fixture *f, uint32_t version)
{
	const struct psci_entry boot = { .pc = FIXTURE_BOOT_ENTRY, .x0 = FIXTURE_BOOT_CONTEXT };
	struct psci_entry entry;

	fixture_configure(f, version);
	fixture_make(f);
	psci_machine_boot(&f->vcpus[0], &boot);
	assert_int_equal(psci_vcpu_poll(&f->vcpus[0], &entry), PSCI_NEXT_START);
	fixture_forget(f);
}

void fixture_start(struct fixture *f, unsigned int i)
{
	struct psci_entry entry;

	assert_int_equal(fixture_call(f, 0, PSCI_FN64_CPU_ON, f->mpidrs[i], FIXTURE_ENTRY, i), 0);
	assert_int_equal(psci_vcpu_poll(&f->vcpus[i], &entry), PSCI_NEXT_START);
	fixture_forget(f);
}

unsigned int fixture_kicks(const struct fixture *f, unsigned int i)
{
	return f->threads[i].kicks;
}

unsigned int fixture_all_kicks(const struct fixture *f)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		sum += f->threads[i].kicks;

	return sum;
}

void fixture_forget(struct fixture *f)
{
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		f->threads[i].kicks = 0;
	f->asked_count = 0;
	f->asked_entry = 0;
}

int64_t fixture_affinity_info(struct fixture *f, unsigned int i)
{
	return fixture_call(f, 0, PSCI_FN64_AFFINITY_INFO, f->mpidrs[i], 0, 0);
}

struct psci_regs fixture_regs(uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3)
{
	return (struct psci_regs){ .x = { fid, x1, x2, x3 } };
}

static uint64_t call(struct fixture *f, unsigned int i, struct psci_regs regs)
{
	const struct psci_regs before = regs;

	assert_int_equal(psci_call(&f->vcpus[i], &regs), PSCI_NEXT_RUN);
	assert_false(f->locked);
	assert_memory_equal(&regs.x[1], &before.x[1], 3 * sizeof(regs.x[0]));

	return regs.x[0];
}

int64_t fixture_call(struct fixture *f, unsigned int i, uint32_t fid, uint64_t x1, uint64_t x2,
		     uint64_t x3)
{
	return (int64_t)call(f, i, fixture_regs(fid, x1, x2, x3));
}

uint64_t fixture_call_aarch32(struct fixture *f, unsigned int i, uint32_t fid, uint64_t r1,
			      uint64_t r2, uint64_t r3)
{
	struct psci_regs regs = fixture_regs(fid, r1, r2, r3);

	regs.aarch32 = true;

	return call(f, i, regs);
}

void fixture_answers_only(struct fixture *f, unsigned int i, struct psci_regs regs, int32_t code)
{
	struct psci_machine machine;
	struct psci_vcpu vcpus[FIXTURE_VCPU_COUNT];
	struct psci_vcpu *index[ARRAY_SIZE(f->index)];
	const unsigned int kicks = fixture_all_kicks(f);

	memcpy(&machine, &f->machine, sizeof(machine));
	memcpy(vcpus, f->vcpus, sizeof(vcpus));
	memcpy(index, f->index, sizeof(index));

	const uint64_t x0 = call(f, i, regs);

	assert_memory_equal(&machine, &f->machine, sizeof(machine));
	assert_memory_equal(vcpus, f->vcpus, sizeof(vcpus));
	assert_memory_equal(index, f->index, sizeof(index));
	assert_int_equal(fixture_all_kicks(f), kicks);
	assert_int_equal(x0, regs.aarch32 ? (uint32_t)code : (uint64_t)code);
}

enum psci_next fixture_leave(struct fixture *f, unsigned int i, uint32_t fid, uint64_t x1,
			     uint64_t x2)
{
	struct psci_regs regs = fixture_regs(fid, x1, x2, 0);
	const struct psci_regs before = regs;
	const enum psci_next next = psci_call(&f->vcpus[i], &regs);

	assert_false(f->locked);
	assert_int_not_equal(next, PSCI_NEXT_RUN);
	assert_int_not_equal(next, PSCI_NEXT_START);
	assert_memory_equal(&regs.x, &before.x, sizeof(regs.x));

	return next;
}
