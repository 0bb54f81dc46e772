/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of a VM: the options of `dormouse run`, and what the record
 * keeps of them.
 */
#ifndef VMM_CONFIG_H
#define VMM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/forward.h"
#include "config/net.h"
#include "config/psci-test.h"

#define CONFIG_DISKS_MAX 16
#define CONFIG_CPUS_MAX 123 /* One GICv3 redistributor region below the PL011. */
#define CONFIG_MEMORY_MIN (64ULL << 20)
#define CONFIG_MEMORY_MAX (64ULL << 40) /* Less than an address of 48 bits can reach. */
#define CONFIG_GENERATION_ID_SIZE 16
#define CONFIG_MEMORY_ALIGNMENT (2ULL << 20)

/** The server of the guest's PSCI calls. */
enum psci_server {
	PSCI_SERVER_ANY, /**< libpsci where KVM can forward the calls, else KVM. */
	PSCI_SERVER_USERSPACE, /**< libpsci, in dormouse. */
	PSCI_SERVER_MIXED, /**< KVM, except PSCI_VERSION, PSCI_FEATURES and SYSTEM_OFF2. */
	PSCI_SERVER_KERNEL, /**< KVM. */
};

/** The guest's device at the other end of the terminal. */
enum console_device {
	CONSOLE_DEVICE_NONE, /**< No option was given: as CONSOLE_DEVICE_UART. */
	CONSOLE_DEVICE_UART, /**< The PL011. */
	CONSOLE_DEVICE_VIRTIO, /**< The first port of virtio-console. */
};

/** What follows if the guest requests a reset. */
enum reset_policy {
	RESET_POLICY_NONE, /**< No option was given: as RESET_POLICY_RESTART. */
	RESET_POLICY_RESTART,
	RESET_POLICY_EXIT, /**< The run ends; the VM is off. */
};

/** What follows if the guest says, by pvpanic, that it has panicked. */
enum panic_policy {
	PANIC_POLICY_NONE, /**< No option was given: as PANIC_POLICY_STAY. */
	PANIC_POLICY_STAY, /**< It goes on. */
	PANIC_POLICY_EXIT, /**< The run ends; the VM has crashed. */
	PANIC_POLICY_RESTART, /**< It is reset, whatever the policies for resets are. */
};

/** The answer to a guest that calls SYSTEM_SUSPEND. */
enum suspend_policy {
	SUSPEND_POLICY_NONE, /**< No option was given: as SUSPEND_POLICY_ALLOW. */
	SUSPEND_POLICY_ALLOW,
	SUSPEND_POLICY_DENY, /**< SYSTEM_SUSPEND exists, and returns DENIED. */
};

/** Which frames wake a guest from SYSTEM_SUSPEND; see net/arrival.h. */
enum wake_on_net {
	WAKE_ON_NET_NONE, /**< No option was given: as WAKE_ON_NET_DIRECTED. */
	WAKE_ON_NET_DIRECTED,
	WAKE_ON_NET_ANY,
	WAKE_ON_NET_MAGIC,
	WAKE_ON_NET_OFF,
};

/* Of --sleep-when-idle and --park, in seconds. */
#define CONFIG_IDLE_MAX 604800U /* A week. */
/** The option turns it off; 0 means that it was not given. */
#define CONFIG_IDLE_OFF UINT32_MAX

struct disk_config {
	char *path; /**< Absolute. */
	bool read_only;
};

struct config {
	uint32_t machine_version; /**< See board.h; 0: no option was given. */

	/*
	 * What the guest starts with: one of three, absolute paths; or a firmware
	 * and the kernel that it starts.
	 */
	char *kernel; /**< An arm64 Image. */
	char *flat; /**< A binary that runs at the address where it is loaded, */
	uint64_t flat_address; /**< which is this; 0: the default address. */
	char *firmware; /**< The code that the first vCPU executes, from address 0. */

	/** Where the firmware's variables are, an absolute path; NULL: in the VM's directory. */
	char *vars;
	char *vars_file; /**< That of this run, also if @vars is NULL; NULL: in no file. */

	char *initrd; /**< Absolute path, or NULL. */
	char *append; /**< The kernel's command line; never NULL once complete. */
	char *console; /**< See terminal_open(). */
	enum console_device console_device;
	uint64_t console_limit; /**< Of its file, see terminal_limit(). For this run only. */
	struct disk_config disks[CONFIG_DISKS_MAX];
	size_t disk_count;
	struct net_config nets[CONFIG_NETS_MAX];
	size_t net_count;
	struct config_forward forwards[CONFIG_FORWARDS_MAX]; /**< Of the first passt. */
	size_t forward_count;
	bool no_forwards; /**< The option says that there are none. Not recorded. */
	unsigned int cpus;
	unsigned int cpu_features_off; /**< A set of those of board/cpu-features.h. */
	uint64_t memory; /**< In bytes, a multiple of 2 MiB. */
	enum psci_server psci;
	uint32_t psci_version; /**< PSCI_VERSION_*; 0: the newest that the server has. */
	bool idle_states; /**< Those of idle-states.h; otherwise only standby. Needs libpsci. */
	bool idle_clusters; /**< Also the states of clusters of CPUs. */
	bool acpi; /**< Give a kernel ACPI tables beside the device tree. */
	uint8_t generation_id[CONFIG_GENERATION_ID_SIZE]; /**< Of the VM, see config_has_acpi(). */
	enum reset_policy on_reset; /**< SYSTEM_RESET. */
	enum reset_policy on_reset2; /**< SYSTEM_RESET2. */
	enum panic_policy on_panic; /**< pvpanic. */
	enum suspend_policy suspend; /**< SYSTEM_SUSPEND. */
	enum wake_on_net wake_on_net; /**< Which frames end it. */
	/**
	 * After how many seconds without use the guest is asked to suspend, up
	 * to CONFIG_IDLE_MAX; 0: no option was given; CONFIG_IDLE_OFF: it is not
	 * asked.
	 */
	uint32_t sleep_when_idle;
	/**
	 * After how many seconds of sleep the guest is parked; likewise.
	 */
	uint32_t park;
	struct config_psci_test psci_test; /**< For this run only, not part of the machine. */
};

/** Free the strings of a configuration and make it all zero. */
void config_free(struct config *config);

/** Whether it names what the guest starts with: then it describes a machine. */
bool config_describes_machine(const struct config *config);

/**
 * Whether its guest gets ACPI tables: by --acpi, or by a firmware, which a
 * machine hands them to since version 3.
 */
bool config_has_acpi(const struct config *config);

/** Whether one of its networks has that MAC. */
bool config_uses_mac(const struct config *config, const uint8_t mac[MAC_SIZE]);

/** Whether one of its networks is passt, which can forward ports. */
bool config_has_passt(const struct config *config);

/**
 * Copy @from, including its strings. Returns 0 or -ENOMEM, with @to all zero.
 */
int config_copy(struct config *to, const struct config *from);

/**
 * Parse a size such as 512M or 2G (bytes without a suffix; K, M, G, T are
 * powers of 1024). Returns 0, or -EINVAL if it is no size or does not fit.
 */
int config_parse_size(const char *text, uint64_t *size);

/**
 * Parse an address, such as 0x40080000 or 1074266112. Returns 0, or -EINVAL if
 * it is no address, or 0.
 */
int config_parse_address(const char *text, uint64_t *address);

/**
 * Parse a machine version such as 2. Returns 0, or -EINVAL if board.h does not
 * define it.
 */
int config_parse_machine_version(const char *text, uint32_t *version);

/**
 * Parse a PSCI version such as 1.3. Returns 0, or -EINVAL if it is not one from
 * 0.2 to 1.3.
 */
int config_parse_psci_version(const char *text, uint32_t *version);

#define CONFIG_VERSION_TEXT_SIZE 16

/** The reverse, for any version. */
void config_format_psci_version(uint32_t version, char text[CONFIG_VERSION_TEXT_SIZE]);

/**
 * The words of --psci, which are also the record's; PSCI_SERVER_ANY has none.
 */
const char *config_psci_server_word(enum psci_server server);
int config_parse_psci_server(const char *text, enum psci_server *server);

/** The words of --on-reset and --on-reset2; RESET_POLICY_NONE has no word. */
const char *config_reset_policy_word(enum reset_policy policy);
int config_parse_reset_policy(const char *text, enum reset_policy *policy);

/** The words of --on-panic; the word of PANIC_POLICY_NONE is NULL. */
const char *config_panic_policy_word(enum panic_policy policy);
int config_parse_panic_policy(const char *text, enum panic_policy *policy);

/** The words of --console-device; the word of CONSOLE_DEVICE_NONE is NULL. */
const char *config_console_device_word(enum console_device device);
int config_parse_console_device(const char *text, enum console_device *device);

/** The words of --suspend; the word of SUSPEND_POLICY_NONE is NULL. */
const char *config_suspend_policy_word(enum suspend_policy policy);
int config_parse_suspend_policy(const char *text, enum suspend_policy *policy);

/** The words of --wake-on-net; the word of WAKE_ON_NET_NONE is NULL. */
const char *config_wake_on_net_word(enum wake_on_net policy);
int config_parse_wake_on_net(const char *text, enum wake_on_net *policy);

/**
 * Parse what --sleep-when-idle takes: seconds from 1 to CONFIG_IDLE_MAX, or
 * "off". Returns 0, or -EINVAL if it is neither.
 */
int config_parse_idle(const char *text, uint32_t *seconds);

/** Likewise for --park, which is off with 0, too. */
int config_parse_park(const char *text, uint32_t *seconds);

#endif
