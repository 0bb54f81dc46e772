# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# dormouse park: a guest that sleeps while a file has its memory, each way to wake it, and a
# dormouse that is killed meanwhile.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"
. "$here/lib/park.bash"

mkfifo "$disks/park-in"
exec {bytes}<>"$disks/park-in"
vm_stdin=$disks/park-in

# Takes a byte, and suspends; wakes, begins again, takes the byte that woke it: o ends it.
calls_guest "$disks/park.img" 2 "3 0x6f 4" "0xc400000e 0x40200000 0x5eed" 0 0x84000008
# 4 MiB of its memory.
head -c $((4 << 20)) /dev/urandom >"$disks/park.initrd"
machine=(--kernel "$disks/park.img" --initrd "$disks/park.initrd" --memory 64M)

# A VM that sleeps: park_suspends NAME
park_suspends()
{
	vm_start "$1" "${machine[@]}"
	printf s >&"$bytes"
	vm_await_state "$1" suspended
}

# parks NAME SITUATION
parks()
{
	is "$2: park of a guest that sleeps" "$(dormouse park "$1" 2>&1)" "$1: parked"
}

park_file()
{
	echo "$DORMOUSE_STATE_DIR/$1/parked"
}

# KiB of memory that its dormouse has: resident
resident()
{
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(dormouse_pid)/status"
}

# Of a VM: parked, or parked.part once it is spent.
park_files()
{
	local file

	for file in "$DORMOUSE_STATE_DIR/$1/parked"*; do
		[ ! -e "$file" ] || echo "${file##*/}"
	done
}

# The guest is awake and ends: park_ends NAME SITUATION
park_ends()
{
	printf o >&"$bytes"
	vm_finish
	is "$2: the guest powers off" "$vm_status" 0
	is "$2: the file is gone" "$(park_files "$1")" ""
}

park_while_it_runs()
{
	vm_start park-runs "${machine[@]}"
	vm_await "$vm_messages" ': running, ' || true
	is "park while the guest runs is refused" "$(dormouse park park-runs 2>&1)" \
		"dormouse: park-runs cannot be parked while it is running: its guest must first suspend itself to RAM"
	dormouse kill park-runs >/dev/null
	vm_finish
}

park_and_wake()
{
	local before inode written

	park_suspends "park-$1"
	before=$(resident)
	written=$(park_written)
	parks "park-$1" "woken by $1"
	ok "woken by $1: all of its memory is written" [ $(($(park_written) - written)) -gt $((4 << 20)) ]
	inode=$(stat -c %i "$(park_file "park-$1")")
	is "woken by $1: status says parked" "$(vm_state "park-$1" state)" parked
	ok "woken by $1: list says parked" grep -q "^park-$1 * parked " <(dormouse list)
	ok "woken by $1: its memory is given back" [ "$(resident)" -lt $((before - 4000)) ]
	ok "woken by $1: the file has 4 MiB" [ "$(($(stat -c %b "$(park_file "park-$1")") * 512))" -gt $((4 << 20)) ]
	is "woken by $1: a second park does nothing" "$(dormouse park "park-$1" 2>&1)" "park-$1: parked"
	is "woken by $1: stop of a parked guest" "$(dormouse stop "park-$1" 2>&1)" "park-$1: stopped"
	is "woken by $1: cont of a parked guest" "$(dormouse cont "park-$1" 2>&1)" "park-$1: resumed"
	is "woken by $1: it is still parked" "$(vm_state "park-$1" state)" parked
	case $1 in
	console) printf s >&"$bytes" ;;
	wake) dormouse wake "park-$1" >/dev/null && printf s >&"$bytes" ;;
	esac
	# It takes the byte, and sleeps again, in memory.
	ok "woken by $1: the guest wakes, and suspends again" vm_await_state "park-$1" suspended
	is "woken by $1: the file is spent" "$(park_files "park-$1")" parked.part
	written=$(park_written)
	parks "park-$1" "woken by $1 again"
	is "woken by $1 again: it is parked in the same file" "$(stat -c %i "$(park_file "park-$1")")" "$inode"
	ok "woken by $1 again: only what has changed is written" [ $(($(park_written) - written)) -lt $((1 << 20)) ]
	park_ends "park-$1" "woken by $1 again"
}

# How often the threads of its dormouse have run
park_switches()
{
	cat "/proc/$(dormouse_pid)/task/"*/status | sed -n 's/^\(non\)\?voluntary_ctxt_switches:[^0-9]*//p' |
		awk '{ sum += $1 } END { print sum }'
}

parked_costs_nothing()
{
	local before

	park_suspends park-cost
	parks park-cost "before its cost is measured"
	sleep 1
	before=$(park_switches)
	sleep 5
	is "the threads of a parked guest's dormouse do not run for 5 s" "$(park_switches)" "$before"
	ok "a parked guest's dormouse has at most 4 MiB resident" [ "$(resident)" -le 4096 ]
	echo "# a parked guest's dormouse has $(resident) KiB resident"
	park_ends park-cost "a parked guest whose cost was measured"
}

parked_and_reset()
{
	park_suspends park-reset
	parks park-reset "before a reset"
	is "reset of a parked guest" "$(dormouse reset park-reset 2>&1)" "park-reset: reset"
	ok "reset of a parked guest: the file is spent" [ ! -e "$(park_file park-reset)" ]
	park_ends park-reset "a parked guest that was reset"
}

parked_and_ended()
{
	park_suspends park-kill
	parks park-kill "before kill"
	dormouse kill park-kill >/dev/null
	vm_finish
	is "kill of a parked guest: run exits 5" "$vm_status" 5
	is "kill of a parked guest: it is off" "$(vm_state park-kill state)" off
	is "kill of a parked guest: the file is gone" "$(park_files park-kill)" ""
}

# --- save, and restore --parked ---

# park_restores NAME FILE SITUATION: its guest goes on, and ends
park_restores()
{
	vm_restore "$1" "$2"
	vm_await_state "$1" suspended
	park_ends "$1" "$3"
	rm "$2"
}

parked_and_saved()
{
	local inode

	park_suspends park-save
	parks park-save "before save"
	inode=$(stat -c %i "$(park_file park-save)")
	: >"$disks/park.saved"
	is "save of a parked guest in a file that exists is refused" \
		"$(dormouse save park-save "$disks/park.saved" 2>&1)" \
		"dormouse: cannot save park-save in $disks/park.saved: the file already exists"
	is "save of a parked guest that is refused: it stays parked" "$(vm_state park-save state)" parked
	ok "save of a parked guest that is refused: its memory stays in the file" [ "$(resident)" -le 4096 ]
	rm "$disks/park.saved"
	ok "save of a parked guest" vm_save park-save "$disks/park.saved"
	vm_finish
	is "save of a parked guest: run exits 7" "$vm_status" 7
	is "save of a parked guest: status says saved" "$(vm_state park-save state)" saved
	is "save of a parked guest: the file only has another name" \
		"$(stat -c %i-%h "$disks/park.saved")" "$inode-1"
	ok "save of a parked guest: its former name is gone" [ ! -e "$(park_file park-save)" ]
	park_restores park-save "$disks/park.saved" "a parked guest that was saved and restored"
}

# Where no link is possible.
parked_and_copied()
{
	mkdir "$disks/other"
	mount -t tmpfs tmpfs "$disks/other"
	park_suspends park-copy
	parks park-copy "before a save elsewhere"
	ok "save of a parked guest on another file system" vm_save park-copy "$disks/other/saved"
	vm_finish
	ok "save of a parked guest on another file system: its former file is gone" \
		[ ! -e "$(park_file park-copy)" ]
	park_restores park-copy "$disks/other/saved" "a parked guest whose file was copied"
	umount "$disks/other"
}

parked_and_compressed()
{
	park_suspends park-small
	parks park-small "before save --compress"
	is "save --compress of a parked guest" \
		"$(dormouse save --compress park-small "$disks/park.small" 2>&1)" "park-small: saved"
	vm_finish
	ok "save --compress of a parked guest: its former file is gone" [ ! -e "$(park_file park-small)" ]
	vm_restore park-small "$disks/park.small" --parked
	vm_finish
	ok "restore --parked of a compressed file is refused" dormouse_said \
		"park-small cannot stay parked in $disks/park.small, which cannot be mapped: restore it without --parked"
	is "restore --parked that is refused: status still says saved" "$(vm_state park-small state)" saved
	park_restores park-small "$disks/park.small" "a parked guest that was saved in a small file"
}

# Each time in one file: it is restored, woken, and saved again.
restored_and_parked()
{
	local file=$disks/park.again

	park_suspends park-again
	vm_save park-again "$file"
	vm_finish
	vm_restore park-again "$file" --parked
	ok "restore --parked: status says parked" vm_await_state park-again parked
	ok "restore --parked: at most 4 MiB are resident" [ "$(resident)" -le 4096 ]
	ok "restore --parked: the file is there" [ -e "$file" ]
	printf s >&"$bytes"
	ok "restore --parked: the guest wakes, and suspends again" vm_await_state park-again suspended
	ok "restore --parked: the file is spent" [ ! -e "$file" ]
	vm_save park-again "$file"
	vm_finish
	vm_restore park-again "$file" --parked
	vm_await_state park-again parked
	ok "restore --parked: save" vm_save park-again "$file-2"
	vm_finish
	ok "restore --parked: save leaves one file" [ ! -e "$file" ]
	vm_restore park-again "$file-2" --parked
	vm_await_state park-again parked
	vm_signal KILL
	is "restore --parked, and dormouse is killed: status says saved" "$(vm_state park-again state)" saved
	vm_start park-again
	vm_await_state park-again suspended
	vm_until [ ! -e "$file-2" ]
	park_ends park-again "restore --parked, and dormouse was killed"
}

# --- --park ---

# park_restarts NAME [OPTION...]: its guest, which suspends
park_restarts()
{
	vm_start "$@"
	printf s >&"$bytes"
}

parked_by_itself()
{
	park_restarts park-self "${machine[@]}" --park 1
	ok "--park 1: a guest that sleeps is parked" vm_await_state park-self parked
	is "--park 1: status has it" "$(vm_state park-self park)" "after 1 s of sleep"
	printf s >&"$bytes"
	ok "--park 1: a guest that is woken and sleeps again is parked again" \
		vm_await "$vm_messages" ': park-self: parked: its memory is in ' 2
	park_ends park-self "--park 1"
	park_restarts park-self
	ok "--park is kept with the machine" vm_await_state park-self parked
	park_ends park-self "--park of the last run"
	park_restarts park-self --park 0
	vm_await_state park-self suspended
	is "--park 0: status has none" "$(vm_state park-self park)" ""
	sleep 2
	is "--park 0: a guest that sleeps is not parked" "$(vm_state park-self state)" suspended
	park_ends park-self "--park 0"
}

# --- dormouse is killed ---

killed_while_parked()
{
	park_suspends park-killed
	parks park-killed "before dormouse is killed"
	vm_signal KILL
	is "dormouse was killed: status says saved" "$(vm_state park-killed state)" saved
	vm_start park-killed
	ok "dormouse was killed: run goes on from the file" vm_await "$vm_messages" \
		": park-killed: goes on from .*, in which it was parked"
	vm_await_state park-killed suspended
	is "dormouse was killed: the guest sleeps where it did" \
		"$(vm_state park-killed suspended | sed 's/^[^,]*, //')" \
		"by vCPU 0, to resume at 0x40200000 with x0 0x5eed"
	vm_until [ ! -e "$(park_file park-killed)" ]
	park_ends park-killed "dormouse was killed"
	vm_start park-killed
	vm_await "$vm_messages" ': running, ' || true
	ok "dormouse was killed: the next run boots" [ "$(vm_state park-killed state)" = running ]
	dormouse kill park-killed >/dev/null
	vm_finish
}

# Its directory is moved to another place.
carried_while_parked()
{
	local DORMOUSE_STATE_DIR=$DORMOUSE_STATE_DIR elsewhere=$disks/elsewhere

	park_suspends park-carried
	parks park-carried "before its directory is moved"
	vm_signal KILL
	mkdir "$elsewhere"
	mv "$DORMOUSE_STATE_DIR/park-carried" "$elsewhere"
	DORMOUSE_STATE_DIR=$elsewhere
	is "the directory of a parked VM is moved: status says saved" "$(vm_state park-carried state)" saved
	is "the directory of a parked VM is moved: status has its file" "$(vm_state park-carried saved)" \
		"$elsewhere/park-carried/parked"
	vm_start park-carried
	ok "the directory of a parked VM is moved: run goes on from the file" vm_await "$vm_messages" \
		": park-carried: goes on from $elsewhere/park-carried/parked, in which it was parked"
	vm_await_state park-carried suspended
	park_ends park-carried "the directory of a parked VM is moved"
	rm -r "$elsewhere"
}

# The file that was spent is of no use to the next run.
killed_after_a_wake()
{
	park_suspends park-spent
	parks park-spent "before a wake and a kill"
	printf s >&"$bytes"
	vm_await_state park-spent suspended
	vm_signal KILL
	is "dormouse was killed after a wake: the spent file is there" "$(park_files park-spent)" parked.part
	is "dormouse was killed after a wake: status says crashed" "$(vm_state park-spent state)" crashed
	vm_start park-spent
	vm_await "$vm_messages" ': running, ' || true
	ok "dormouse was killed after a wake: the next run boots" [ "$(vm_state park-spent state)" = running ]
	is "dormouse was killed after a wake: the next run removes the file" "$(park_files park-spent)" ""
	dormouse kill park-spent >/dev/null
	vm_finish
}

# Its user takes the file away: a wake then makes it useless by the record.
moved_away_while_parked()
{
	park_suspends park-moved
	parks park-moved "before its file is moved"
	mv "$(park_file park-moved)" "$disks/park.moved"
	dormouse wake park-moved >/dev/null
	ok "the file of a parked guest is moved: the guest wakes" dormouse_said ': park-moved: running: woken by '
	vm_signal KILL
	vm_restore park-moved "$disks/park.moved"
	vm_finish
	ok "the file of a parked guest is moved: it cannot be restored once the guest has run" dormouse_said \
		'park-moved has run since it was saved in .*park.moved, so its disks do not match'
	rm "$disks/park.moved"
}

damaged_while_killed()
{
	park_suspends park-damaged
	parks park-damaged "before the file is damaged"
	vm_signal KILL
	truncate -s $(($(stat -c %s "$(park_file park-damaged)") - 100)) "$(park_file park-damaged)"
	vm_start park-damaged
	vm_finish
	is "a damaged file of a parked guest: run exits 1" "$vm_status" 1
	ok "a damaged file of a parked guest: the message says so" dormouse_said 'parked is damaged: it ends too early'
	is "a damaged file of a parked guest: status still says saved" "$(vm_state park-damaged state)" saved
	vm_start park-damaged "${machine[@]}"
	vm_finish
	is "a damaged file of a parked guest: a machine that is described anew is refused" "$vm_status" 1
	vm_start park-damaged --force
	vm_await "$vm_messages" ': running, ' || true
	ok "a damaged file of a parked guest: run --force boots" [ "$(vm_state park-damaged state)" = running ]
	dormouse kill park-damaged >/dev/null
	vm_finish
}

# --- No space ---

park_without_space()
{
	mkdir "$disks/few"
	mount -t tmpfs -o size=2m tmpfs "$disks/few"
	DORMOUSE_STATE_DIR=$disks/few
	park_suspends park-full
	is "park without space is refused" "$(dormouse park park-full 2>&1)" \
		"dormouse: cannot save park-full in $disks/few/park-full/parked: No space left on device"
	is "park without space: the guest sleeps on" "$(vm_state park-full state)" suspended
	park_ends park-full "park without space"
	park_restarts park-late "${machine[@]}" --park 1
	ok "--park without space: the guest sleeps on, and a message says why" vm_await "$vm_messages" \
		": park-late: sleeps on in memory, and is parked later: cannot save .*: No space left on device"
	# Several attempts fail.
	sleep 4
	is "--park without space: there is one message" "$(count_lines "$vm_messages" 'parked later')" 1
	mount -o remount,size=20m "$disks/few"
	ok "--park without space: it is parked once there is space" vm_await_state park-late parked
	park_ends park-late "--park without space"
	DORMOUSE_STATE_DIR=$disks/state
	umount "$disks/few"
}

park_while_it_runs
park_and_wake console
park_and_wake wake
parked_costs_nothing
park_cycles 20 4 "4 MiB of memory"
park_cycles 1 62 "all memory"
parked_and_reset
parked_and_ended
parked_and_saved
parked_and_copied
parked_and_compressed
restored_and_parked
parked_by_itself
killed_while_parked
carried_while_parked
killed_after_a_wake
moved_away_while_parked
damaged_while_killed
park_without_space
exec {bytes}>&-
rm "$disks/park-in"
vm_stdin=
