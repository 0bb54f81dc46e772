/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/machine.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "machine/devices.h"
#include "machine/vcpu.h"
#include "save/gic-state.h"
#include "save/memory-state.h"
#include "save/psci-state.h"
#include "save/vcpu-state.h"

/* In nanoseconds since 1970. */
static uint64_t wall_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);

	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/*
 * When loading, returns how long ago it was saved: 0 too if, by the clocks,
 * that is in the future.
 */
static uint64_t serialize_time(struct stream *stream)
{
	const uint64_t now = wall_clock();
	uint64_t then = now;

	stream_serialize_u64(stream, &then);

	return now > then ? now - then : 0;
}

/* --- the vCPU that sleeps, and those that are off --- */

static int set_power(struct vcpu *vcpu, bool on, struct error *error)
{
	const int err =
		kvm_set_mp_state(vcpu->fd, on ? KVM_MP_STATE_RUNNABLE : KVM_MP_STATE_STOPPED);

	return err ? error_set(error, err, "KVM_SET_MP_STATE of vCPU %u: %s", vcpu->index,
			       strerror(-err))
		   : 0;
}

static int put_to_sleep(struct vm *vm, unsigned int sleeper, struct error *error)
{
	int err = 0;

	for (unsigned int i = 0; i < vm->vcpu_count && !err; i++) {
		struct vcpu *vcpu = &vm->vcpus[i];

		vcpu->suspended = i == sleeper;
		atomic_store(&vcpu->activity, vcpu->suspended ? VCPU_SLEEP : VCPU_WAIT);
		/*
		 * Where KVM keeps power states, it sleeps in one of KVM's: see
		 * vcpu.c.
		 */
		if (vm->server->kvm_keeps_power)
			err = set_power(vcpu, vcpu->suspended, error);
	}
	return err;
}

static int serialize_sleeper(struct vm *vm, unsigned int *sleeper, struct stream *stream,
			     struct error *error)
{
	struct vcpu_suspend *suspend;

	stream_serialize_u32(stream, sleeper);
	if (*sleeper >= vm->vcpu_count) {
		stream_fail(stream);
		*sleeper = 0;
	}
	suspend = &vm->vcpus[*sleeper].suspend;
	stream_serialize_u64(stream, &suspend->entry);
	stream_serialize_u64(stream, &suspend->context);
	stream_serialize_bool(stream, &suspend->big_endian);

	return stream_is_loading(stream) && !stream_error(stream)
		       ? put_to_sleep(vm, *sleeper, error)
		       : 0;
}

/* --- all of it --- */

int machine_serialize(struct vm *vm, unsigned int *sleeper, bool memory, struct stream *stream,
		      struct error *error)
{
	const uint64_t elapsed = serialize_time(stream);
	int err = serialize_sleeper(vm, sleeper, stream, error);

	if (!err)
		err = vcpu_state_serialize(&vm->vcpus[*sleeper], stream, elapsed, error);
	if (!err)
		err = gic_state_serialize(vm, stream, error);
	if (!err)
		err = vpsci_state_serialize(vm, &vm->vcpus[*sleeper], stream, error);
	/* After the GIC: the devices raise their lines again. */
	if (!err)
		err = devices_serialize(vm->devices, stream, error);
	if (!err && memory)
		memory_state_serialize(&vm->memory, stream);

	return err;
}
