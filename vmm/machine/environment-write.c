/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/environment-write.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "environment/set.h"
#include "kvm/id-registers.h"
#include "kvm/registers.h"
#include "machine/vcpu.h"

/** The registers that an environment lists, with their values of then. */
struct noted {
	size_t count;
	struct {
		uint64_t id, value;
	} registers[];
};

static size_t count_entries(const char *set)
{
	struct part name, value;
	size_t count = 0;

	while (set && set_next(&set, &name, &value))
		count++;

	return count;
}

static void note(struct noted *noted, const char *set)
{
	struct part name, value;
	uint64_t id;

	while (set && set_next(&set, &name, &value)) {
		if (!kvm_register_of_name(name.text, (size_t)name.length, &id))
			continue;
		noted->registers[noted->count].id = id;
		noted->registers[noted->count++].value = strtoull(value.text, NULL, 16);
	}
}

/* Returns NULL if memory ran out. */
static struct noted *read_noted(const struct environment *environment)
{
	const char *features = environment->values[ENVIRONMENT_ID_REGISTERS];
	const char *firmware = environment->values[ENVIRONMENT_SMCCC];
	const size_t count = count_entries(features) + count_entries(firmware);
	struct noted *noted = malloc(sizeof(*noted) + count * sizeof(noted->registers[0]));

	if (!noted)
		return NULL;
	noted->count = 0;
	note(noted, features);
	note(noted, firmware);

	return noted;
}

/* 0 if it is not listed. */
static uint64_t value_of(const struct noted *noted, uint64_t id)
{
	for (size_t i = 0; i < noted->count; i++)
		if (noted->registers[i].id == id)
			return noted->registers[i].value;

	return 0;
}

static void write_register(const struct vcpu *vcpu, uint64_t id, const struct noted *noted)
{
	const uint64_t wanted = value_of(noted, id);
	uint64_t value = 0;

	/* What is refused is found when the environment is read. */
	if (kvm_get_register_bytes(vcpu->fd, id, &value) == 0 && value != wanted)
		(void)kvm_set_register_bytes(vcpu->fd, id, &wanted);
}

/* Whether the environment has the registers of this kind: an earlier dormouse noted none. */
static bool has(const struct environment *environment, uint64_t id)
{
	return environment->values[kvm_register_is_firmware(id) ? ENVIRONMENT_SMCCC
								: ENVIRONMENT_ID_REGISTERS];
}

/* The vCPU that is restored gets them with its others. */
static bool is_written(const struct vm *vm, unsigned int vcpu)
{
	return (int)vcpu != vm->restored_vcpu;
}

static void write_all(const struct vm *vm, const struct environment *environment)
{
	struct noted *noted = read_noted(environment);
	struct kvm_reg_list *list = NULL;

	/* All vCPUs have the same. */
	if (noted && kvm_list_registers(vm->vcpus[0].fd, &list) == 0) {
		for (uint64_t k = 0; k < list->n; k++) {
			if (!kvm_register_is_noted(list->reg[k]) || !has(environment, list->reg[k]))
				continue;
			for (unsigned int i = 0; i < vm->vcpu_count; i++)
				if (is_written(vm, i))
					write_register(&vm->vcpus[i], list->reg[k], noted);
		}
	}
	free(list);
	free(noted);
}

void environment_write(const struct vm *vm, const struct environment *environment)
{
	if (vm->vcpu_count > 1 || is_written(vm, 0))
		write_all(vm, environment);
}
