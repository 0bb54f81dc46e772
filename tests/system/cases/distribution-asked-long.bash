# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # The guest expands; vm.bash and run-in-host set them.
#
# Debian on its own disk, /dev/vda here, is asked to sleep by its host: by its own qemu-guest-agent,
# and without that by the machine's buttons, which systemd-logind serves.

# shellcheck source=tests/system/lib/distribution.bash
. "$here/lib/distribution.bash"

# The command succeeds once the guest has done it: asked SENTENCE COMMAND...
asked()
{
	ok "asked: $1" asks "${@:2}"
}

asks()
{
	dormouse "$@" --timeout 1500 >"$logs/said" 2>&1
}

agent_is_seen()
{
	dormouse status web >"$logs/said" && grep -q '^agent: qemu-guest-agent' "$logs/said"
}

by_its_agent()
{
	system_start web --firmware uefi --disk /dev/vda --memory 1G --cpus 2
	ok "asked: Debian boots" system_boots
	system_is "asked: Debian starts its agent by itself" 'systemctl is-active qemu-guest-agent' active
	ok "asked: status has the agent" vm_until agent_is_seen
	system_counts
	system_answers 'cat /proc/sys/kernel/random/boot_id'
	boot_id=$answer
	asked "dormouse suspend has Debian suspend itself" suspend web
	ok "asked: it is suspended" vm_await_state web suspended
	ok "asked: dormouse wake wakes it" system_wakes
	system_settles
	asked "dormouse hibernate has Debian hibernate" hibernate web
	vm_finish
	is "asked: the run ends with 3" "$vm_status" 3
	ok "asked: it was asked by its agent" dormouse_said '^dormouse: web: its guest is asked to hibernate, by its agent'
	system_count=1
	system_comes_back "asked" "$boot_id"
}

by_a_button()
{
	system_settles
	system_is "asked: the agent can be stopped" 'systemctl stop qemu-guest-agent; systemctl is-active qemu-guest-agent' inactive
	asked "dormouse suspend presses the sleep button, on which logind acts" suspend web
	ok "asked: it is suspended by its button" vm_await_state web suspended
	ok "asked: it is woken again" system_wakes
	system_settles
	system_is "asked: it is still the system that booted" 'cat /proc/sys/kernel/random/boot_id' "$boot_id"
	asked "dormouse poweroff presses the power button, on which logind acts" poweroff web
	vm_finish
	is "asked: powered off by the button, the run ends with 0" "$vm_status" 0
	ok "asked: it was asked by its button" dormouse_said '^dormouse: web: its guest is asked to power off, by its power button'
}

# Debian takes longer than the guests of other tests.
vm_deadline=2000
mkfifo "$disks/system-keys"
exec {keys}<>"$disks/system-keys"
by_its_agent
by_a_button
exec {keys}>&-
