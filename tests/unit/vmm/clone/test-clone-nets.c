/* SPDX-License-Identifier: BSD-3-Clause */
/* The network devices of a clone: whether it is another station. */
#include "clone-rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "board/board.h"
#include "support/scratch.h"

static void add_nets(struct config *config)
{
	config->machine_version = BOARD_VERSION_4;
	config->nets[0] = (struct net_config){
		.kind = NET_KIND_TAP,
		.target = strdup("tap0"),
		.mac = { 2, 0, 0, 0, 0, 1 },
		.features = config_net_features(NET_KIND_TAP),
	};
	config->nets[1] = (struct net_config){
		.kind = NET_KIND_UNIX,
		.target = strdup("/run/net"),
		.mac = { 2, 0, 0, 0, 0, 2 },
		.features = config_net_features(NET_KIND_UNIX),
	};
	config->net_count = 2;
}

static struct record make_clone(void)
{
	struct error error = { "" };

	if (clone_rig_clone(NULL, NULL, &error) < 0)
		fail_msg("%s", error.text);

	return clone_rig_load("copy");
}

static void assert_devices_are_kept(const struct config *copy, const struct config *web)
{
	assert_int_equal(copy->net_count, web->net_count);
	for (size_t i = 0; i < web->net_count; i++) {
		assert_int_equal(copy->nets[i].kind, web->nets[i].kind);
		assert_string_equal(copy->nets[i].target, web->nets[i].target);
		assert_int_equal(copy->nets[i].features, web->nets[i].features);
	}
}

static void has_macs_of_its_own(enum vm_state state)
{
	struct record web = clone_rig_record();
	struct record copy;

	web.state = state;
	add_nets(&web.config);
	clone_rig_save("web", &web);
	copy = make_clone();
	assert_devices_are_kept(&copy.config, &web.config);
	for (size_t i = 0; i < 2; i++)
		assert_memory_not_equal(copy.config.nets[i].mac, web.config.nets[i].mac, MAC_SIZE);
	assert_memory_not_equal(copy.config.nets[0].mac, copy.config.nets[1].mac, MAC_SIZE);
	record_free(&copy);
	record_free(&web);
}

static void a_clone_of_a_vm_that_is_off_has_macs_of_its_own(void **state)
{
	has_macs_of_its_own(VM_OFF);
}

/* It boots without the image. */
static void a_clone_of_a_hibernated_vm_has_macs_of_its_own(void **state)
{
	has_macs_of_its_own(VM_HIBERNATED);
}

/* Its guest has them in its memory. */
static void a_clone_of_a_saved_vm_has_its_macs(void **state)
{
	struct record web = clone_rig_record();
	struct record copy;

	add_nets(&web.config);
	clone_rig_save_machine(&web);
	copy = make_clone();
	assert_devices_are_kept(&copy.config, &web.config);
	for (size_t i = 0; i < 2; i++)
		assert_memory_equal(copy.config.nets[i].mac, web.config.nets[i].mac, MAC_SIZE);
	record_free(&copy);
	record_free(&web);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLONE_TEST(a_clone_of_a_vm_that_is_off_has_macs_of_its_own),
		CLONE_TEST(a_clone_of_a_hibernated_vm_has_macs_of_its_own),
		CLONE_TEST(a_clone_of_a_saved_vm_has_its_macs),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
