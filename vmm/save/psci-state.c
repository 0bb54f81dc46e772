/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/psci-state.h"

#include <psci/state.h>

#include <errno.h>
#include <stdlib.h>

#include "vpsci/vpsci.h"

/* libpsci's record of the largest machine is far smaller. */
#define PSCI_RECORD_SIZE_MAX (64U * 1024)

static int restore_psci(struct psci_machine *machine, const struct vcpu *sleeper,
			const void *record, size_t size, struct error *error)
{
	const int err = psci_machine_restore(machine, record, size);
	struct psci_event event;

	if (err)
		return error_set(error, -EBADMSG, "its PSCI state: %s", psci_strerror(err));
	event = psci_machine_event(machine);
	if (event.kind != PSCI_EVENT_SUSPEND || event.vctx != sleeper)
		return error_set(error, -EBADMSG,
				 "its PSCI state is not that of a SYSTEM_SUSPEND of vCPU %u",
				 sleeper->index);

	return 0;
}

int vpsci_state_serialize(struct vm *vm, const struct vcpu *sleeper, struct stream *stream,
			  struct error *error)
{
	struct psci_machine *machine = vpsci_machine(vm);
	uint32_t size;
	void *record;
	int err = 0;

	if (!machine)
		return 0;
	size = (uint32_t)psci_machine_save_size(machine);
	stream_serialize_u32(stream, &size);
	if (size > PSCI_RECORD_SIZE_MAX)
		stream_fail(stream);
	if (stream_error(stream))
		return 0;
	record = calloc(1, size);
	if (!record)
		return error_set(error, -ENOMEM, "out of memory");
	if (!stream_is_loading(stream))
		(void)psci_machine_save(machine, record, size);
	stream_serialize(stream, record, size);
	if (stream_is_loading(stream) && !stream_error(stream))
		err = restore_psci(machine, sleeper, record, size, error);
	free(record);

	return err;
}
