/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/vcpu-state.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/counter.h"
#include "kvm/pmu-registers.h"
#include "kvm/vcpu.h"

/* The largest register that KVM has, of a scalable vector. */
#define REGISTER_SIZE_MAX 256
#define REGISTERS_MAX 16384

#define NANOSECONDS 1000000000ULL

static size_t size_of(uint64_t id)
{
	return (size_t)1 << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

/* --- special registers --- */

/*
 * Returns whether a register describes what the guest has: CPU features, those of
 * SVE by their presence, and KVM's own.
 */
static bool identifies(uint64_t id)
{
	const uint64_t op0 = (id & KVM_REG_ARM64_SYSREG_OP0_MASK) >> KVM_REG_ARM64_SYSREG_OP0_SHIFT;

	if ((id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM64_SYSREG)
		return op0 == 3 && !(id & KVM_REG_ARM64_SYSREG_CRN_MASK);

	return (id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM64_SVE ||
	       (id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_FW ||
	       (id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_FW_FEAT_BMAP;
}

/*
 * Returns whether KVM_ARM_VCPU_INIT has set it to 0, as Linux documents it for the
 * general registers and those of FP, SIMD and SVE, and nothing else has set it since in
 * a vCPU that is fresh.
 */
static bool begins_at_zero(const struct vcpu *vcpu, uint64_t id)
{
	const uint64_t core =
		id & ~(KVM_REG_ARCH_MASK | KVM_REG_SIZE_MASK | KVM_REG_ARM_COPROC_MASK);

	if (!vcpu->fresh || (id & KVM_REG_ARCH_MASK) != KVM_REG_ARM64)
		return false;
	if ((id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM64_SVE)
		return id != KVM_REG_ARM64_SVE_VLS;
	if ((id & KVM_REG_ARM_COPROC_MASK) != KVM_REG_ARM_CORE)
		return false;

	/* x1 to x30 and SP_EL0; V0 to V31, FPSR and FPCR. */
	return (core >= KVM_REG_ARM_CORE_REG(regs.regs[1]) &&
		core <= KVM_REG_ARM_CORE_REG(regs.sp)) ||
	       (core >= KVM_REG_ARM_CORE_REG(fp_regs.vregs) &&
		core <= KVM_REG_ARM_CORE_REG(fp_regs.fpcr));
}

/* Add the time that has passed to a counter. */
static void advance(uint8_t *bytes, uint64_t elapsed)
{
	const uint64_t frequency = counter_frequency();
	uint64_t count;

	memcpy(&count, bytes, sizeof(count));
	/* In two steps, since the product of both would not fit. */
	count += elapsed / NANOSECONDS * frequency;
	count += elapsed % NANOSECONDS * frequency / NANOSECONDS;
	memcpy(bytes, &count, sizeof(count));
}

/* --- both ways --- */

/* Take from the list those of which the guest has nothing. */
static void leave_out(const struct vcpu *vcpu, struct kvm_reg_list *list)
{
	uint64_t pmcr = 0;
	uint64_t kept = 0;
	unsigned int counters;

	/* Without a PMU there are none of its registers either. */
	(void)kvm_get_register(vcpu->fd, KVM_REGISTER_PMCR_EL0, &pmcr);
	counters = kvm_pmu_counters(pmcr);
	for (uint64_t i = 0; i < list->n; i++)
		if (!kvm_register_is_of_no_counter(list->reg[i], counters))
			list->reg[kept++] = list->reg[i];
	list->n = kept;
}

/* Returns NULL with @error set. */
static struct kvm_reg_list *list_registers(const struct vcpu *vcpu, struct error *error)
{
	struct kvm_reg_list *list;
	const int err = kvm_list_registers(vcpu->fd, &list);

	if (err)
		error_set(error, err, "KVM_GET_REG_LIST of vCPU %u: %s", vcpu->index,
			  strerror(-err));
	else
		leave_out(vcpu, list);

	return list;
}

static int write_registers(const struct vcpu *vcpu, struct stream *stream, struct error *error)
{
	struct kvm_reg_list *list = list_registers(vcpu, error);
	uint8_t bytes[REGISTER_SIZE_MAX];
	uint32_t count;
	int err = 0;

	if (!list)
		return -EIO;
	/*
	 * Save no more than is loaded again; no register of KVM's is as long
	 * yet.
	 */
	for (uint64_t i = 0; i < list->n && !err; i++)
		err = size_of(list->reg[i]) > sizeof(bytes) ? -EFBIG : 0;
	if (err || list->n > REGISTERS_MAX) {
		free(list);

		return error_set(error, -EFBIG, "vCPU %u has registers that no file has room for",
				 vcpu->index);
	}
	count = (uint32_t)list->n;
	stream_serialize_u32(stream, &count);
	for (uint64_t i = 0; i < list->n && !err; i++) {
		uint64_t id = list->reg[i];

		err = kvm_get_register_bytes(vcpu->fd, id, bytes);
		if (err)
			error_set(error, err, "KVM_GET_ONE_REG %#llx of vCPU %u: %s",
				  (unsigned long long)id, vcpu->index, strerror(-err));
		stream_serialize_u64(stream, &id);
		stream_serialize(stream, bytes, size_of(id));
	}
	free(list);

	return err;
}

static int restore(const struct vcpu *vcpu, uint64_t id, uint8_t *bytes, uint64_t elapsed,
		   struct error *error)
{
	static const uint8_t zero[REGISTER_SIZE_MAX];
	const uint64_t clear = kvm_register_that_clears(id);
	uint8_t here[REGISTER_SIZE_MAX];
	int err;

	/* The PSCI server has set it; or the other of its pair is all of it. */
	if (id == KVM_REG_ARM_PSCI_VERSION || kvm_register_clears(id))
		return 0;
	if (begins_at_zero(vcpu, id) && memcmp(bytes, zero, size_of(id)) == 0)
		return 0;
	if (clear)
		(void)kvm_set_register(vcpu->fd, clear, UINT64_MAX);
	if (kvm_register_is_counter(id))
		advance(bytes, elapsed);
	err = kvm_set_register_bytes(vcpu->fd, id, bytes);
	/* Before Linux 6.4 the physical counter is the host's own. */
	if (!err || id == KVM_REG_ARM_PTIMER_CNT)
		return 0;
	if (err == -ENOENT && (!identifies(id) || memcmp(bytes, zero, size_of(id)) == 0))
		return 0;
	/*
	 * A register that cannot be set is fine if it has this value already.
	 */
	if (kvm_get_register_bytes(vcpu->fd, id, here) == 0 &&
	    memcmp(here, bytes, size_of(id)) == 0)
		return 0;

	return error_set(error, -ENOTSUP,
			 "cannot restore register %#llx: this host's CPU or KVM differs (%s)",
			 (unsigned long long)id, strerror(-err));
}

static int read_registers(const struct vcpu *vcpu, struct stream *stream, uint64_t elapsed,
			  struct error *error)
{
	uint8_t bytes[REGISTER_SIZE_MAX];
	uint32_t count;
	int err = 0;

	stream_serialize_u32(stream, &count);
	if (count > REGISTERS_MAX)
		stream_fail(stream);
	for (uint32_t i = 0; i < count && !err && !stream_error(stream); i++) {
		uint64_t id;

		stream_serialize_u64(stream, &id);
		if (size_of(id) > sizeof(bytes)) {
			stream_fail(stream);
			break;
		}
		stream_serialize(stream, bytes, size_of(id));
		if (!stream_error(stream))
			err = restore(vcpu, id, bytes, elapsed, error);
	}

	return err;
}

/* An SError that is pending is in no register. */
static int serialize_serror(const struct vcpu *vcpu, struct stream *stream, struct error *error)
{
	struct kvm_serror serror = { 0 };
	int err = 0;

	if (!stream_is_loading(stream))
		kvm_get_serror(vcpu->fd, &serror);
	stream_serialize_bool(stream, &serror.pending);
	stream_serialize_bool(stream, &serror.has_esr);
	stream_serialize_u64(stream, &serror.esr);
	if (stream_is_loading(stream) && !stream_error(stream))
		err = kvm_set_serror(vcpu->fd, &serror);

	return err ? error_set(error, err, "cannot restore the pending SError of vCPU %u: %s",
			       vcpu->index, strerror(-err))
		   : 0;
}

int vcpu_state_serialize(struct vcpu *vcpu, struct stream *stream, uint64_t elapsed,
			 struct error *error)
{
	uint64_t frequency = counter_frequency();
	int err;

	if (!stream_is_loading(stream)) {
		stream_serialize_u64(stream, &frequency);
		err = write_registers(vcpu, stream, error);

		return err ? err : serialize_serror(vcpu, stream, error);
	}
	stream_serialize_u64(stream, &frequency);
	if (!stream_error(stream) && frequency != counter_frequency())
		return error_set(
			error, -ENOTSUP, "its counter has %llu Hz, and this host's has %llu Hz",
			(unsigned long long)frequency, (unsigned long long)counter_frequency());

	err = read_registers(vcpu, stream, elapsed, error);
	vcpu->fresh = false;
	if (!err && stream_format(stream) >= 2 && !stream_error(stream))
		err = serialize_serror(vcpu, stream, error);

	return err;
}
