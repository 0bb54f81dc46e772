/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/cause.h"

#include <stdio.h>
#include <string.h>

void cause_set(struct cause *cause, enum vm_trigger trigger, int vcpu, const char *what)
{
	size_t length = strnlen(what, sizeof(cause->what));

	*cause = (struct cause){ .trigger = trigger, .vcpu = vcpu, .when = time(NULL) };
	/* If it is truncated, end it where a character of UTF-8 begins. */
	if (length == sizeof(cause->what)) {
		do
			length--;
		while (length > 0 && (what[length] & 0xc0) == 0x80);
	}
	memcpy(cause->what, what, length);
}

bool cause_outranks(const struct cause *later, const struct cause *first)
{
	return first->trigger == VM_TRIGGER_HOST_QUIT &&
	       (later->trigger == VM_TRIGGER_OFF || later->trigger == VM_TRIGGER_HIBERNATE);
}

void cause_format(const struct cause *cause, char text[CAUSE_TEXT_SIZE])
{
	char type[64] = "";
	char vcpu[32] = "";

	if (cause->type_known && cause->cookie)
		snprintf(type, sizeof(type), ", type %#x, cookie %#llx", cause->type,
			 (unsigned long long)cause->cookie);
	else if (cause->type_known)
		snprintf(type, sizeof(type), ", type %#x", cause->type);
	if (cause->vcpu != CAUSE_VCPU_NONE)
		snprintf(vcpu, sizeof(vcpu), ", from vCPU %d", cause->vcpu);
	snprintf(text, CAUSE_TEXT_SIZE, "%s%s%s", cause->what, type, vcpu);
}
