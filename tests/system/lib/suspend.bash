# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # The sourcing script sets them.
#
# suspend.bash - guests that suspend and wake many times
#
# To be sourced after vm.bash, tap.bash and calls.bash.

# The guest of tests/system/guests/suspend.S, whose timer fires from long before the call
# until long after: suspend_rounds MODE COUNT
suspend_rounds()
{
	local name=suspend-rounds-$1 said

	cat "$(command -v psci-suspend.img)" >"$disks/$name.img"
	# 20 ms of a counter of 62.5 MHz, in steps that reach every phase.
	append_words "$disks/$name.img" "$2" 48611 1250000
	vm_start "$name" --kernel "$disks/$name.img" --memory 64M --psci "$1"
	vm_finish
	printf -v said 'suspended %016x' "$2"
	is "--psci $1: a guest that suspends $2 times is woken by its timer each time" \
		"$(tr -d '\r' <"$vm_console")" "$said"
	is "--psci $1: a guest that suspends $2 times powers off: run exits 0" "$vm_status" 0
}

# Linux with four vCPUs, woken by its clock: suspend_linux MODE COUNT
suspend_linux()
{
	local name=suspend-linux-$1

	vm_start "$name" --kernel "$guest/Image" --initrd "$guest/initrd" --memory 512M --cpus 4 \
		--psci "$1" --append "$vm_linux do=count,rtcwake:$2,poweroff"
	vm_finish
	is "--psci $1: Linux suspends and wakes $2 times" "$(guest_fact suspended success)" "$2"
	is "--psci $1: Linux is never refused a suspension" "$(count_lines "$vm_console" '^GUEST: refused ')" 0
	is "--psci $1: Linux has all CPUs after its suspensions" "$(guest_fact suspended cpus)" 0-3
	is "--psci $1: Linux is the one that suspended" \
		"$(guest_fact suspended boot_id)" "$(guest_fact boot boot_id)"
	is "--psci $1: Linux has the process that ran before its suspensions" "$(guest_fact suspended started)" \
		"$(guest_fact counter started)"
	ok "--psci $1: dormouse reports that the clock woke Linux" dormouse_said \
		": $name: running: woken by the clock's alarm, at "
	ok "--psci $1: dormouse reports that nothing but the clock woke Linux" \
		[ -z "$(whole_lines "$vm_messages" | grep ': woken by' | grep -v clock)" ]
	is "--psci $1: Linux powers off after its suspensions: run exits 0" "$vm_status" 0
}

# Saves the VM; its messages are in $saved_said: vm_save NAME FILE
vm_save()
{
	saved_said=$(dormouse save "$1" "$2" 2>&1)
}

# Linux with four vCPUs and a disk, saved while it sleeps, and restored: save_linux MODE
save_linux()
{
	local name=save-linux-$1 saved=$disks/linux.saved boot_id

	rm -f "$saved"
	vm_disk "$name" 1
	vm_start "$name" --kernel "$guest/Image" --initrd "$guest/initrd" --memory 256M --cpus 4 \
		--disk "$disks/$name" --psci "$1" \
		--append "$vm_linux do=report,suspend:1,report,poweroff"
	ok "--psci $1: Linux suspends before it is saved" vm_await_state "$name" suspended
	boot_id=$(guest_fact report boot_id)
	ok "--psci $1: Linux is saved" vm_save "$name" "$saved"
	vm_finish
	vm_restore "$name" "$saved"
	ok "--psci $1: Linux is restored" vm_await_state "$name" suspended
	dormouse wake "$name" >"$disks/said" 2>&1 || true
	vm_finish
	is "--psci $1: Linux says after its restore that it has suspended once" \
		"$(guest_fact suspended success)" 1
	is "--psci $1: Linux after its restore is the one that was saved" \
		"$(guest_fact suspended boot_id)" "$boot_id"
	is "--psci $1: Linux has all CPUs after its restore" "$(guest_fact suspended cpus)" 0-3
	is "--psci $1: Linux powers off after its restore: run exits 0" "$vm_status" 0
}
