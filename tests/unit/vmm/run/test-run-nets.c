/* SPDX-License-Identifier: BSD-3-Clause */
/* Which MACs and features the network devices of a run have. */
#include "run/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "board/board.h"

static char kernel[] = "/boot/Image";
static char append[] = "";
static char tap[] = "tap0";
static char unix_socket[] = "/run/net";

static const uint8_t first[MAC_SIZE] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t given[MAC_SIZE] = { 2, 0, 0, 0, 0, 9 };

static void add(struct config *config, enum net_kind kind, const uint8_t *mac, uint64_t features)
{
	struct net_config *net = &config->nets[config->net_count++];

	*net = (struct net_config){
		.kind = kind,
		.target = kind == NET_KIND_TAP ? tap : unix_socket,
		.features = features,
	};
	if (mac)
		memcpy(net->mac, mac, sizeof(net->mac));
}

/* A VM whose last run had a tap, whose device had few features. */
static struct prior_run found_in(enum vm_state state)
{
	struct prior_run found = { .name = "web", .recorded = true, .last = { .state = state } };

	found.last.config.machine_version = BOARD_VERSION_4;
	found.last.config.kernel = kernel;
	found.last.config.append = append;
	found.last.config.cpus = 1;
	add(&found.last.config, NET_KIND_TAP, first, 1 << 5);

	return found;
}

/* Options that describe the machine. */
static struct run_options options_of(void)
{
	struct run_options options = { .name = "web" };

	options.config.kernel = kernel;
	options.config.append = append;
	options.config.cpus = 1;
	options.config.memory = 512 << 20;

	return options;
}

static struct config must_resolve(const struct run_options *options, const struct prior_run *found)
{
	struct config config = { 0 };
	struct error error;

	if (run_config_resolve(options, found, &config, &error) < 0)
		fail_msg("%s", error.text);

	return config;
}

static void a_device_that_is_described_again_keeps_its_mac(void **state)
{
	const struct prior_run found = found_in(VM_OFF);
	struct run_options options = options_of();
	struct config config;

	add(&options.config, NET_KIND_UNIX, NULL, 0);
	add(&options.config, NET_KIND_TAP, NULL, 0);
	config = must_resolve(&options, &found);
	assert_memory_equal(config.nets[0].mac, first, sizeof(first));
	/* Another one gets one of its own. */
	assert_true(config_has_mac(&config.nets[1]));
	assert_memory_not_equal(config.nets[1].mac, first, sizeof(first));
	assert_int_equal(config.nets[0].features, config_net_features(NET_KIND_UNIX));
	assert_int_equal(config.nets[1].features, config_net_features(NET_KIND_TAP));
	config_free(&config);
}

static void a_mac_that_is_given_is_taken(void **state)
{
	const struct prior_run found = found_in(VM_OFF);
	struct run_options options = options_of();
	struct config config;

	add(&options.config, NET_KIND_TAP, given, 0);
	config = must_resolve(&options, &found);
	assert_memory_equal(config.nets[0].mac, given, sizeof(given));
	config_free(&config);
}

/* A device that is put in front of the others, with a MAC that one of them had. */
static void a_mac_that_is_given_is_that_of_one_device(void **state)
{
	struct prior_run found = found_in(VM_OFF);
	struct run_options options = options_of();
	struct config config;

	add(&options.config, NET_KIND_UNIX, NULL, 0);
	add(&options.config, NET_KIND_TAP, first, 0);
	config = must_resolve(&options, &found);
	assert_true(config_has_mac(&config.nets[0]));
	assert_memory_not_equal(config.nets[0].mac, first, sizeof(first));
	assert_memory_equal(config.nets[1].mac, first, sizeof(first));
	config_free(&config);

	/* Likewise behind it. */
	add(&found.last.config, NET_KIND_UNIX, given, 0);
	options = options_of();
	add(&options.config, NET_KIND_UNIX, given, 0);
	add(&options.config, NET_KIND_TAP, NULL, 0);
	config = must_resolve(&options, &found);
	assert_memory_equal(config.nets[0].mac, given, sizeof(given));
	assert_true(config_has_mac(&config.nets[1]));
	assert_memory_not_equal(config.nets[1].mac, given, sizeof(given));
	config_free(&config);
}

static void a_machine_that_is_not_described_is_as_it_was(void **state)
{
	const struct prior_run found = found_in(VM_OFF);
	const struct run_options options = { .name = "web" };
	struct config config = must_resolve(&options, &found);

	assert_int_equal(config.net_count, 1);
	assert_memory_equal(config.nets[0].mac, first, sizeof(first));
	assert_int_equal(config.nets[0].features, 1 << 5);
	config_free(&config);
}

/* Whose driver has agreed on those that it found. */
static void a_hibernated_guest_finds_the_features_that_it_left(void **state)
{
	const struct prior_run found = found_in(VM_HIBERNATED);
	struct run_options options = options_of();
	struct config config;

	add(&options.config, NET_KIND_TAP, NULL, 0);
	config = must_resolve(&options, &found);
	assert_int_equal(config.nets[0].features, 1 << 5);
	config_free(&config);
	options.force = true;
	config = must_resolve(&options, &found);
	assert_int_equal(config.machine_version, BOARD_VERSION_NEWEST);
	config_free(&config);
}

static void a_machine_of_an_earlier_version_has_no_network_devices(void **state)
{
	const struct prior_run found = { .name = "web" };
	struct run_options options = options_of();
	struct config config = { 0 };
	struct error error;

	options.config.machine_version = BOARD_VERSION_3;
	add(&options.config, NET_KIND_TAP, NULL, 0);
	assert_int_equal(run_config_resolve(&options, &found, &config, &error), -EINVAL);
	assert_string_equal(error.text, "--net for web, which has machine version 3: network "
					"devices came with version 4");
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_that_is_described_again_keeps_its_mac),
		cmocka_unit_test(a_mac_that_is_given_is_taken),
		cmocka_unit_test(a_mac_that_is_given_is_that_of_one_device),
		cmocka_unit_test(a_machine_that_is_not_described_is_as_it_was),
		cmocka_unit_test(a_hibernated_guest_finds_the_features_that_it_left),
		cmocka_unit_test(a_machine_of_an_earlier_version_has_no_network_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
