/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/gic-state.h"

#include <linux/kvm.h>
#include <string.h>

#include "board/board.h"
#include "kvm/gic.h"
#include "machine/vcpu.h"

/** Registers of 32 bits, one after the other. */
struct range {
	const char *name;
	uint32_t offset;
	uint32_t count;
	bool is_zero; /* In a new GIC: need not be written to be so. */
};

/*
 * Each bit, byte, pair of bits or word is an interrupt's; SPIs follow the 32
 * private interrupts.
 */
#define BITS(base) ((base) + 4), (BOARD_INTERRUPTS / 32 - 1)
#define BYTES(base) ((base) + 32), (BOARD_INTERRUPTS / 4 - 8)
#define PAIRS(base) ((base) + 8), (BOARD_INTERRUPTS / 16 - 2)
#define ROUTES(base) ((base) + 8 * 32), (2 * (BOARD_INTERRUPTS - 32))

/*
 * In this order: the revision says what the rest means, and the last turns the
 * GIC on.
 */
static const struct range distributor[] = {
	{ "GICD_IIDR", 0x0008, 1, false },	  { "GICD_IGROUPR", BITS(0x0080), false },
	{ "GICD_ICFGR", PAIRS(0x0c00), false },	  { "GICD_IPRIORITYR", BYTES(0x0400), true },
	{ "GICD_IROUTER", ROUTES(0x6000), true }, { "GICD_ISENABLER", BITS(0x0100), true },
	{ "GICD_ISPENDR", BITS(0x0200), true },	  { "GICD_ISACTIVER", BITS(0x0300), true },
	{ "GICD_CTLR", 0x0000, 1, false },
};

/* In the frame of SGIs and PPIs. */
static const struct range redistributor[] = {
	{ "GICR_IGROUPR0", 0x10080, 1, false },	 { "GICR_ICFGR1", 0x10c04, 1, false },
	{ "GICR_IPRIORITYR", 0x10400, 8, true }, { "GICR_ISENABLER0", 0x10100, 1, true },
	{ "GICR_ISPENDR0", 0x10200, 1, true },	 { "GICR_ISACTIVER0", 0x10300, 1, true },
};

/** Of the CPU interface: S3_0_CRn_CRm_op2. */
struct cpu_register {
	const char *name;
	uint32_t crn, crm, op2;
};

static const struct cpu_register control = { "ICC_CTLR_EL1", 12, 12, 4 };

static const struct cpu_register interface[] = {
	/* A pending interrupt wakes a CPU only if this lets it through. */
	{ "ICC_PMR_EL1", 4, 6, 0 },	  { "ICC_CTLR_EL1", 12, 12, 4 },
	{ "ICC_BPR0_EL1", 12, 8, 3 },	  { "ICC_BPR1_EL1", 12, 12, 3 },
	{ "ICC_AP0R0_EL1", 12, 8, 4 },	  { "ICC_AP1R0_EL1", 12, 9, 0 },
	{ "ICC_IGRPEN0_EL1", 12, 12, 6 }, { "ICC_IGRPEN1_EL1", 12, 12, 7 },
};

/*
 * Active priorities beyond the first 32: a host with 6 bits of priority has one
 * pair, one with 7 has all.
 */
static const struct cpu_register more_active[][2] = {
	{ { "ICC_AP0R1_EL1", 12, 8, 5 }, { "ICC_AP1R1_EL1", 12, 9, 1 } },
	{ { "ICC_AP0R2_EL1", 12, 8, 6 }, { "ICC_AP1R2_EL1", 12, 9, 2 } },
	{ { "ICC_AP0R3_EL1", 12, 8, 7 }, { "ICC_AP1R3_EL1", 12, 9, 3 } },
};
#define MORE_ACTIVE_MAX (sizeof(more_active) / sizeof(more_active[0]))

/* As KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK defines it. */
static uint64_t encoding(const struct cpu_register *reg)
{
	return 3ULL << KVM_REG_ARM64_SYSREG_OP0_SHIFT |
	       (uint64_t)reg->crn << KVM_REG_ARM64_SYSREG_CRN_SHIFT |
	       (uint64_t)reg->crm << KVM_REG_ARM64_SYSREG_CRM_SHIFT |
	       (uint64_t)reg->op2 << KVM_REG_ARM64_SYSREG_OP2_SHIFT;
}

/*
 * Read a register and save it, or load it and write it. One that is 0 is not
 * written if it is @optional.
 */
static int serialize_register(int gic_fd, struct stream *stream, uint32_t group, uint64_t attribute,
			      const char *name, bool optional, struct error *error)
{
	const bool loads = stream_is_loading(stream);
	uint64_t value = 0;
	uint32_t narrow;
	int err = 0;

	if (!loads)
		err = gic_get_register(gic_fd, group, attribute, &value);
	if (err)
		return error_set(error, err, "cannot read the GIC's %s: %s", name, strerror(-err));
	if (gic_is_wide(group)) {
		stream_serialize_u64(stream, &value);
	} else {
		narrow = (uint32_t)value;
		stream_serialize_u32(stream, &narrow);
		value = narrow;
	}
	if (loads && !stream_error(stream) && !(optional && value == 0))
		err = gic_set_register(gic_fd, group, attribute, value);

	return err ? error_set(error, err, "cannot restore the GIC's %s: %s", name, strerror(-err))
		   : 0;
}

/*
 * @cpu: the affinity of whose redistributor they are, as in KVM's attributes;
 * or 0.
 */
static int serialize_range(int gic_fd, struct stream *stream, const struct range *range,
			   uint32_t group, uint64_t cpu, struct error *error)
{
	int err = 0;

	for (uint32_t i = 0; i < range->count && !err && !stream_error(stream); i++)
		err = serialize_register(gic_fd, stream, group, cpu | (range->offset + 4ULL * i),
					 range->name, range->is_zero, error);

	return err;
}

static int serialize_cpu_register(int gic_fd, struct stream *stream, uint64_t cpu,
				  const struct cpu_register *reg, bool optional,
				  struct error *error)
{
	return serialize_register(gic_fd, stream, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS,
				  cpu | encoding(reg), reg->name, optional, error);
}

static int serialize_interface(int gic_fd, struct stream *stream, uint64_t cpu, struct error *error)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(interface) / sizeof(interface[0]) && !err; i++)
		err = serialize_cpu_register(gic_fd, stream, cpu, &interface[i], false, error);

	return err;
}

/* How many pairs of more_active[] the host has, by ICC_CTLR_EL1's PRIbits. */
static int count_more_active(int gic_fd, uint64_t cpu, uint32_t *count, struct error *error)
{
	uint64_t value;
	const int err = gic_get_register(gic_fd, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS,
					 cpu | encoding(&control), &value);
	const unsigned int bits = (value >> 8 & 7) + 1;

	*count = bits >= 7 ? 3 : bits == 6;

	return err ? error_set(error, err, "cannot read the GIC's %s: %s", control.name,
			       strerror(-err))
		   : 0;
}

static int serialize_more_active(int gic_fd, struct stream *stream, uint64_t cpu,
				 struct error *error)
{
	uint32_t count = 0;
	int err = stream_is_loading(stream) ? 0 : count_more_active(gic_fd, cpu, &count, error);

	if (err)
		return err;
	stream_serialize_u32(stream, &count);
	if (count > MORE_ACTIVE_MAX)
		stream_fail(stream);
	/*
	 * A host that has fewer need not have these, if nothing is active
	 * there.
	 */
	for (uint32_t i = 0; i < 2 * count && !err && !stream_error(stream); i++)
		err = serialize_cpu_register(gic_fd, stream, cpu, &more_active[i / 2][i % 2], true,
					     error);

	return err;
}

static int serialize_cpu(int gic_fd, struct stream *stream, const struct vcpu *vcpu,
			 struct error *error)
{
	const uint64_t cpu = gic_affinity(vcpu->mpidr);
	int err = 0;

	for (size_t i = 0; i < sizeof(redistributor) / sizeof(redistributor[0]) && !err; i++)
		err = serialize_range(gic_fd, stream, &redistributor[i],
				      KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, cpu, error);

	if (!err)
		err = serialize_interface(gic_fd, stream, cpu, error);
	if (!err && stream_format(stream) >= 2)
		err = serialize_more_active(gic_fd, stream, cpu, error);

	return err;
}

int gic_state_serialize(const struct vm *vm, struct stream *stream, struct error *error)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(distributor) / sizeof(distributor[0]) && !err; i++)
		err = serialize_range(vm->gic_fd, stream, &distributor[i],
				      KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, error);
	for (unsigned int i = 0; i < vm->vcpu_count && !err; i++)
		err = serialize_cpu(vm->gic_fd, stream, &vm->vcpus[i], error);

	return err;
}
