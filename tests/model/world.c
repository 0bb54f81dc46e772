/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <psci/state.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* They share some affinity fields and differ in others, so that levels 1 to 3 have groups. */
const uint64_t world_mpidrs[REF_VCPU_MAX] = { 0, 1, UINT64_C(0x0100000100) };

/*
 * Standby, power-down, and what clusters and the system can do then; two ways to put a
 * cluster off, one of which says that it is the last one, too.
 */
const struct psci_idle_state world_states[WORLD_STATE_MAX] = {
	{ .power_state = 0x00000000, .depth = { 1 } },
	{ .power_state = 0x01000002, .depth = { 2, 3 } },
	{ .power_state = 0x00010001, .depth = { 200 } },
	{ .power_state = 0x01010003, .depth = { 200, 201 } },
	{ .power_state = 0x02010004, .depth = { 200, 201, 202 } },
	{ .power_state = 0x01010005, .depth = { 200, 201 }, .last_level = 2 },
};

const struct psci_idle_state world_extended_states[2] = {
	{ .power_state = 0x40000001, .depth = { 200 } },
	{ .power_state = 0x00000001, .depth = { 127 } },
};

/* More than the record of the largest world takes. */
#define WORLD_RECORD_MAX 2048

static void wrong(struct world *w, const char *what)
{
	if (!w->wrong)
		w->wrong = what;
}

static enum doing doing_of(enum psci_next next)
{
	switch (next) {
	case PSCI_NEXT_RUN:
	case PSCI_NEXT_START:
		return DOING_RUN;
	case PSCI_NEXT_WAIT:
		return DOING_WAIT;
	case PSCI_NEXT_SLEEP:
		return DOING_SLEEP;
	case PSCI_NEXT_SYSTEM_SUSPEND:
		return DOING_SYSTEM_SUSPEND;
	case PSCI_NEXT_EXIT:
		return DOING_EXIT;
	}

	return DOING_NOTHING;
}

static bool same_entry(const struct psci_entry *a, const struct psci_entry *b)
{
	return a->pc == b->pc && a->x0 == b->x0 && a->aarch32 == b->aarch32 && a->t32 == b->t32 &&
	       a->big_endian == b->big_endian && a->wake == b->wake;
}

/* Both machines have answered a poll or a wake-up of vCPU @i. */
static void compare_next(struct world *w, unsigned int i, enum psci_next next,
			 const struct psci_entry *entry, const struct ref_answer *expected)
{
	static const struct psci_entry untouched = { .pc = 0xfeedf00d, .x0 = 0xfeedf00d };

	if (next != expected->next)
		wrong(w, "the answer is another one");
	else if (next == PSCI_NEXT_START && !same_entry(entry, &expected->entry))
		wrong(w, "it starts with another entry");
	else if (next != PSCI_NEXT_START && !same_entry(entry, &untouched))
		wrong(w, "the entry is written without a start");
	w->now.doing[i] = (uint8_t)doing_of(next);
}

static void poll(struct world *w, unsigned int i)
{
	struct psci_entry entry = { .pc = 0xfeedf00d, .x0 = 0xfeedf00d };
	const struct ref_answer expected = ref_poll(&w->now.ref, i);

	w->now.kicked[i] = false;
	compare_next(w, i, psci_vcpu_poll(&w->now.vcpus[i], &entry), &entry, &expected);
}

static void wake(struct world *w, unsigned int i)
{
	struct psci_entry entry = { .pc = 0xfeedf00d, .x0 = 0xfeedf00d };
	const struct ref_answer expected = ref_wake(&w->now.ref, i);

	compare_next(w, i, psci_vcpu_wake(&w->now.vcpus[i], &entry), &entry, &expected);
}

/* A call that runs on with an error has changed nothing. */
static bool is_refusal(const struct ref_answer *answer)
{
	return answer->next == PSCI_NEXT_RUN && (int32_t)answer->x0 < 0;
}

static void call(struct world *w, unsigned int i, const struct psci_regs *given)
{
	struct psci_regs regs = *given;
	struct psci_machine machine;
	struct psci_vcpu vcpus[REF_VCPU_MAX];
	struct psci_domain domains[REF_DOMAIN_COUNT];
	const struct ref_answer expected = ref_call(&w->now.ref, i, given);

	memcpy(&machine, &w->now.machine, sizeof(machine));
	memcpy(vcpus, w->now.vcpus, sizeof(vcpus));
	memcpy(domains, w->now.domains, sizeof(domains));

	const enum psci_next next = psci_call(&w->now.vcpus[i], &regs);

	if (next != expected.next)
		wrong(w, "the answer is another one");
	else if (regs.x[0] != (expected.has_x0 ? expected.x0 : given->x[0]))
		wrong(w, "x0 is another one");
	if (!same_bytes(&regs.x[1], &given->x[1], 3 * sizeof(regs.x[0])))
		wrong(w, "x1 to x3 are changed");
	if (is_refusal(&expected) && (!same_bytes(&machine, &w->now.machine, sizeof(machine)) ||
				      !same_bytes(vcpus, w->now.vcpus, sizeof(vcpus)) ||
				      !same_bytes(domains, w->now.domains, sizeof(domains))))
		wrong(w, "a refused call has changed something");
	w->now.doing[i] = (uint8_t)doing_of(next);
}

/*
 * Returns whether vCPU @i must be kicked for a change, so that its thread does what it
 * should.
 */
static bool must_poll(const struct world *w, unsigned int i)
{
	struct ref_machine ref = w->now.ref;
	const struct ref_answer answer = ref_poll(&ref, i);

	return answer.next == PSCI_NEXT_START || doing_of(answer.next) != w->now.doing[i];
}

static void compare_event(struct world *w)
{
	const struct psci_event event = psci_machine_event(&w->now.machine);
	const struct ref_machine *ref = &w->now.ref;
	const void *caller =
		ref->event.kind == PSCI_EVENT_NONE ? NULL : &w->seats[ref->event_caller];

	if (event.kind != ref->event.kind || event.type != ref->event.type ||
	    event.cookie != ref->event.cookie || event.vctx != caller ||
	    event.overwrite_memory != ref->event.overwrite_memory)
		wrong(w, "the event is another one");
	if (psci_machine_memory_protected(&w->now.machine) != ref->memory_protected)
		wrong(w, "the memory is protected, or not");
}

static void compare_states(struct world *w)
{
	static const enum psci_vcpu_state states[] = {
		[REF_OFF] = PSCI_STATE_OFF,	  [REF_PENDING] = PSCI_STATE_ON_PENDING,
		[REF_ON] = PSCI_STATE_ON,	  [REF_ASLEEP] = PSCI_STATE_SUSPENDED,
		[REF_FROZEN] = PSCI_STATE_FROZEN,
	};

	for (unsigned int i = 0; i < w->platform.vcpu_count; i++) {
		if (psci_vcpu_get_state(&w->now.vcpus[i]) != states[w->now.ref.state[i]])
			wrong(w, "the state of a vCPU is another one");
	}
}

static void make_machine(struct world *w, bool hide_on_pending);

/*
 * The reference does not notice: everything that comes later must be as if this had not
 * happened. The new machine's setting of ON_PENDING does not count, since the record has
 * it too.
 */
static void save_and_restore(struct world *w)
{
	uint8_t record[WORLD_RECORD_MAX];
	uint8_t again[WORLD_RECORD_MAX];
	struct world_state *now = &w->now;
	const size_t size = psci_machine_save_size(&now->machine);

	if (size > sizeof(record) || psci_machine_save(&now->machine, record, size) != PSCI_OK) {
		wrong(w, "the machine cannot be saved");
		return;
	}
	memset(&now->machine, 0, sizeof(now->machine));
	memset(now->vcpus, 0, sizeof(now->vcpus));
	memset(now->domains, 0, sizeof(now->domains));
	make_machine(w, !w->platform.hide_on_pending);
	if (psci_machine_restore(&now->machine, record, size) != PSCI_OK)
		wrong(w, "the machine cannot be restored");
	/* An eager host has polled by now. */
	if (w->eager)
		return;
	if (psci_machine_save_size(&now->machine) != size ||
	    psci_machine_save(&now->machine, again, size) != PSCI_OK ||
	    !same_bytes(record, again, size))
		wrong(w, "the record of a restored machine is another one");
}

/* No vCPU starts between two instructions, nor in a state that does not have T32 or 64 bits. */
static void boot(struct world *w, unsigned int i, const struct psci_entry *entry)
{
	struct world_state before;
	const bool possible = entry->pc % (entry->t32 ? 2 : 4) == 0 &&
			      (entry->aarch32 || !entry->t32) &&
			      (!entry->aarch32 || (entry->pc >> 32 == 0 && entry->x0 >> 32 == 0));

	memcpy(&before, &w->now, sizeof(before));
	if (possible)
		ref_boot(&w->now.ref, i, entry);
	if (psci_machine_boot(&w->now.vcpus[i], entry) != (possible ? PSCI_OK : PSCI_ERR_INVALID))
		wrong(w, "booting is refused, or not");
	if (!possible && !same_bytes(&before, &w->now, sizeof(before)))
		wrong(w, "a refused boot has changed something");
}

const char *world_step(struct world *w, const struct step *step)
{
	w->wrong = NULL;
	w->nesting = 0;

	switch (step->kind) {
	case STEP_CALL:
		call(w, step->vcpu, &step->regs);
		break;
	case STEP_POLL:
		poll(w, step->vcpu);
		break;
	case STEP_WAKE:
		wake(w, step->vcpu);
		break;
	case STEP_BOOT:
		boot(w, step->vcpu, &step->entry);
		break;
	case STEP_WAKE_MACHINE:
		if (ref_wake_machine(&w->now.ref) != psci_machine_wake(&w->now.machine))
			wrong(w, "the machine was suspended, or not");
		break;
	case STEP_DENY:
		if (ref_deny(&w->now.ref) != psci_machine_deny(&w->now.machine))
			wrong(w, "the machine was suspended, or not");
		break;
	case STEP_RESTORE:
		save_and_restore(w);
		break;
	}
	if (w->locked)
		wrong(w, "the lock is still held");
	compare_event(w);
	compare_states(w);
	for (unsigned int i = 0; i < w->platform.vcpu_count; i++) {
		if (!w->now.kicked[i] && must_poll(w, i))
			wrong(w, "nobody tells a vCPU of what has become of it");
	}

	return w->wrong;
}

/* --- the host --- */

static void host_kick(void *ctx, void *vctx)
{
	struct world *w = ctx;
	const struct seat *seat = vctx;

	if (w->locked || seat->world != w)
		wrong(w, "a kick comes with the lock held or to nobody");
	w->now.kicked[seat->number] = true;
	/* A thread that runs the guest is interrupted, and polls a little later. */
	if (w->eager && w->nesting == 0 && w->now.doing[seat->number] != DOING_RUN) {
		w->nesting++;
		poll(w, seat->number);
		w->nesting--;
	}
}

static bool host_entry_ok(void *ctx, uint64_t ipa)
{
	struct world *w = ctx;

	if (!w->locked && w->host.lock)
		wrong(w, "entry_ok() is called without the lock");

	return ipa != WORLD_REFUSED_ENTRY;
}

static bool host_memory_ok(void *ctx, uint64_t base, uint64_t length)
{
	struct world *w = ctx;

	if ((!w->locked && w->host.lock) || length == 0 || base + (length - 1) < base)
		wrong(w, "memory_ok() is called in a way that it must not");

	return base >= REF_MEMORY_BASE &&
	       base + (length - 1) <= REF_MEMORY_BASE + (REF_MEMORY_SIZE - 1);
}

/* Returns whether a vCPU can be started, or take the trusted OS. */
static bool host_vcpu_ok(void *ctx, void *vctx)
{
	struct world *w = ctx;
	const struct seat *seat = vctx;

	if ((!w->locked && w->host.lock) || seat->world != w)
		wrong(w, "start_ok() or migrate() is called in a way that it must not");

	return !w->platform.refuses || seat->number != 1;
}

static int32_t host_vendor_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	struct world *w = ctx;

	if ((!w->locked && w->host.lock) || type < 0x80000000)
		wrong(w, "vendor_reset() is called in a way that it must not");
	switch (type) {
	case REF_VENDOR_RESET:
		return PSCI_RET_SUCCESS;
	case REF_VENDOR_CODE:
		return -1000;
	case REF_VENDOR_DENIED:
		return PSCI_RET_DENIED;
	case REF_VENDOR_NONSENSE:
		return -100;
	default:
		return PSCI_RET_NOT_SUPPORTED;
	}
}

static void host_lock(void *ctx)
{
	struct world *w = ctx;

	if (w->locked)
		wrong(w, "the lock is taken twice");
	w->locked = true;
}

static void host_unlock(void *ctx)
{
	struct world *w = ctx;

	if (!w->locked)
		wrong(w, "the lock is released twice");
	w->locked = false;
}

static void make_platform(struct world *w, const struct world_kind *kind)
{
	w->platform = (struct ref_platform){
		.version = kind->version,
		.enabled = kind->enabled,
		.disabled = kind->disabled,
		.extended_state_id = kind->extended,
		.domains = kind->domains,
		.memory = kind->memory,
		.vendor_reset = kind->vendor_reset,
		.refuses = kind->refuses,
		.hide_on_pending = kind->hide_on_pending,
		.availability = { [1] = (uint8_t)kind->availability },
		.trusted_os = kind->trusted_os,
		.trusted_os_home = world_mpidrs[0],
		.refused_entry = WORLD_REFUSED_ENTRY,
		.vcpu_count = kind->vcpu_count,
	};
	if (kind->version == PSCI_VERSION_0_1)
		w->platform.fids_0_1 = (struct psci_fids_0_1)WORLD_FIDS_0_1;
	memcpy(w->platform.mpidr, world_mpidrs, sizeof(world_mpidrs));
	if (kind->state_count > 0) {
		w->platform.states =
			kind->extended ? world_extended_states : &world_states[kind->first_state];
		w->platform.state_count = kind->state_count;
	}
}

static void make_host(struct world *w, const struct world_kind *kind)
{
	w->host = (struct psci_host){
		.size = sizeof(w->host),
		.kick = host_kick,
		.entry_ok = host_entry_ok,
		.lock = kind->no_lock ? NULL : host_lock,
		.unlock = kind->no_lock ? NULL : host_unlock,
		.memory_ok = kind->memory ? host_memory_ok : NULL,
		.vendor_reset = kind->vendor_reset ? host_vendor_reset : NULL,
		.start_ok = kind->refuses ? host_vcpu_ok : NULL,
		.migrate = kind->trusted_os == PSCI_TRUSTED_OS_MIGRATABLE ? host_vcpu_ok : NULL,
	};
}

static void make_domains(struct world *w)
{
	struct world_state *now = &w->now;
	int error = psci_domain_init(&now->domains[2], &now->machine, 2, NULL);

	for (unsigned int i = 0; i < 2; i++)
		error |= psci_domain_init(&now->domains[i], &now->machine, 1, &now->domains[2]);
	for (unsigned int i = 0; i < w->platform.vcpu_count; i++)
		error |= psci_vcpu_place(&now->vcpus[i], &now->domains[i / 2]);
	if (error)
		wrong(w, "the domains cannot be made");
}

static void make_machine(struct world *w, bool hide_on_pending)
{
	const struct ref_platform *platform = &w->platform;
	const struct psci_config config = {
		.size = sizeof(config),
		.version = platform->version,
		.disable_functions = platform->disabled,
		.enable_functions = platform->enabled,
		.idle_states = platform->states,
		.idle_state_count = platform->state_count,
		.extended_state_id = platform->extended_state_id,
		.trusted_os = platform->trusted_os,
		.trusted_os_mpidr = platform->trusted_os_home,
		.hide_on_pending = hide_on_pending,
		.fids_0_1 = platform->fids_0_1,
		.index = w->now.index,
		.index_size = WORLD_INDEX_SIZE,
		.host = &w->host,
		.ctx = w,
	};

	if (psci_machine_init(&w->now.machine, &config) != PSCI_OK)
		wrong(w, "the machine cannot be made");
	for (unsigned int i = 0; i < platform->vcpu_count && i < REF_VCPU_MAX; i++) {
		if (psci_vcpu_init(&w->now.vcpus[i], &w->now.machine, world_mpidrs[i],
				   &w->seats[i]) != PSCI_OK)
			wrong(w, "a vCPU cannot be made");
		if (psci_vcpu_set_availability(
			    &w->now.vcpus[i],
			    (enum psci_vcpu_availability)platform->availability[i]) != PSCI_OK)
			wrong(w, "the availability of a vCPU cannot be set");
	}
	if (platform->domains)
		make_domains(w);
}

void world_init(struct world *w, const struct world_kind *kind)
{
	memset(w, 0, sizeof(*w));
	w->eager = kind->eager;
	make_platform(w, kind);
	make_host(w, kind);
	ref_init(&w->now.ref, &w->platform);
	for (unsigned int i = 0; i < kind->vcpu_count; i++) {
		w->seats[i] = (struct seat){ .world = w, .number = i };
		w->now.kicked[i] = true; /* To be polled before it first runs. */
	}
	make_machine(w, w->platform.hide_on_pending);
}

void world_print_step(const struct step *step)
{
	const char *name;

	switch (step->kind) {
	case STEP_CALL:
		name = psci_function_name((uint32_t)step->regs.x[0]);
		printf("# vCPU %u calls %s: x0 %#" PRIx64 ", x1 %#" PRIx64 ", x2 %#" PRIx64
		       ", x3 %#" PRIx64 "%s%s\n",
		       step->vcpu, name ? name : "nothing", step->regs.x[0], step->regs.x[1],
		       step->regs.x[2], step->regs.x[3], step->regs.aarch32 ? ", AArch32" : "",
		       step->regs.big_endian ? ", big-endian" : "");
		break;
	case STEP_POLL:
		printf("# vCPU %u polls\n", step->vcpu);
		break;
	case STEP_WAKE:
		printf("# vCPU %u wakes up\n", step->vcpu);
		break;
	case STEP_BOOT:
		printf("# the host boots vCPU %u at %#" PRIx64 "\n", step->vcpu, step->entry.pc);
		break;
	case STEP_WAKE_MACHINE:
		printf("# the host wakes the machine\n");
		break;
	case STEP_DENY:
		printf("# the host denies SYSTEM_SUSPEND\n");
		break;
	case STEP_RESTORE:
		printf("# the machine is saved and restored\n");
		break;
	}
}
