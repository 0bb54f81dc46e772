/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/environment-write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "environment/set.h"
#include "kvm/id-registers.h"
#include "kvm/registers.h"
#include "machine/vcpu.h"

/* The register's value of then; 0 if it is not listed. */
static uint64_t value_in(const char *set, uint64_t id)
{
	char text[KVM_REGISTER_NAME_SIZE];
	struct part value;

	kvm_register_name(id, text);

	const struct part name = { (int)strlen(text), text };

	return set_find(set, &name, &value) ? strtoull(value.text, NULL, 16) : 0;
}

static void write_register(const struct vcpu *vcpu, uint64_t id,
			   const struct environment *environment)
{
	const char *set =
		environment->values[kvm_register_is_firmware(id) ? ENVIRONMENT_SMCCC
								 : ENVIRONMENT_ID_REGISTERS];
	uint64_t wanted, value = 0;

	if (!set || !kvm_register_is_noted(id) || kvm_get_register_bytes(vcpu->fd, id, &value) < 0)
		return;
	wanted = value_in(set, id);
	/* What is refused is found when the environment is read. */
	if (value != wanted)
		(void)kvm_set_register_bytes(vcpu->fd, id, &wanted);
}

void environment_write(const struct vm *vm, const struct environment *environment)
{
	struct kvm_reg_list *list;

	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		if (kvm_list_registers(vm->vcpus[i].fd, &list) < 0)
			return;
		for (uint64_t k = 0; k < list->n; k++)
			write_register(&vm->vcpus[i], list->reg[k], environment);
		free(list);
	}
}
