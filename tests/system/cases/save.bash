# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# dormouse save and restore: a guest in SYSTEM_SUSPEND, in a file and back, with each
# PSCI server; a refusal loses nothing.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"

save_modes=(userspace kernel mixed)
[[ $(dormouse features | sed -n 's/^smccc-filter: //p') == yes ]] || save_modes=(kernel)
saved=$disks/vm.saved

mkfifo "$disks/save-in"
exec {bytes}<>"$disks/save-in"
vm_stdin=$disks/save-in

# Takes a byte, and suspends; wakes, begins again, takes the byte that woke it: o ends it.
calls_guest "$disks/save.img" 2 "3 0x6f 4" "0xc400000e 0x40200000 0x5eed" 0 0x84000008

# save_is_refused SITUATION NAME FILE WHY: dormouse prints WHY, if it is given, and nothing else
save_is_refused()
{
	ok "$1: refused" fails vm_save "$2" "$3"
	(($# == 3)) || is "$1: the message names the reason" "$saved_said" "dormouse: $4"
}

# restore_is_refused SITUATION NAME FILE PATTERN: exit status 1, and a line that matches
restore_is_refused()
{
	vm_restore "$2" "$3"
	vm_finish
	is "$1: refused, exit status 1" "$vm_status" 1
	ok "$1: the message names the reason" dormouse_said "$4"
}

# The guest takes a byte and suspends: save_suspends NAME
save_suspends()
{
	printf s >&"$bytes"
	vm_await_state "$1" suspended
}

# --- Into a file and back ---

# With the PSCI server in $mode, the VM is $name.
save_while_it_runs()
{
	vm_start "$name" --kernel "$disks/save.img" --memory 64M --cpus 3 --psci "$mode"
	vm_await "$vm_messages" ': running, ' || true
	save_is_refused "save/$mode: save while the guest runs" "$name" "$saved" \
		"$name cannot be saved while it is running: its guest must first suspend itself to RAM"
}

save_where_it_cannot()
{
	ok "save/$mode: the guest suspends after its first byte" save_suspends "$name"
	save_is_refused "save/$mode: save in a file that exists" "$name" "$disks/save.img" \
		"cannot save $name in $disks/save.img: the file already exists"
	save_is_refused "save/$mode: save in a directory that does not exist" "$name" "$disks/none/vm.saved"
	is "save/$mode: the guest is still suspended after a refused save" "$(vm_state "$name" state)" suspended
}

save_ends_the_run()
{
	echo "mine" >"$saved.part"
	ok "save/$mode: save of a suspended guest succeeds" vm_save "$name" "$saved"
	is "save/$mode: a file of another program beside it, FILE.part, is kept" "$(cat "$saved.part")" mine
	rm "$saved.part"
	is "save/$mode: save reports that the guest is saved" "$saved_said" "$name: saved"
	vm_finish
	is "save/$mode: run of a guest that was saved exits 7" "$vm_status" 7
	is "save/$mode: status of a saved guest is saved" "$(vm_state "$name" state)" saved
	is "save/$mode: status of a saved guest names the file" "$(vm_state "$name" saved)" "$saved"
	is "save/$mode: the saved file is accessible to its owner only" "$(stat -c %a "$saved")" 600
}

save_is_not_started_anew()
{
	vm_start "$name"
	vm_finish
	is "save/$mode: run of a saved guest: refused, exit status 1" "$vm_status" 1
	ok "save/$mode: run of a saved guest: the message names the restore command" \
		dormouse_said "resume it with \"dormouse restore $saved\""
}

save_is_restored()
{
	vm_restore "$name" "$saved"
	ok "save/$mode: a restored guest is suspended" vm_await_state "$name" suspended
	is "save/$mode: a restored guest is suspended at its former entry point" \
		"$(vm_state "$name" suspended | sed 's/^[^,]*, //')" \
		"by vCPU 0, to resume at 0x40200000 with x0 0x5eed"
	ok "save/$mode: status of a restored guest names the new process" \
		[ "$(dormouse_pid)" = "$(vm_state "$name" pid)" ]
	printf s >&"$bytes"
	vm_await "$vm_messages" ': running: woken by the console, at ' || true
	ok "save/$mode: a restored guest is woken by a byte and suspends again" vm_await_state "$name" suspended
	dormouse wake "$name" >"$disks/said" 2>&1 || true
	is "save/$mode: a restored guest is woken by dormouse wake" "$(cat "$disks/said")" "$name: awake"
	printf o >&"$bytes"
	vm_finish
	is "save/$mode: a restored guest that was woken powers off" "$vm_status" 0
}

save_is_restored_once()
{
	restore_is_refused "save/$mode: a second restore of a guest that has run since" "$name" "$saved" \
		"$name has run since it was saved in "
	printf o >&"$bytes"
	vm_restore "$name" "$saved" --force
	vm_await_state "$name" suspended || true
	dormouse wake "$name" >"$disks/said" 2>&1 || true
	vm_finish
	is "save/$mode: a second restore with --force succeeds" "$vm_status" 0
}

for mode in "${save_modes[@]}"; do
	name=save-$mode
	rm -f "$saved"
	save_while_it_runs
	save_where_it_cannot
	save_ends_the_run
	save_is_not_started_anew
	save_is_restored
	save_is_restored_once
done

# --- Damaged files ---

# Restore of $disks/damaged is refused, and the VM stays saved: damage_is_refused WHAT PATTERN
damage_is_refused()
{
	restore_is_refused "restore of $1" save-damage "$disks/damaged" "$2"
	is "restore of $1: the guest is still saved" "$(vm_state save-damage state)" saved
}

# Restore of $saved with another byte at a place is refused: changed_byte_is_refused PLACE SIZE
changed_byte_is_refused()
{
	local byte

	cp "$saved" "$disks/damaged"
	byte=$(od -An -tu1 -j "$1" -N 1 "$saved")
	printf '%b' "\\x$(printf %02x $((byte ^ 0x01)))" |
		dd of="$disks/damaged" bs=1 seek="$1" conv=notrunc 2>/dev/null
	damage_is_refused "a file whose byte $1 of $2 is changed" 'is damaged|has format|saved a VM'
}

# With the option --compress of save, or without any: restore_of_a_damaged_file [OPTION]
restore_of_a_damaged_file()
{
	local size place places

	rm -f "$saved"
	vm_start save-damage --kernel "$disks/save.img" --memory 64M
	save_suspends save-damage || true
	saved_said=$(dormouse save "$@" save-damage "$saved" 2>&1) || true
	vm_finish
	size=$(stat -c %s "$saved")
	# Of a file that can be mapped, the header and the stream behind RAM.
	places=(16 24 $((size - 200)) $((size - 3)))
	(($# == 0)) || places=(20 $((size / 4)) $((size / 2)) $((size - 3)))
	for place in "${places[@]}"; do
		changed_byte_is_refused "$place" "$size"
	done
	head -c $((size - 1)) "$saved" >"$disks/damaged"
	damage_is_refused "a file without its last byte" 'is damaged: it ends too early'
	head -c $((size / 2)) "$saved" >"$disks/damaged"
	damage_is_refused "a file of half the size" 'is damaged: it ends too early'
	{ cat "$saved" && echo; } >"$disks/damaged"
	damage_is_refused "a file with a byte too many" 'is damaged'
	printf 'DORMOUSE saved \5' >"$disks/damaged"
	damage_is_refused "a file of a later format" \
		'has format 5, which this dormouse \(formats 1 to 4\) does not know'
}

restore_of_another_kind_of_file()
{
	: >"$disks/damaged"
	damage_is_refused "an empty file" 'is no file that dormouse saved a VM in'
	cp "$guest/Image" "$disks/damaged"
	damage_is_refused "a kernel" 'is no file that dormouse saved a VM in'
	rm "$disks/damaged"
	damage_is_refused "a file that does not exist" 'cannot open .*: No such file'
	mkfifo "$disks/damaged"
	damage_is_refused "a FIFO" 'is no file that dormouse saved a VM in'
	rm "$disks/damaged"
	printf o >&"$bytes"
	vm_restore save-damage "$saved"
	vm_await_state save-damage suspended || true
	dormouse wake save-damage >"$disks/said" 2>&1 || true
	vm_finish
	is "restore of the right file after all refused ones succeeds" "$vm_status" 0
}

# --- No space ---

save_without_space()
{
	mkdir "$disks/small"
	mount -t tmpfs -o size=4k tmpfs "$disks/small"
	head -c 4096 /dev/zero >"$disks/small/full"
	vm_start save-full --kernel "$disks/save.img" --memory 64M
	save_suspends save-full || true
	save_is_refused "save on a full file system" save-full "$disks/small/vm.saved" \
		"cannot save save-full in $disks/small/vm.saved: No space left on device"
	is "save on a full file system leaves no file" "$(ls "$disks/small")" full
	printf o >&"$bytes"
	vm_finish
	is "save on a full file system: the guest can be woken and powers off" "$vm_status" 0
	umount "$disks/small"
}

restore_of_a_damaged_file
restore_of_another_kind_of_file
restore_of_a_damaged_file --compress
restore_of_another_kind_of_file
save_without_space

exec {bytes}>&-
rm "$disks/save-in"
vm_stdin=
