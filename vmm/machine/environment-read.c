/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/environment-read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sample.h"
#include "boot/image.h"
#include "config/net.h"
#include "host/disk-identity.h"
#include "kvm/counter.h"
#include "kvm/id-registers.h"
#include "kvm/registers.h"
#include "machine/cpu-features.h"
#include "machine/devices.h"
#include "machine/vcpu.h"
#include "record/environment-config.h"

/* A register of vCPU 0, since no guest has CPUs that differ in these. */
static int read_register(struct environment *environment, const struct vcpu *vcpu, uint64_t id,
			 struct error *error)
{
	const enum environment_line line =
		kvm_register_is_firmware(id) ? ENVIRONMENT_SMCCC : ENVIRONMENT_ID_REGISTERS;
	char name[KVM_REGISTER_NAME_SIZE];
	uint64_t value = 0;
	int err;

	if (!kvm_register_is_noted(id))
		return 0;
	kvm_register_name(id, name);
	err = kvm_get_register_bytes(vcpu->fd, id, &value);
	if (err)
		return error_set(error, err, "KVM_GET_ONE_REG of %s: %s", name, strerror(-err));

	/* 0 says that there is nothing, as does the lack of a register. */
	return value == 0 ? 0
			  : environment_add(environment, line, name, "%#llx",
					    (unsigned long long)value);
}

static int read_registers(struct environment *environment, const struct vm *vm, struct error *error)
{
	struct kvm_reg_list *list;
	int err = kvm_list_registers(vm->vcpus[0].fd, &list);

	if (err)
		return error_set(error, err, "KVM_GET_REG_LIST: %s", strerror(-err));
	err = environment_set_text(environment, ENVIRONMENT_ID_REGISTERS, "");
	if (!err)
		err = environment_set_text(environment, ENVIRONMENT_SMCCC, "");
	for (uint64_t i = 0; i < list->n && !err; i++)
		err = read_register(environment, &vm->vcpus[0], list->reg[i], error);
	free(list);

	return err;
}

static int read_mpidrs(struct environment *environment, const struct vm *vm)
{
	char mpidrs[CONFIG_CPUS_MAX * sizeof("0xffffffffff ")] = "";
	size_t used = 0;

	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		used += (size_t)snprintf(mpidrs + used, sizeof(mpidrs) - used, "%s%#llx",
					 i ? " " : "", (unsigned long long)vm->vcpus[i].mpidr);

	return environment_set_text(environment, ENVIRONMENT_MPIDRS, mpidrs);
}

/* What a driver knows of a device, beside its kind: "" or of the form " with ...". */
static void describe_device(const struct device *device, char *text, size_t size)
{
	const uint64_t features = device->ops->features ? device->ops->features(device->self) : 0;
	char mac[CONFIG_MAC_TEXT_SIZE] = "";

	if (device->ops->mac)
		config_format_mac(device->ops->mac(device->self), mac);
	*text = '\0';
	if (features)
		snprintf(text, size, " with %s%s%sfeatures %#llx", *mac ? "MAC " : "", mac,
			 *mac ? " and " : "", (unsigned long long)features);
}

static int read_devices(struct environment *environment, const struct devices *devices)
{
	int err = environment_set_text(environment, ENVIRONMENT_DEVICES, "");

	for (size_t i = 0; i < devices->count && !err; i++) {
		const struct device *device = &devices->all[i];
		char address[24];
		char text[64];

		snprintf(address, sizeof(address), "%#llx", (unsigned long long)device->base);
		describe_device(device, text, sizeof(text));
		err = environment_add(environment, ENVIRONMENT_DEVICES, address, "%s%s",
				      device->ops->name, text);
	}

	return err;
}

/* Its size, and a hash of samples of it. */
static int read_file(struct environment *environment, enum environment_line line,
		     const struct packed *file, struct error *error)
{
	uint64_t hash;
	int err;

	if (file->fd < 0)
		return environment_set_text(environment, line, "none");
	err = sample_file(file->fd, file->offset + file->size, &hash);
	if (err)
		return error_set(error, err, "cannot read the %s: %s", environment_key(line),
				 strerror(-err));

	return environment_set(environment, line, "size:%llu hash:%016llx",
			       (unsigned long long)file->size, (unsigned long long)hash);
}

/* Beside the firmware, which starts it. */
static int add_kernel(struct environment *environment, const struct packed *kernel,
		      struct error *error)
{
	uint64_t hash;
	const int err = sample_file(kernel->fd, kernel->size, &hash);

	if (err)
		return error_set(error, err, "cannot read the kernel: %s", strerror(-err));

	return environment_set(environment, ENVIRONMENT_KERNEL, "%s kernel size:%llu hash:%016llx",
			       environment->values[ENVIRONMENT_KERNEL],
			       (unsigned long long)kernel->size, (unsigned long long)hash);
}

static int read_firmware(struct environment *environment, const char *path, struct error *error)
{
	struct packed file;
	int err = image_open_binary("firmware", path, &file, error);

	if (err)
		return err;
	err = read_file(environment, ENVIRONMENT_KERNEL, &file, error);
	close(file.fd);

	return err;
}

/* What the guest starts with. */
static int read_images(struct environment *environment, const struct vm *vm, struct error *error)
{
	const char *firmware = vm->config->firmware;
	int err = firmware ? read_firmware(environment, firmware, error)
			   : read_file(environment, ENVIRONMENT_KERNEL, &vm->image.kernel, error);

	if (!err && firmware && vm->image.kernel.fd >= 0)
		err = add_kernel(environment, &vm->image.kernel, error);

	return err ? err : read_file(environment, ENVIRONMENT_INITRD, &vm->image.initrd, error);
}

int environment_read(struct environment *environment, const struct vm *vm, struct error *error)
{
	struct config config = *vm->config;
	int err;

	error->text[0] = '\0';
	/* What the options left open is settled now. */
	config.psci = vm->server->name;
	config.psci_version = vm->psci_version;
	err = environment_set_config(environment, &config);
	if (!err)
		err = environment_set(environment, ENVIRONMENT_COUNTER_FREQUENCY, "%llu",
				      (unsigned long long)counter_frequency());
	if (!err)
		err = read_mpidrs(environment, vm);
	if (!err)
		err = cpu_features_read(environment, vm);
	if (!err)
		err = read_registers(environment, vm, error);
	if (!err)
		err = read_devices(environment, vm->devices);
	if (!err)
		err = read_images(environment, vm, error);
	if (err && !*error->text)
		error_set(error, err, "out of memory");

	return err;
}

static int read_disks(struct environment *environment, const struct vm *vm, struct error *error)
{
	const struct config *config = vm->config;
	int err = environment_set_text(environment, ENVIRONMENT_DISKS, "");

	for (size_t i = 0; i < config->disk_count && !err; i++) {
		char identity[DISK_IDENTITY_SIZE];

		err = disk_identity(devices_disk(vm->devices, i), identity, error);
		if (err)
			return err;
		err = environment_add_disk(environment, i, &config->disks[i], identity);
	}

	return err ? error_set(error, err, "out of memory") : 0;
}

/* What no device keeps is not known, which no comparison finds to differ. */
static int read_variables(struct environment *environment, const struct vm *vm, struct error *error)
{
	int err = 0;

	for (size_t i = 0; i < vm->devices->count && !err; i++) {
		const struct device *device = &vm->devices->all[i];

		if (device->ops->contents)
			err = environment_set_variables(environment,
							device->ops->contents(device->self));
	}

	return err ? error_set(error, err, "out of memory") : 0;
}

int environment_read_left_behind(struct environment *environment, const struct vm *vm,
				 struct error *error)
{
	const int err = read_disks(environment, vm, error);

	return err ? err : read_variables(environment, vm, error);
}

int environment_renew_disks(const struct vm *vm, struct error *error)
{
	struct disk *disk;
	int err = 0;

	for (size_t i = 0; !err && (disk = devices_disk(vm->devices, i)); i++)
		err = disk_renew(disk, error);

	return err;
}
