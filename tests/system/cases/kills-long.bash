# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# Linux hibernates five times, and dormouse is killed at random moments meanwhile. The next
# run resumes the guest that hibernated, or boots it anew.

# A seed repeats the moments, as far as the machine's speed is the same.
kills_seed=${kills_seed-$((RANDOM * 32768 + RANDOM))}
echo "# the seed of the kills is $kills_seed"
RANDOM=$kills_seed

# Milliseconds since the host's start.
kills_now()
{
	local up

	read -r up _ </proc/uptime
	echo "$((${up%.*} * 1000 + 10#${up#*.} * 10))"
}

# How long a hibernation takes that is not disturbed.
kills_measure()
{
	local began

	vm_start_guest unkilled count,hibernate,poweroff --cpus 2
	vm_await "$vm_console" '^GUEST: hibernating ' || true
	began=$(kills_now)
	vm_finish
	is "Linux that is not killed hibernates: run exits 3" "$vm_status" 3
	kills_takes=$(($(kills_now) - began))
}

# kills_cycle NUMBER
kills_cycle()
{
	local after=$(((RANDOM * 32768 + RANDOM) % kills_takes)) nonce state

	vm_start_guest "killed-$1" count,hibernate,poweroff --cpus 2
	vm_await "$vm_console" '^GUEST: hibernating ' || true
	nonce=$(guest_fact hibernating nonce)
	echo "# kill $1: after $after of $kills_takes ms"
	sleep "$((after / 1000)).$(printf %03d $((after % 1000)))"
	vm_signal KILL
	state=$(vm_state "killed-$1" state)
	ok "random kill $1: the record says crashed, or hibernated if the image was complete" \
		grep -qxE 'crashed|hibernated' <<<"$state"
	# A guest that resumes powers off. One that boots hibernates, as it did at first.
	vm_start "killed-$1"
	vm_finish
	if guest_said '^GUEST: resumed '; then
		is "random kill $1: the guest that resumes is the one that hibernated" \
			"$(guest_fact resumed nonce)" "$nonce"
		is "random kill $1: a guest that resumes powers off: run exits 0" "$vm_status" 0
	else
		is "random kill $1: a guest that boots anew was not recorded as hibernated" "$state" crashed
		is "random kill $1: a guest that boots anew hibernates: run exits 3" "$vm_status" 3
	fi
	rm "$disks/killed-$1-swap"
}

kills_measure
for cycle in 1 2 3 4 5; do
	kills_cycle "$cycle"
done
