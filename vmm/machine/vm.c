/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/vm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/message.h"
#include "board/board.h"
#include "boot/device-tree.h"
#include "boot/efi.h"
#include "kvm/attach.h"
#include "kvm/gic.h"
#include "kvm/memory-map.h"
#include "machine/cpu-features.h"
#include "machine/devices.h"
#include "machine/environment-write.h"
#include "machine/firmware-files.h"
#include "machine/host-limits.h"
#include "machine/vcpu.h"

static void on_report(void *context, const char *text)
{
	const struct vm *vm = context;

	message_ratelimited("%s: %s", vm->name, text);
}

/* On a vCPU's thread. */
static void on_panicked(void *context)
{
	struct vm *vm = context;
	struct cause cause;

	switch (vm->config->on_panic) {
	case PANIC_POLICY_NONE:
	case PANIC_POLICY_STAY:
		atomic_store(&vm->panicked, true);
		gate_notify(&vm->gate);
		return;
	case PANIC_POLICY_EXIT:
		cause_set(&cause, VM_TRIGGER_LAST_PANIC, CAUSE_VCPU_NONE, VM_PANICKED);
		break;
	case PANIC_POLICY_RESTART:
		cause_set(&cause, VM_TRIGGER_RESET, CAUSE_VCPU_NONE, VM_PANICKED);
		cause.panicked = true;
		break;
	}
	/* The guest executes nothing more, such as a reset of its own. */
	vm_stop(vm, &cause);
}

/* On a device's thread. */
static void on_called(void *context)
{
	const struct vm *vm = context;

	gate_notify(&vm->gate);
}

static void on_linked(void *context, const char *id, const char *path, bool connected)
{
	const struct vm *vm = context;

	if (vm->linked)
		vm->linked(vm->linked_context, id, path, connected);
}

static int create_devices(struct vm *vm, struct error *error)
{
	const struct device_setup setup = {
		.config = vm->config,
		.vm_name = vm->name,
		.memory = &vm->memory,
		.vm_fd = &vm->fd,
		.report = on_report,
		.panicked = on_panicked,
		.called = on_called,
		.linked = on_linked,
		.context = vm,
	};

	return devices_create(vm->devices, &setup, &vm->bus, error);
}

int vm_create(struct vm *vm, const struct kvm *kvm, const struct config *config, const char *name,
	      vpsci_chooser *choose_server, struct error *error)
{
	const struct host_limits limits = { .cpus = kvm->cpus_max, .ipa_bits = kvm->ipa_bits };
	int err;

	*vm = (struct vm){ .kvm = kvm,
			   .config = config,
			   .name = name,
			   .choose_server = choose_server,
			   .restored_vcpu = CAUSE_VCPU_NONE,
			   .fd = -1,
			   .gic_fd = -1 };
	err = host_limits_check(&limits, config, error);
	if (err)
		return err;
	err = image_open(&vm->image, config, error);
	if (err)
		return err;
	err = memory_create(&vm->memory, config->memory);
	if (err) {
		error_set(error, err, "cannot reserve %llu MiB for the guest's memory: %s",
			  (unsigned long long)config->memory >> 20, strerror(-err));
		goto err_close_image;
	}
	vm->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vm->stop_fd < 0) {
		err = error_set(error, -errno, "eventfd: %s", strerror(errno));
		goto err_destroy_memory;
	}
	vm->devices = malloc(sizeof(*vm->devices));
	if (!vm->devices) {
		err = error_set(error, -ENOMEM, "out of memory");
		goto err_close_stop;
	}
	/* A device's thread may notify it from the beginning, and to its end. */
	err = gate_create(&vm->gate);
	if (err) {
		error_set(error, err, "eventfd: %s", strerror(-err));
		goto err_free_devices;
	}
	err = create_devices(vm, error);
	if (err)
		goto err_destroy_gate;
	pthread_mutex_init(&vm->stop_lock, NULL);
	reset_state_create(&vm->reset_state);

	return 0;

err_destroy_gate:
	gate_destroy(&vm->gate);
err_free_devices:
	free(vm->devices);
err_close_stop:
	close(vm->stop_fd);
err_destroy_memory:
	memory_destroy(&vm->memory);
err_close_image:
	image_close(&vm->image);

	return err;
}

void vm_destroy(struct vm *vm)
{
	reset_state_destroy(&vm->reset_state);
	pthread_mutex_destroy(&vm->stop_lock);
	devices_destroy(vm->devices, vm->name);
	gate_destroy(&vm->gate);
	free(vm->devices);
	close(vm->stop_fd);
	/* Last: a disk's thread may have waited for a page. */
	restored_memory_end(vm);
	memory_destroy(&vm->memory);
	image_close(&vm->image);
}

static int create_kvm_vm(struct vm *vm, struct error *error)
{
	/* KVM's machine type is the size of guest physical addresses. */
	const unsigned long type = host_limits_ipa_bits(vm->memory.size);

	vm->fd = kvm_create_vm(vm->kvm, type, error);
	if (vm->fd < 0)
		return vm->fd;
	kvm_report_undecoded(vm->fd);

	return memory_map_attach(vm->fd, &vm->memory, vm->devices->all, vm->devices->count, error);
}

static int create_vcpus(struct vm *vm, struct error *error)
{
	const unsigned int count = vm->config->cpus;

	vm->vcpus = calloc(count, sizeof(*vm->vcpus));
	if (!vm->vcpus)
		return error_set(error, -ENOMEM, "out of memory");
	for (unsigned int i = 0; i < count; i++) {
		const int err = vcpu_create(&vm->vcpus[i], vm, i,
					    vm->server->kvm_keeps_power && i > 0, error);

		if (err)
			return err;
		vm->vcpu_count++;
	}

	return 0;
}

static int create_gic(struct vm *vm, struct error *error)
{
	vm->gic_fd = gic_create(vm->fd, error);

	return vm->gic_fd < 0 ? vm->gic_fd : gic_init(vm->gic_fd, error);
}

static int attach_devices(struct vm *vm, struct error *error)
{
	int err = 0;

	for (size_t i = 0; i < vm->devices->count && !err; i++)
		err = kvm_attach_device(vm->fd, &vm->devices->all[i], error);

	return err;
}

/* What of @vm ACPI tables say; of @mpidrs they keep the address. */
static struct acpi_machine describe(const struct vm *vm, uint64_t mpidrs[CONFIG_CPUS_MAX])
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		mpidrs[i] = vm->vcpus[i].mpidr;

	return (struct acpi_machine){
		.mpidrs = mpidrs,
		.cpu_count = vm->vcpu_count,
		.devices = vm->devices->all,
		.device_count = vm->devices->count,
		.generation_id_address = efi_generation_id_address(&vm->image),
		.hardware_signature = vm->hardware_signature,
		.pmu = cpu_features_has(&vm->features, CPU_FEATURE_PMU),
	};
}

int vm_fill_firmware(struct vm *vm, struct error *error)
{
	struct fw_cfg *fw_cfg = devices_fw_cfg(vm->devices);
	uint64_t mpidrs[CONFIG_CPUS_MAX];

	if (!fw_cfg)
		return 0;

	const struct acpi_machine machine = describe(vm, mpidrs);

	return firmware_files_make(&vm->image, &machine, vm->no_resume, fw_cfg, error);
}

int vm_fill(struct vm *vm, struct error *error)
{
	uint64_t mpidrs[CONFIG_CPUS_MAX];
	const struct acpi_machine machine = describe(vm, mpidrs);
	struct efi efi;
	struct device_tree tree = {
		.config = vm->config,
		.image = &vm->image,
		.psci_version = vm->psci_version,
		.no_resume = vm->no_resume,
		.mpidrs = mpidrs,
		.devices = vm->devices->all,
		.device_count = vm->devices->count,
		.pmu = machine.pmu,
	};
	int err = image_load(&vm->image, &vm->memory, error);

	if (err)
		return err;
	if (vm->config->acpi) {
		err = efi_write(&vm->image, &machine, vm->config->generation_id, &vm->memory, &efi,
				error);
		if (err)
			return err;
		tree.efi = &efi;
	}
	err = vm_fill_firmware(vm, error);
	if (err)
		return err;

	/* This was for one boot: what hibernates from here on may resume. */
	vm->no_resume = false;

	return device_tree_write(&tree, &vm->memory, error);
}

int vm_begin(struct vm *vm, struct error *error)
{
	int err;

	atomic_store(&vm->stopping, false);
	atomic_store(&vm->panicked, false);
	gate_begin(&vm->gate);
	err = create_kvm_vm(vm, error);
	if (!err) {
		vm->server = vm->choose_server(vm);
		cpu_features_choose(vm);
		err = create_vcpus(vm, error);
	}
	if (!err && vm->environment)
		environment_write(vm, vm->environment);
	if (!err)
		guest_clock_begin(vm);
	if (!err)
		err = create_gic(vm, error);
	if (!err)
		err = cpu_features_init_pmus(vm, error);
	if (!err)
		err = attach_devices(vm, error);
	if (!err)
		err = vm->server->begin(vm, vm->image.entry, vm->image.device_tree_address, error);
	if (err)
		vm_end(vm);

	return err;
}

int vm_boot(struct vm *vm, struct error *error)
{
	int err = vm_begin(vm, error);

	if (err)
		return err;
	err = vm_fill(vm, error);
	if (err)
		vm_end(vm);

	return err;
}

void vm_end(struct vm *vm)
{
	if (vm->server)
		vm->server->end(vm);
	if (vm->gic_fd >= 0)
		close(vm->gic_fd);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vcpu_destroy(&vm->vcpus[i]);
	free(vm->vcpus);
	if (vm->fd >= 0)
		close(vm->fd);
	vm->vcpus = NULL;
	vm->vcpu_count = 0;
	vm->fd = -1;
	vm->gic_fd = -1;
}

int vm_run(struct vm *vm, struct error *error)
{
	/*
	 * vCPU 0, which boots, is last: then all exist before the guest can
	 * reach one.
	 */
	for (unsigned int i = vm->vcpu_count; i-- > 0;) {
		const int err = vcpu_start(&vm->vcpus[i], error);

		if (!err)
			continue;
		vm_crash(vm, CAUSE_VCPU_NONE, "%s", error->text);
		while (++i < vm->vcpu_count)
			vcpu_join(&vm->vcpus[i]);

		return err;
	}

	return 0;
}

void vm_stop(struct vm *vm, const struct cause *cause)
{
	const uint64_t one = 1;
	bool first;

	pthread_mutex_lock(&vm->stop_lock);
	first = !atomic_load(&vm->stopping);
	/* The machine stops already; only its cause changes. */
	if (first || cause_outranks(cause, &vm->cause))
		vm->cause = *cause;
	atomic_store(&vm->stopping, true);
	pthread_mutex_unlock(&vm->stop_lock);
	if (!first)
		return;
	gate_end(&vm->gate);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vcpu_kick(&vm->vcpus[i]);
	/*
	 * An eventfd takes this unless its counter is full, and then it is
	 * readable.
	 */
	if (write(vm->stop_fd, &one, sizeof(one)) < 0)
		return;
}

void vm_crash(struct vm *vm, int vcpu, const char *what, ...)
{
	struct error reason;
	struct cause cause;
	va_list args;

	va_start(args, what);
	vsnprintf(reason.text, sizeof(reason.text), what, args);
	va_end(args);
	cause_set(&cause, VM_TRIGGER_CRASH, vcpu, reason.text);
	vm_stop(vm, &cause);
}

bool vm_hold(struct vm *vm)
{
	gate_close(&vm->gate);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vcpu_kick(&vm->vcpus[i]);

	return gate_await(&vm->gate, vm->vcpu_count);
}

void vm_release(struct vm *vm)
{
	gate_open(&vm->gate);
}

void vm_report_stray(struct vm *vm, unsigned int vcpu, uint64_t address, bool write)
{
	if (atomic_exchange(&vm->stray_reported, true))
		return;
	message("%s: vCPU %u %s unmapped address %#llx (reported once)", vm->name, vcpu,
		write ? "wrote to" : "read from", (unsigned long long)address);
}

void vm_report_undecoded(struct vm *vm, unsigned int vcpu, uint64_t address, bool write)
{
	if (atomic_exchange(&vm->undecoded_reported, true))
		return;
	message("%s: vCPU %u %s %#llx, which is not memory, by an instruction that KVM "
		"cannot decode, and got an external abort (reported once)",
		vm->name, vcpu, write ? "wrote to" : "read from", (unsigned long long)address);
}

struct cause vm_wait(struct vm *vm)
{
	uint64_t count;

	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vcpu_join(&vm->vcpus[i]);
	/*
	 * No vCPU is left to stop the VM again: the next power cycle begins
	 * with an unreadable descriptor.
	 */
	if (read(vm->stop_fd, &count, sizeof(count)) < 0)
		count = 0;

	return vm->cause;
}

static int drop_memory(struct vm *vm, struct error *error)
{
	const int err = restored_memory_drop(vm);

	if (err)
		return error_set(error, err, "cannot drop the guest's memory: %s", strerror(-err));

	return 0;
}

int vm_restart(struct vm *vm, bool warm, struct error *error)
{
	int err;

	vm_end(vm);
	err = devices_drain(vm->devices, error);
	if (err)
		return err;
	bus_reset(&vm->bus);
	if (!warm)
		err = drop_memory(vm, error);
	if (!err)
		err = vm_boot(vm, error);
	if (err)
		return err;
	err = vm_run(vm, error);
	if (err)
		vm_end(vm);

	return err;
}
