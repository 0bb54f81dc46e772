/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include "board/board.h"

#include <psci/abi.h>
#include <psci/psci.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine/devices.h"
#include "machine/vcpu.h"
#include "vpsci/vpsci.h"

static bool runs;

/* The binary, as a path that can be opened. */
static char *make_binary(struct rig *rig)
{
	char path[64];

	rig->binary_fd = memfd_create("binary", MFD_CLOEXEC);
	assert_int_equal(write(rig->binary_fd, "\0\0\0\x14", 4), 4);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), rig->binary_fd);

	return strdup(path);
}

static void create(struct rig *rig, unsigned int cpus, uint32_t version)
{
	struct config *config = &rig->record.config;
	struct error error;

	runs = false;
	config->append = strdup("");
	config->console = strdup("none");
	config->cpus = cpus;
	config->machine_version = version;
	config->memory = RIG_MEMORY;
	config->psci_version = PSCI_VERSION_1_3;
	config->psci = PSCI_SERVER_USERSPACE;
	rig->record.state = VM_RUNNING;
	cause_set(&rig->record.cause, VM_TRIGGER_START, CAUSE_VCPU_NONE, "start");
	snprintf(rig->dir, sizeof(rig->dir), "/tmp/dormouse-rig.XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	rig->dir_fd = open(rig->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(rig->dir_fd >= 0);
	assert_int_equal(vcpu_setup(&error), 0);
	assert_int_equal(vm_create(&rig->vm, &kvm_of_tests, config, "vm", vpsci_choose, &error), 0);
	control_create(&rig->control, &rig->vm, &rig->record, NULL, NULL, rig->dir_fd);
	assert_int_equal(vm_boot(&rig->vm, &error), 0);
}

void rig_create(struct rig *rig, unsigned int cpus)
{
	memset(rig, 0, sizeof(*rig));
	rig->record.config.flat = make_binary(rig);
	create(rig, cpus, BOARD_VERSION_NEWEST);
}

void rig_create_version(struct rig *rig, unsigned int cpus, uint32_t version)
{
	memset(rig, 0, sizeof(*rig));
	rig->record.config.flat = make_binary(rig);
	create(rig, cpus, version);
}

void rig_create_firmware(struct rig *rig, unsigned int cpus, const char *vars)
{
	memset(rig, 0, sizeof(*rig));
	rig->record.config.firmware = make_binary(rig);
	rig->record.config.vars_file = vars ? strdup(vars) : NULL;
	create(rig, cpus, BOARD_VERSION_NEWEST);
}

void rig_create_network(struct rig *rig, unsigned int cpus, const char *path,
			const uint8_t mac[MAC_SIZE])
{
	struct net_config *net = &rig->record.config.nets[0];

	memset(rig, 0, sizeof(*rig));
	rig->record.config.firmware = make_binary(rig);
	rig->record.config.wake_on_net = WAKE_ON_NET_DIRECTED;
	rig->record.config.net_count = 1;
	*net = (struct net_config){
		.kind = NET_KIND_UNIX,
		.target = strdup(path),
		.features = config_net_features(NET_KIND_UNIX),
	};
	memcpy(net->mac, mac, sizeof(net->mac));
	create(rig, cpus, BOARD_VERSION_NEWEST);
}

void rig_save(struct rig *rig, const char *path, enum save_form form)
{
	struct save_draft draft;
	struct error error = { "" };

	devices_freeze(rig->vm.devices);
	if (save_file_write(path, &rig->vm, &rig->record, form, &draft, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(save_file_publish(&draft, &error), 0);
	devices_thaw(rig->vm.devices);
}

void rig_run(struct rig *rig)
{
	struct error error;

	assert_int_equal(control_start(&rig->control, &error), 0);
	runs = true;
}

struct cause rig_wait(struct rig *rig)
{
	runs = false;

	return vm_wait(&rig->vm);
}

void rig_destroy(struct rig *rig)
{
	if (runs) {
		control_quit(&rig->control, CONTROL_REASON_HOST_SIGNAL, "the test");
		assert_false(control_on_stop(&rig->control));
	}
	vm_end(&rig->vm);
	vm_destroy(&rig->vm);
	record_free(&rig->record);
	close(rig->binary_fd);
	(void)unlinkat(rig->dir_fd, "record.json", 0);
	close(rig->dir_fd);
	rmdir(rig->dir);
	fake_kvm_answer = NULL;
}

void rig_put_to_sleep(struct rig *rig)
{
	struct psci_regs regs = { .x = { PSCI_FN64_SYSTEM_SUSPEND, MEMORY_BASE, 7 } };
	struct vcpu *vcpu = &rig->vm.vcpus[0];
	struct psci_entry entry;

	vcpu->suspend = (struct vcpu_suspend){ .entry = MEMORY_BASE, .context = 7 };
	assert_int_equal(psci_vcpu_poll(vcpu->psci, &entry), PSCI_NEXT_START);
	assert_int_equal(psci_call(vcpu->psci, &regs), PSCI_NEXT_SYSTEM_SUSPEND);
	rig->record.state = VM_SUSPENDED;
	rig->record.pid = 1;
	rig->record.suspension.known = true;
	rig->record.suspension.entry = MEMORY_BASE;
	snprintf(rig->record.saved_id, sizeof(rig->record.saved_id), "%032x", 1);
}
