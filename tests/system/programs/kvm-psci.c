/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What KVM's own PSCI does, in every version that this host's KVM has: the behaviour on
 * which vmm/vpsci/server.c and psci/kvm.h rely, tested without dormouse.
 *
 *	test-kvm-psci IMAGE
 *
 * IMAGE is the guest of tests/system/guests/calls.S. For each call that ends or suspends
 * a machine: what KVM_EXIT_SYSTEM_EVENT reports, which state every vCPU has then, what
 * the caller finds if it is run all the same. For each version: what PSCI_FEATURES
 * announces, and the answers to bad arguments. Prints TAP.
 */
#include <psci/kvm.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define RAM_BASE 0x40000000
#define RAM_SIZE 0x10000
#define VCPUS 2
#define STEPS_MAX 16
#define CONSOLE_SIZE 4096

#define REGISTER_X(n)                                                                              \
	((KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.regs)) + \
	 2ULL * (n))
#define REGISTER_PC \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.pc))

/* Of tests/system/guests/calls.S. */
#define STEP_START 1

struct step {
	uint64_t x[4];
};

struct vcpu {
	int fd;
	struct kvm_run *run;
};

struct machine {
	int fd;
	uint8_t *ram;
	struct vcpu vcpus[VCPUS];
	char console[CONSOLE_SIZE];
	size_t console_length;
};

static int kvm_fd;
static size_t run_size;
static uint8_t image[RAM_SIZE];
static size_t image_size;
static unsigned int test_count;
static unsigned int failure_count;

/* --- output and failures --- */

__attribute__((format(printf, 2, 3))) static void ok(bool passed, const char *format, ...)
{
	va_list args;

	printf("%sok %u - ", passed ? "" : "not ", ++test_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	puts("");
	if (!passed)
		failure_count++;
}

/* For failures that are no test's, but of its tools. */
static int must(int result, const char *what)
{
	if (result >= 0)
		return result;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- machines --- */

static void set_register(const struct vcpu *vcpu, uint64_t id, uint64_t value)
{
	const struct kvm_one_reg reg = { .id = id, .addr = (uint64_t)(uintptr_t)&value };

	must(ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG");
}

static uint64_t get_register(const struct vcpu *vcpu, uint64_t id)
{
	uint64_t value;
	const struct kvm_one_reg reg = { .id = id, .addr = (uint64_t)(uintptr_t)&value };

	must(ioctl(vcpu->fd, KVM_GET_ONE_REG, &reg), "KVM_GET_ONE_REG");

	return value;
}

static uint32_t mp_state(const struct vcpu *vcpu)
{
	struct kvm_mp_state state;

	must(ioctl(vcpu->fd, KVM_GET_MP_STATE, &state), "KVM_GET_MP_STATE");

	return state.mp_state;
}

static void make_runnable(const struct vcpu *vcpu)
{
	const struct kvm_mp_state state = { .mp_state = KVM_MP_STATE_RUNNABLE };

	must(ioctl(vcpu->fd, KVM_SET_MP_STATE, &state), "KVM_SET_MP_STATE");
}

static void create_vcpu(struct machine *m, unsigned int index)
{
	struct vcpu *vcpu = &m->vcpus[index];
	struct kvm_vcpu_init init;

	vcpu->fd = must(ioctl(m->fd, KVM_CREATE_VCPU, index), "KVM_CREATE_VCPU");
	vcpu->run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	must(vcpu->run == MAP_FAILED ? -1 : 0, "mmap of a vCPU");
	must(ioctl(m->fd, KVM_ARM_PREFERRED_TARGET, &init), "KVM_ARM_PREFERRED_TARGET");
	init.features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2;
	if (index > 0)
		init.features[0] |= 1U << KVM_ARM_VCPU_POWER_OFF;
	must(ioctl(vcpu->fd, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT");
}

/* @version: the version that KVM is limited to, or 0. */
static void begin(struct machine *m, uint32_t version, bool with_suspend, const struct step *steps,
		  size_t step_count)
{
	const struct kvm_enable_cap suspend = { .cap = KVM_CAP_ARM_SYSTEM_SUSPEND };
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = RAM_BASE,
		.memory_size = RAM_SIZE,
	};

	memset(m, 0, sizeof(*m));
	m->fd = must(ioctl(kvm_fd, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	m->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(m->ram == MAP_FAILED ? -1 : 0, "mmap");
	memcpy(m->ram, image, image_size);
	memcpy(m->ram + image_size, steps, step_count * sizeof(*steps));
	region.userspace_addr = (uint64_t)(uintptr_t)m->ram;
	must(ioctl(m->fd, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	if (with_suspend)
		must(ioctl(m->fd, KVM_ENABLE_CAP, &suspend), "KVM_CAP_ARM_SYSTEM_SUSPEND");
	for (unsigned int i = 0; i < VCPUS; i++)
		create_vcpu(m, i);
	if (version)
		set_register(&m->vcpus[0], KVM_REG_ARM_PSCI_VERSION, version);
	set_register(&m->vcpus[0], REGISTER_PC, RAM_BASE);
}

static void end(struct machine *m)
{
	for (unsigned int i = 0; i < VCPUS; i++) {
		munmap(m->vcpus[i].run, run_size);
		close(m->vcpus[i].fd);
	}
	munmap(m->ram, RAM_SIZE);
	close(m->fd);
}

/*
 * Run vCPU 0 to an exit that is not its console's. A line that begins with @until ends
 * it, too, if there is one. Returns the exit's reason.
 */
static uint32_t run_until(struct machine *m, const char *until)
{
	struct kvm_run *run = m->vcpus[0].run;

	for (;;) {
		must(ioctl(m->vcpus[0].fd, KVM_RUN, 0), "KVM_RUN");
		if (run->exit_reason != KVM_EXIT_MMIO)
			return run->exit_reason;
		if (run->mmio.is_write && m->console_length < CONSOLE_SIZE - 1)
			m->console[m->console_length++] = (char)run->mmio.data[0];
		if (until && m->console_length && m->console[m->console_length - 1] == '\n' &&
		    strstr(m->console, until))
			return run->exit_reason;
	}
}

/* The guest's answer to its call of @fid, in 32 bits; 1 if it has printed none. */
static int32_t answer(const struct machine *m, uint32_t fid)
{
	char start[32];
	const char *line;

	snprintf(start, sizeof(start), "0 call %08x = ", fid);
	line = strstr(m->console, start);

	return line ? (int32_t)strtoull(line + strlen(start), NULL, 16) : 1;
}

/* --- the calls that end a machine --- */

static const struct ending {
	const char *name;
	uint32_t since;
	uint32_t fid;
	uint64_t x1, x2;
	enum psci_event_kind kind;
	bool keeps_arguments; /**< KVM leaves x1 and x2 for its owner to read. */
} endings[] = {
	/* clang-format off */
	{ "SYSTEM_OFF", PSCI_VERSION_0_2, PSCI_FN32_SYSTEM_OFF, 0, 0, PSCI_EVENT_OFF, false },
	{ "SYSTEM_RESET", PSCI_VERSION_0_2, PSCI_FN32_SYSTEM_RESET, 0, 0, PSCI_EVENT_RESET, false },
	{ "SYSTEM_RESET2 (32)", PSCI_VERSION_1_1, PSCI_FN32_SYSTEM_RESET2, 0, 0xfeedf00d,
	  PSCI_EVENT_RESET2, true },
	{ "SYSTEM_RESET2 (64)", PSCI_VERSION_1_1, PSCI_FN64_SYSTEM_RESET2, 0, 0xfeedf00dcafe,
	  PSCI_EVENT_RESET2, true },
	{ "SYSTEM_RESET2 (64) of a vendor", PSCI_VERSION_1_1, PSCI_FN64_SYSTEM_RESET2, 0x80000001,
	  0x123, PSCI_EVENT_RESET2, true },
	{ "SYSTEM_OFF2 (32), type 0", PSCI_VERSION_1_3, PSCI_FN32_SYSTEM_OFF2, 0, 0,
	  PSCI_EVENT_OFF2, false },
	{ "SYSTEM_OFF2 (64), type 0", PSCI_VERSION_1_3, PSCI_FN64_SYSTEM_OFF2, 0, 0,
	  PSCI_EVENT_OFF2, false },
	{ "SYSTEM_OFF2 (64), type 1", PSCI_VERSION_1_3, PSCI_FN64_SYSTEM_OFF2, 1, 0,
	  PSCI_EVENT_OFF2, false },
	/* clang-format on */
};

static void check_ending(const struct ending *e)
{
	const struct step steps[] = {
		{ { STEP_START, 1, 3, 0 } },
		{ { PSCI_FN64_AFFINITY_INFO, 1, 0, 0 } },
		{ { e->fid, e->x1, e->x2, 0 } },
		{ { 0, 0, 0, 0 } },
	};
	static struct machine m;
	const struct kvm_run *run;
	uint64_t flags;
	uint32_t type;

	begin(&m, 0, false, steps, COUNT(steps));
	run = m.vcpus[0].run;
	run_until(&m, " call ");
	ok(answer(&m, PSCI_FN64_AFFINITY_INFO) == PSCI_AFFINITY_INFO_ON &&
		   mp_state(&m.vcpus[1]) == KVM_MP_STATE_RUNNABLE,
	   "%s: vCPU 1 is on and RUNNABLE before the call", e->name);

	ok(run_until(&m, NULL) == KVM_EXIT_SYSTEM_EVENT, "%s is KVM_EXIT_SYSTEM_EVENT", e->name);
	type = psci_event_kind_to_kvm(e->kind, &flags);
	ok(run->system_event.type == type, "%s: the type of the event is %u", e->name, type);
	ok(run->system_event.ndata == 1, "%s: the event has one datum", e->name);
	ok(run->system_event.data[0] == flags, "%s: the datum of the event is %llu", e->name,
	   (unsigned long long)flags);
	ok(psci_event_kind_from_kvm(run->system_event.type, run->system_event.data[0]) == e->kind,
	   "%s: psci/kvm.h knows the event", e->name);
	for (unsigned int i = 0; i < VCPUS; i++)
		ok(mp_state(&m.vcpus[i]) == KVM_MP_STATE_STOPPED,
		   "%s: vCPU %u is STOPPED after the call", e->name, i);
	if (e->keeps_arguments)
		ok(get_register(&m.vcpus[0], REGISTER_X(1)) == e->x1 &&
			   get_register(&m.vcpus[0], REGISTER_X(2)) == e->x2,
		   "%s: type and cookie are left in x1 and x2", e->name);

	make_runnable(&m.vcpus[0]);
	m.console_length = 0;
	memset(m.console, 0, sizeof(m.console));
	run_until(&m, " call ");
	ok(answer(&m, e->fid) == PSCI_RET_INTERNAL_FAILURE,
	   "%s: the caller gets INTERNAL_FAILURE if it is run again", e->name);
	end(&m);
}

/* --- SYSTEM_SUSPEND, which its owner must enable --- */

static void check_suspend(void)
{
	static const struct step steps[] = {
		{ { STEP_START, 1, 3, 0 } },
		{ { PSCI_FN64_AFFINITY_INFO, 1, 0, 0 } },
		{ { PSCI_FN64_SYSTEM_SUSPEND, RAM_BASE, 0xfeedf00d, 0 } },
		{ { 0, 0, 0, 0 } },
	};
	static struct machine m;
	const struct kvm_run *run;

	begin(&m, 0, true, steps, COUNT(steps));
	run = m.vcpus[0].run;
	ok(run_until(&m, NULL) == KVM_EXIT_SYSTEM_EVENT &&
		   run->system_event.type == KVM_SYSTEM_EVENT_SUSPEND,
	   "SYSTEM_SUSPEND is KVM_EXIT_SYSTEM_EVENT of type %u", KVM_SYSTEM_EVENT_SUSPEND);
	ok(run->system_event.ndata == 0, "SYSTEM_SUSPEND: the event has no datum");
	for (unsigned int i = 0; i < VCPUS; i++)
		ok(mp_state(&m.vcpus[i]) == KVM_MP_STATE_RUNNABLE,
		   "SYSTEM_SUSPEND: vCPU %u is still RUNNABLE", i);
	ok(get_register(&m.vcpus[0], REGISTER_X(0)) == PSCI_FN64_SYSTEM_SUSPEND &&
		   get_register(&m.vcpus[0], REGISTER_X(1)) == RAM_BASE &&
		   get_register(&m.vcpus[0], REGISTER_X(2)) == 0xfeedf00d,
	   "SYSTEM_SUSPEND: the call is left in x0 to x2");
	end(&m);
}

/* --- what each version announces and refuses --- */

/** A call, and its answer in the versions that know the function. */
static const struct asking {
	struct step step;
	uint32_t since;
	int32_t answer;
} askings[] = {
	/* clang-format off */
	{ { { PSCI_FN32_SYSTEM_OFF2, 2 } }, PSCI_VERSION_1_3, PSCI_RET_INVALID_PARAMETERS },
	{ { { PSCI_FN64_SYSTEM_OFF2, 0x80000000 } }, PSCI_VERSION_1_3, PSCI_RET_INVALID_PARAMETERS },
	{ { { PSCI_FN64_SYSTEM_OFF2, 0x80000001 } }, PSCI_VERSION_1_3, PSCI_RET_INVALID_PARAMETERS },
	{ { { PSCI_FN64_SYSTEM_OFF2, 0, 1 } }, PSCI_VERSION_1_3, PSCI_RET_INVALID_PARAMETERS },
	{ { { PSCI_FN32_SYSTEM_OFF2, 1, 1 } }, PSCI_VERSION_1_3, PSCI_RET_INVALID_PARAMETERS },
	{ { { PSCI_FN32_SYSTEM_RESET2, 1 } }, PSCI_VERSION_1_1, PSCI_RET_INVALID_PARAMETERS },
	{ { { PSCI_FN64_SYSTEM_RESET2, 0x7fffffff } }, PSCI_VERSION_1_1, PSCI_RET_INVALID_PARAMETERS },
	{ { { PSCI_FN32_PSCI_FEATURES, PSCI_FN32_SYSTEM_OFF2 } }, PSCI_VERSION_1_3,
	  PSCI_FEATURES_OFF2_HIBERNATE_OFF },
	{ { { PSCI_FN32_PSCI_FEATURES, PSCI_FN64_SYSTEM_OFF2 } }, PSCI_VERSION_1_3,
	  PSCI_FEATURES_OFF2_HIBERNATE_OFF },
	{ { { PSCI_FN32_PSCI_FEATURES, PSCI_FN32_SYSTEM_RESET2 } }, PSCI_VERSION_1_1, 0 },
	{ { { PSCI_FN32_PSCI_FEATURES, PSCI_FN64_SYSTEM_RESET2 } }, PSCI_VERSION_1_1, 0 },
	{ { { PSCI_FN32_PSCI_FEATURES, PSCI_FN32_SYSTEM_OFF } }, PSCI_VERSION_1_0, 0 },
	/* Not enabled: see begin(). */
	{ { { PSCI_FN32_PSCI_FEATURES, PSCI_FN64_SYSTEM_SUSPEND } }, PSCI_VERSION_1_0,
	  PSCI_RET_NOT_SUPPORTED },
	{ { { PSCI_FN64_SYSTEM_SUSPEND, RAM_BASE } }, PSCI_VERSION_1_0, PSCI_RET_NOT_SUPPORTED },
	/* clang-format on */
};

static void check_asking(uint32_t version, const struct asking *a)
{
	const struct step steps[] = { a->step, { { 0 } } };
	const uint32_t fid = (uint32_t)a->step.x[0];
	const int32_t wanted = version >= a->since ? a->answer : PSCI_RET_NOT_SUPPORTED;
	static struct machine m;
	int32_t got;

	begin(&m, version, false, steps, COUNT(steps));
	run_until(&m, " call ");
	got = answer(&m, fid);
	ok(got == wanted, "PSCI %u.%u: %s(%#llx, %#llx) is %d", version >> 16, version & 0xffff,
	   psci_function_name(fid), (unsigned long long)a->step.x[1],
	   (unsigned long long)a->step.x[2], wanted);
	if (got != wanted)
		printf("# it is %d\n", got);
	end(&m);
}

static void check_version(uint32_t version)
{
	const struct step steps[] = { { { PSCI_FN32_PSCI_VERSION } }, { { 0 } } };
	static struct machine m;

	begin(&m, version, false, steps, COUNT(steps));
	run_until(&m, " call ");
	ok(answer(&m, PSCI_FN32_PSCI_VERSION) == (int32_t)version,
	   "PSCI %u.%u: PSCI_VERSION returns that version", version >> 16, version & 0xffff);
	end(&m);
	for (size_t i = 0; i < COUNT(askings); i++)
		check_asking(version, &askings[i]);
}

static void load_image(const char *path)
{
	const int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);
	const ssize_t size = read(fd, image, sizeof(image));

	must(size > 0 ? 0 : -1, path);
	image_size = (size_t)size;
	close(fd);
}

int main(int argc, char **argv)
{
	static const uint32_t versions[] = {
		PSCI_VERSION_0_2, PSCI_VERSION_1_0, PSCI_VERSION_1_1,
		PSCI_VERSION_1_2, PSCI_VERSION_1_3,
	};
	static struct machine m;
	static const struct step nothing;
	uint32_t newest;

	if (argc != 2) {
		fputs("usage: test-kvm-psci IMAGE\n", stderr);

		return 2;
	}
	load_image(argv[1]);
	kvm_fd = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	run_size = (size_t)must(ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	begin(&m, 0, false, &nothing, 1);
	newest = (uint32_t)get_register(&m.vcpus[0], KVM_REG_ARM_PSCI_VERSION);
	end(&m);
	printf("# KVM's PSCI goes up to %u.%u\n", newest >> 16, newest & 0xffff);

	for (size_t i = 0; i < COUNT(versions) && versions[i] <= newest; i++)
		check_version(versions[i]);
	for (size_t i = 0; i < COUNT(endings); i++) {
		if (endings[i].since <= newest)
			check_ending(&endings[i]);
	}
	check_suspend();
	printf("1..%u\n", test_count);

	return failure_count ? 1 : 0;
}
