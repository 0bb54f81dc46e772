# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # run-in-host sets them.
#
# A host that fails: a block device with bad sectors, which are reported to the guest
# and which the VM survives; and a host without memory, whose OOM killer ends dormouse.

. "$here/lib/calls.bash"
. "$here/lib/disk-user.bash"

# --- Bad sectors ---

sectors_go_bad()
{
	modprobe null_blk nr_devices=0
	mount -t configfs configfs /sys/kernel/config 2>/dev/null || true
	bad=/sys/kernel/config/nullb/nullb0
	mkdir "$bad"
	# 8 MiB, in memory.
	echo 8 >"$bad/size"
	echo 1 >"$bad/memory_backed"
	echo 1 >"$bad/power"
	device=/dev/nullb0
	ok "the host has a block device that can have bad sectors" test -b "$device"

	# With a page of it in the host's memory already, a write does not reach the device yet.
	disk_start "$device" 1000
	disk_does "before sectors go bad: a read works" r 0
	mknod "$disks/other-name" b $((0x$(stat -c %t "$device"))) $((0x$(stat -c %T "$device")))
	other_said=$(dormouse run --name other --flat "$(command -v hostile.img)" --memory 64M \
		--disk "$disks/other-name,ro" </dev/null 2>&1) || true
	is "a disk in use cannot be read by another name of its device" "$other_said" \
		"dormouse: disk $disks/other-name is in use by another VM, or given twice"
	rm "$disks/other-name"
	echo "+1000-1007" >"$bad/badblocks"
	disk_does "sectors gone bad: a write into the host's memory works" w 0
	disk_does "sectors gone bad: the flush gets an I/O error" f 1
	ok "sectors gone bad: the VM lives" vm_is_alive
	ok "sectors gone bad: dormouse reports that writes are not durable" \
		dormouse_said "^dormouse: disk: disk $device: what was written \
is not durable: Input/output error; all flushes fail from now on\$"
	echo "-1000-1007" >"$bad/badblocks"
	disk_does "sectors that are good again: a write works" w 0
	disk_does "sectors that are good again: a flush still fails, since a write is lost" f 1
	is "sectors that are good again: dormouse has reported the failure once" "$(wc -l <"$vm_messages")" 2
	echo "+1000-1007" >"$bad/badblocks"
	disk_power_off
	is "a write that is not durable when the guest ends: run exits 4" "$vm_status" 4
	ok "a write that is not durable when the guest ends: dormouse reports it" dormouse_said \
		"^dormouse: disk: disk $device: what was written is not durable: Input/output error\$"
	is "a write that is not durable when the guest ends: status says crashed" \
		"$(vm_state disk state)" crashed
	disk_close
}

sectors_are_bad()
{
	echo 1 >/proc/sys/vm/drop_caches
	disk_start "$device" 1000
	disk_does "bad sectors: a read gets an I/O error" r 1
	disk_does "bad sectors: a write of part of a page gets an I/O error" w 1
	ok "bad sectors: the VM lives" vm_is_alive
	echo "-1000-1007" >"$bad/badblocks"
	disk_does "sectors that are good again: a read works" r 0
	disk_does "sectors that are good again: a write works" w 0
	disk_does "sectors that are good again: a flush works" f 0
	disk_power_off
	is "sectors that are good again: the guest powers off" "$vm_status" 0
	disk_close
	echo 0 >"$bad/power"
	rmdir "$bad"
}

# --- No memory ---

memory_is_short_for_images()
{
	mkdir -p "$disks/cgroup"
	mount -t cgroup2 cgroup2 "$disks/cgroup"
	echo +memory >"$disks/cgroup/cgroup.subtree_control"
	group=$disks/cgroup/dormouse
	mkdir "$group"
	in_group=(sh -c "echo \$\$ >$group/cgroup.procs && exec \"\$@\"" sh)

	# While it loads the guest's images: no guest code has run.
	truncate -s 100M "$disks/large"
	calls_run oom "--psci userspace --initrd $disks/large --memory 256M" 0xc4000015
	is "a VM hibernates before the host has too little memory" "$vm_status" 3
	since=$(vm_state oom since)
	echo 32M >"$group/memory.max"
	vm_under=("${in_group[@]}")
	vm_start oom
	vm_finish
	is "no memory for the guest's images: dormouse is killed" "$vm_status" 137
	is "no memory for the guest's images: the kernel's OOM killer did it" \
		"$(sed -n 's/^oom_kill //p' "$group/memory.events")" 1
	is "no memory for the guest's images: the guest is still hibernated" \
		"$(vm_state oom state), $(vm_state oom since)" "hibernated, $since"
	echo max >"$group/memory.max"
	vm_start oom
	vm_finish
	is "memory for the guest's images again: the guest starts and hibernates" "$vm_status" 3
}

memory_is_short_for_a_running_vm()
{
	# While the guest runs.
	cat "$(command -v hostile.img)" >"$disks/waiter"
	append_words "$disks/waiter" 4 0
	vm_start oom-later --flat "$disks/waiter" --initrd "$disks/large" --memory 256M
	vm_await "$vm_console" '^waiting' || true
	oom_pid=$vm_pid
	echo 16M >"$group/memory.max"
	vm_finish
	is "no memory for a VM that runs: dormouse is killed" "$vm_status" 137
	is "no memory for a VM that runs: status says crashed and names the cause" \
		"$(vm_state oom-later state): $(vm_state oom-later cause)" \
		"crashed: the dormouse that ran it (pid $oom_pid) died"
	echo max >"$group/memory.max"
	vm_start oom-later
	vm_await "$vm_console" '^waiting' || true
	ok "no memory for a VM that runs: the next run works and reports the crash" dormouse_said \
		"^dormouse: oom-later: the dormouse that ran it \\(pid $oom_pid\\) died: it crashed"
	vm_signal TERM
	is "no memory for a VM that runs: the next run ends as usual, with 5" "$vm_status" 5
	vm_under=()
	rmdir "$group"
	umount "$disks/cgroup"
}

sectors_go_bad
sectors_are_bad
memory_is_short_for_images
memory_is_short_for_a_running_vm
