// SPDX-License-Identifier: GPL-2.0-only
/*
 * psci_hibernate - report hibernation to the host
 *
 * Linux powers a hibernated arm64 machine off by PSCI's SYSTEM_OFF2 since 6.13,
 * and by SYSTEM_OFF before, which a host cannot distinguish from an ordinary
 * power-off. This module lets kernels from 5.19 on make the newer call at the end
 * of a hibernation, and only then.
 *
 * How it detects that a power-off is the end of a hibernation: the kernel's own
 * flag, system_entering_hibernation(), is only set for ACPI's platform mode. But
 * the task that hibernates is always the one that powers off, from within
 * hibernate():
 *
 *   hibernate()
 *     lock_system_sleep()          marks the task as one that must not freeze
 *     PM_HIBERNATION_PREPARE       in the context of the task
 *     write the image
 *     kernel_power_off()           in the context of the task, last of all
 *       device_shutdown()
 *       stop all other CPUs
 *       power-off handlers         by priority: ours, EFI's, SYSTEM_OFF
 *     PM_POST_HIBERNATION          in the context of the task
 *     unlock_system_sleep()        removes the mark
 *
 * So a power-off ends a hibernation if the task that powers off is the one that
 * last announced a hibernation, has not ended it since, and still has the mark.
 * This is not the case wherever it must not be:
 *
 * - The hibernation failed (no room for the image, a driver's veto), was a test
 *   (pm_test, test_resume), or was followed by a sleep in RAM that the machine
 *   woke from (suspend-hybrid): PM_POST_HIBERNATION has been sent before any task
 *   can power off. If that sleep fails, the kernel powers off instead, from
 *   within hibernate(), with a good image: this is a hibernation.
 * - The machine resumed: its memory is that of before the power-off, with the
 *   hibernation still announced, and the kernel's first act is to end it.
 * - /sys/power/disk says reboot: no power-off handler is called.
 * - A user space that hibernates by itself (uswsusp: /dev/snapshot) announces
 *   too, when it opens the device, and powers off by reboot(2), perhaps without
 *   having written anything: its task lost the mark when open(2) returned. Linux
 *   6.13 does not count this as a hibernation either.
 * - Another task powers off in the meantime (SysRq-O, a critical temperature): it
 *   is not the task that hibernates, whose image may be unfinished.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/arm-smccc.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/suspend.h>
#include <uapi/linux/psci.h>

#ifndef CONFIG_HIBERNATION
#error "psci_hibernate is for kernels that can hibernate (CONFIG_HIBERNATION)."
#endif
#ifndef SYS_OFF_PRIO_FIRMWARE
#error "psci_hibernate needs Linux 5.19 or newer, which has sys-off handlers."
#endif

/* DEN0022F.b, SYSTEM_OFF2, and its bit in the answer of PSCI_FEATURES. */
#define PSCI_FN64_SYSTEM_OFF2 PSCI_0_2_FN64(0x15)
#define PSCI_FEATURES_HIBERNATE_OFF BIT(0)

/* The mark of lock_system_sleep(): PF_FREEZER_SKIP was dropped in 6.1. */
#ifdef PF_FREEZER_SKIP
#define PF_SYSTEM_SLEEP PF_FREEZER_SKIP
#else
#define PF_SYSTEM_SLEEP PF_NOFREEZE
#endif

/*
 * The task that announced a hibernation and has not ended it; it is only compared.
 * Safe without a lock: a task finds itself here only if it wrote this itself, and
 * any other task finds a value that is not itself.
 */
static struct task_struct *hibernating_task;

static int psci_hibernate_notify(struct notifier_block *nb, unsigned long event, void *unused)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
		WRITE_ONCE(hibernating_task, current);
		break;
	case PM_POST_HIBERNATION:
		WRITE_ONCE(hibernating_task, NULL);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block psci_hibernate_nb = {
	.notifier_call = psci_hibernate_notify,
};

static unsigned long psci_call(unsigned long function, unsigned long arg)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(function, arg, 0, 0, &res);
	return res.a0;
}

/* Called with interrupts off, on the only CPU that is still running. */
static int psci_hibernate_power_off(struct sys_off_data *data)
{
	unsigned long ret;

	if (READ_ONCE(hibernating_task) != current || !(current->flags & PF_SYSTEM_SLEEP))
		return NOTIFY_DONE;

	/*
	 * Type 0 is HIBERNATE_OFF as well as 1, and is what Linux 6.13 sends: some
	 * hosts that are older than DEN0022F.b accept no other.
	 */
	ret = psci_call(PSCI_FN64_SYSTEM_OFF2, 0);
	pr_err("the host refused SYSTEM_OFF2 (%ld); powering off without it\n", (long)ret);
	return NOTIFY_DONE;
}

/*
 * Asks the running kernel, not its version: vendors backport changes to older
 * kernels. The driver's handler is static, so a (disabled) probe looks it up.
 * If that is impossible, the header that came with the handler decides.
 */
static bool kernel_calls_system_off2(void)
{
	struct kprobe probe = {
		.symbol_name = "psci_sys_hibernate",
		.flags = KPROBE_FLAG_DISABLED,
	};
	int err = register_kprobe(&probe);

	if (!err)
		unregister_kprobe(&probe);
	if (!err || err == -ENOENT)
		return !err;
#ifdef PSCI_1_3_FN64_SYSTEM_OFF2
	return true;
#else
	return false;
#endif
}

static int __init psci_hibernate_probe(void)
{
	unsigned long version;
	long types;

	/* The kernel's PSCI driver sets it, for PSCI 1.0 with SMCCC 1.1 and newer. */
	if (arm_smccc_1_1_get_conduit() == SMCCC_CONDUIT_NONE) {
		pr_err("not loaded: this machine has no PSCI that could offer SYSTEM_OFF2\n");
		return -ENODEV;
	}
	if (kernel_calls_system_off2()) {
		pr_err("not loaded: this kernel itself calls SYSTEM_OFF2 when it hibernates\n");
		return -ENODEV;
	}
	types = psci_call(PSCI_1_0_FN_PSCI_FEATURES, PSCI_FN64_SYSTEM_OFF2);
	/* PSCI_FEATURES is an SMC32 function: its result is a signed 32-bit number. */
	if ((s32)types < 0 || !(types & PSCI_FEATURES_HIBERNATE_OFF)) {
		version = psci_call(PSCI_0_2_FN_PSCI_VERSION, 0);
		pr_err("not loaded: the host's PSCI, version %lu.%lu, offers no SYSTEM_OFF2\n",
		       PSCI_VERSION_MAJOR(version), PSCI_VERSION_MINOR(version));
		return -ENODEV;
	}
	return 0;
}

static struct sys_off_handler *off2_handler;

static int __init psci_hibernate_init(void)
{
	int err = psci_hibernate_probe();

	if (err)
		return err;
	err = register_pm_notifier(&psci_hibernate_nb);
	if (err)
		return err;
	/* Before EFI's handler, which is at SYS_OFF_PRIO_FIRMWARE + 1. */
	off2_handler = register_sys_off_handler(SYS_OFF_MODE_POWER_OFF, SYS_OFF_PRIO_FIRMWARE + 2,
						psci_hibernate_power_off, NULL);
	if (IS_ERR(off2_handler)) {
		unregister_pm_notifier(&psci_hibernate_nb);
		return PTR_ERR(off2_handler);
	}
	pr_info("hibernation will end in SYSTEM_OFF2, which reports it to the host\n");
	return 0;
}

static void __exit psci_hibernate_exit(void)
{
	unregister_sys_off_handler(off2_handler);
	unregister_pm_notifier(&psci_hibernate_nb);
}

module_init(psci_hibernate_init);
module_exit(psci_hibernate_exit);

MODULE_DESCRIPTION("Hibernate through PSCI's SYSTEM_OFF2 on kernels older than 6.13");
MODULE_AUTHOR("The Dormouse authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("1.0");
