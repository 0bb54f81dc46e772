/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The caller's side: what an implementation offers, and calls to it.
 *
 * This file shares numbers with the rest of the library, but no code: a guest
 * links this file alone.
 */
#include <psci/client.h>
#include <psci/env.h>
#include <psci/smccc.h>

/** The numbers for which there are ids; bit n is function number n. */
enum {
	ALL_NUMBERS = 0x3fffff,
	FN64_NUMBERS = 0x3770ba,
	/** CPU_SUSPEND to SYSTEM_RESET: the functions that a caller of 0.2 may try. */
	NUMBERS_0_2 = 0x3ff,
	/** MIGRATE_INFO_UP_CPU and the statistics: none of their answers is an error. */
	UNSIGNED_NUMBERS = 0x30080,
};

/** The flags of ARM_BOOT_ARCH (ACPI, FADT). */
enum {
	PSCI_COMPLIANT = 1,
	PSCI_USE_HVC = 2,
};

static bool is_word(const char *text, const char *word)
{
	while (*word && *text == *word) {
		text++;
		word++;
	}

	return *text == *word;
}

enum psci_conduit psci_conduit_from_method(const char *method)
{
	if (method && is_word(method, "hvc"))
		return PSCI_CONDUIT_HVC;
	if (method && is_word(method, "smc"))
		return PSCI_CONDUIT_SMC;

	return PSCI_CONDUIT_NONE;
}

enum psci_conduit psci_conduit_from_acpi(uint16_t arm_boot_arch)
{
	if (!(arm_boot_arch & PSCI_COMPLIANT))
		return PSCI_CONDUIT_NONE;

	return arm_boot_arch & PSCI_USE_HVC ? PSCI_CONDUIT_HVC : PSCI_CONDUIT_SMC;
}

static int64_t invoke(const struct psci_client *client, uint32_t fid, uint64_t x1, uint64_t x2,
		      uint64_t x3)
{
	uint64_t x[4] = { fid, x1, x2, x3 };

	client->call(client->ctx, x);

	/* The upper half of an SMC32 answer may have any value (DEN0028). */
	return fid & SMCCC_SMC64_MASK ? (int64_t)x[0] : (int32_t)x[0];
}

static int32_t ask_features(const struct psci_client *client, uint32_t fid)
{
	return (int32_t)invoke(client, PSCI_FN32_PSCI_FEATURES, fid, 0, 0);
}

/* Returns which functions of @numbers are there, with the ids from @base. */
static uint32_t ask_all(const struct psci_client *client, uint32_t base, uint32_t numbers)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < PSCI_FN_COUNT; i++) {
		if (numbers & PSCI_FN_BIT(i) && ask_features(client, base + i) >= 0)
			found |= PSCI_FN_BIT(i);
	}

	return found;
}

static bool is_there(const struct psci_client *client, uint32_t fn32)
{
	return (client->fn32 | client->fn64) & PSCI_FN_BIT(fn32);
}

/* Calls PSCI_FEATURES for a function that is there, in the convention that will be used. */
static uint32_t flags_of(const struct psci_client *client, uint32_t fn32)
{
	const uint32_t number = fn32 - PSCI_FN32_BASE;

	if (!is_there(client, fn32))
		return 0;

	return (uint32_t)ask_features(
		client, client->fn64 & PSCI_FN_BIT(number) ? PSCI_FN64_BASE + number : fn32);
}

static void probe_features(struct psci_client *client)
{
	client->fn32 = ask_all(client, PSCI_FN32_BASE, ALL_NUMBERS);
	client->fn64 = client->aarch64 ? ask_all(client, PSCI_FN64_BASE, FN64_NUMBERS) : 0;
	client->suspend_features = flags_of(client, PSCI_FN32_CPU_SUSPEND);
	client->off2_types = flags_of(client, PSCI_FN32_SYSTEM_OFF2);
	if (ask_features(client, SMCCC_FN32_VERSION) >= 0) {
		const int64_t version = invoke(client, SMCCC_FN32_VERSION, 0, 0, 0);

		if (version >= SMCCC_VERSION_1_0)
			client->smccc_version = (uint32_t)version;
	}
}

int psci_client_probe(struct psci_client *client, void (*call)(void *ctx, uint64_t x[4]), void *ctx,
		      bool aarch64)
{
	struct psci_client probed = {
		.call = call,
		.ctx = ctx,
		.aarch64 = aarch64,
		.smccc_version = SMCCC_VERSION_1_0,
	};
	const int64_t version = invoke(&probed, PSCI_FN32_PSCI_VERSION, 0, 0, 0);

	if (version < PSCI_VERSION_0_2)
		return PSCI_ERR_UNSUPPORTED;
	probed.version = (uint32_t)version;
	if (probed.version >= PSCI_VERSION_1_0) {
		probe_features(&probed);
	} else if (aarch64) {
		/* In 0.2 each caller had to use the ids of its own width. */
		probed.fn64 = NUMBERS_0_2 & FN64_NUMBERS;
		probed.fn32 = NUMBERS_0_2 & ~FN64_NUMBERS;
	} else {
		probed.fn32 = NUMBERS_0_2;
	}
	*client = probed;

	return PSCI_OK;
}

uint64_t psci_client_call(const struct psci_client *client, uint32_t fn32, uint64_t x1, uint64_t x2,
			  uint64_t x3)
{
	const uint32_t number = fn32 - PSCI_FN32_BASE;

	if (number >= PSCI_FN_COUNT || !is_there(client, fn32))
		return (uint64_t)PSCI_RET_NOT_SUPPORTED;
	if (client->fn64 & PSCI_FN_BIT(number))
		return (uint64_t)invoke(client, PSCI_FN64_BASE + number, x1, x2, x3);
	if ((x1 | x2 | x3) > UINT32_MAX)
		return (uint64_t)PSCI_RET_INVALID_PARAMETERS;

	const int64_t answer = invoke(client, fn32, x1, x2, x3);

	return UNSIGNED_NUMBERS & PSCI_FN_BIT(number) ? (uint32_t)answer : (uint64_t)answer;
}

int32_t psci_client_code(const struct psci_client *client, uint32_t fn32, uint64_t x1, uint64_t x2,
			 uint64_t x3)
{
	return (int32_t)psci_client_call(client, fn32, x1, x2, x3);
}

int32_t psci_client_power_off(const struct psci_client *client, bool hibernating)
{
	if (hibernating && client->off2_types & PSCI_FEATURES_OFF2_HIBERNATE_OFF) {
		psci_client_system_off2(client, 0);
		psci_client_system_off2(client, PSCI_OFF2_TYPE_HIBERNATE_OFF);
	}

	return psci_client_system_off(client);
}

int32_t psci_client_restart(const struct psci_client *client, bool warm)
{
	if (warm)
		psci_client_system_reset2(client, PSCI_RESET2_TYPE_SYSTEM_WARM_RESET, 0);

	return psci_client_system_reset(client);
}
