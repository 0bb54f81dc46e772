# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # The sourcing script uses and sets them.
#
# vm.bash - run a VM with dormouse, and look at the output of guest and dormouse
#
# To be sourced. The caller sets
#
#   logs         directory for each run's console and messages
#   guest        directory with Image and initrd, see tools/guest-initrd
#   vm_waiting   a command called while something is waited for, or empty

. "${BASH_SOURCE[0]%/*}/lines.bash"

vm_runs=0
# The file that is the next VM's standard input; nothing if empty.
vm_stdin=
# A command that starts the next VMs' dormouse, and its arguments, or nothing.
vm_under=()
vm_waiting=
# What takes the time between two looks at what is waited for.
vm_between_looks=${VM_BETWEEN_LOOKS-vm_sleep}
# What a Linux guest has on its command line. On an emulated host the self-tests of its
# cryptography would take half of its boot, and randomized addresses, which make it change its
# page tables at each system call and make the emulator translate each program anew, a third of
# the rest. The demo's guest has them, as users run it.
vm_linux_kaslr="console=ttyAMA0 quiet cryptomgr.notests=1"
vm_linux="$vm_linux_kaslr nokaslr norandmaps"
# A wait ends when what it waits for is there or dormouse is gone. This many
# seconds only end a test of something that hangs. They are counted in waits, five
# a second: a clock jumps where the machine that all of it runs in was asleep.
vm_deadline=400

# Starts dormouse in the background: vm_start NAME [OPTION...]
vm_start()
{
	vm_launch "$1" run --name "$@"
}

# As vm_start, for a VM that was saved: vm_restore NAME FILE [OPTION...]
vm_restore()
{
	vm_launch "$1" restore "${@:2}"
}

# vm_launch NAME COMMAND [ARGUMENT...]
vm_launch()
{
	vm_name=$1
	vm_runs=$((vm_runs + 1))
	vm_console=$logs/$vm_runs-$1.console
	vm_messages=$logs/$vm_runs-$1.dormouse
	vm_status=
	# Made here, or a program that looks at them at once would not find them yet.
	: >"$vm_console" 2>"$vm_messages"
	"${vm_under[@]}" dormouse "${@:2}" <"${vm_stdin:-/dev/null}" >"$vm_console" 2>"$vm_messages" &
	vm_pid=$!
}

# As vm_start with a guest kernel, a disk to hibernate to, and a disk that
# keeps the next step over a reboot: vm_start_guest NAME STEPS [OPTION...]
vm_start_guest()
{
	local name=$1 steps=$2

	shift 2
	vm_disk "$name-swap" 512
	vm_disk "$name-scratch" 1
	vm_start "$name" --kernel "$guest/Image" --initrd "$guest/initrd" \
		--disk "$disks/$name-swap" --disk "$disks/$name-scratch" --memory 512M \
		--append "$vm_linux swap=vda scratch=vdb do=$steps" "$@"
}

# An empty disk: vm_disk NAME MEGABYTES
vm_disk()
{
	dd if=/dev/zero of="$disks/$1" bs=1M count=0 seek="$2" 2>/dev/null
}

# A pipe that takes no more until a reader takes what it holds, 16 pages of zeros;
# $pipe keeps it open: full_pipe PATH
full_pipe()
{
	mkfifo "$1"
	exec {pipe}<>"$1"
	dd if=/dev/zero of="$1" bs=4096 count=16 2>/dev/null
}

vm_is_alive()
{
	kill -0 "$vm_pid" 2>/dev/null
}

# Waits until a command succeeds, or dormouse is gone: vm_until COMMAND...
vm_until()
{
	local tries=$((vm_deadline * 5)) alive=yes

	until "$@"; do
		# It is tried once more after dormouse has gone.
		[[ $alive ]] && ((tries-- > 0)) || return 1
		vm_is_alive || alive=
		vm_wait_a_little
	done
}

# Waits until so many whole lines of a file match, one by default:
# vm_await FILE PATTERN [COUNT]
vm_await()
{
	if (($# == 2)); then
		vm_until has_line "$@"
	else
		vm_until has_lines "$@"
	fi
}

# Waits until status says so: vm_await_state NAME STATE
vm_await_state()
{
	vm_until vm_state_is "$@"
}

vm_state_is()
{
	[[ $(vm_state "$1" state 2>/dev/null) == "$2" ]]
}

# Waits until dormouse listens at a socket, which exists some time before:
# vm_await_socket PATH
vm_await_socket()
{
	vm_until vm_listens_at "$1"
}

# The kernel has the path that the socket was bound by, which need not be this one:
# it is identified by its last component, and by the process that has it open.
vm_listens_at()
{
	local flags inode path open

	[[ -S $1 ]] || return 1
	open=$(ls -l "/proc/$vm_pid/fd" 2>/dev/null) || return 1
	while read -r _ _ _ flags _ _ inode path; do
		# SO_ACCEPTCON, which listen() sets.
		if [[ $flags == 00010000 && ${path##*/} == "${1##*/}" && $open == *"socket:[$inode]"* ]]; then
			return 0
		fi
	done </proc/net/unix
	return 1
}

# It takes 0.2 seconds. Nothing is ever written to its pipe, and no program is started: beside
# an emulated machine's own work, sleep(1) five times a second takes a noticeable part of a CPU.
exec {vm_silence}<> <(:)
vm_sleep()
{
	read -rt 0.2 -u "$vm_silence" || true
}

vm_wait_a_little()
{
	"$vm_between_looks"
	[[ -z $vm_waiting ]] || "$vm_waiting"
}

# Waits for the end of dormouse; its exit status is in vm_status, "hangs" if
# there is none. Bash's own message on how a process ended is suppressed.
vm_finish()
{
	local tries=$((vm_deadline * 5))

	while vm_is_alive && ((tries-- > 0)); do
		vm_wait_a_little
	done
	vm_status=0
	if vm_is_alive; then
		kill -KILL "$vm_pid"
		wait "$vm_pid" || true
		vm_status=hangs
	else
		wait "$vm_pid" || vm_status=$?
	fi
} 2>/dev/null

# Ends dormouse with a signal: vm_signal TERM
vm_signal()
{
	kill "-$1" "$vm_pid" || true
	vm_finish
}

# --- U-Boot ---

# A line that U-Boot is to carry out, once it has shown its prompt N times:
# at_prompt N LINE, through the descriptor $keys
at_prompt()
{
	vm_until has_prompts "$vm_console" '=> ' "$1" || true
	echo "$2" >&"$keys"
}

# --- Their output ---

# The guest's console holds a line that matches.
guest_said()
{
	has_line "$vm_console" "$1"
}

# So does a message of dormouse.
dormouse_said()
{
	has_line "$vm_messages" "$1"
}

# A fact out of the guest's last line of a kind: guest_fact resumed boot_id
guest_fact()
{
	local line fact=

	while IFS= read -r line; do
		[[ ! ${line%$'\r'} =~ ^GUEST:\ $1\ (.*\ )?$2=([^\ ]*) ]] || fact=${BASH_REMATCH[2]}
	done <"$vm_console"
	[[ ! $fact ]] || echo "$fact"
}

# The process that dormouse reports.
dormouse_pid()
{
	! nth_match "$vm_messages" ', pid ([0-9]+)' || echo "${BASH_REMATCH[1]}"
}

# A line of `dormouse status`: vm_state NAME KEY
vm_state()
{
	local line

	while IFS= read -r line; do
		[[ $line != "$2: "* ]] || echo "${line#"$2: "}"
	done < <(dormouse status "$1")
}

# Takes from a VM's record what earlier releases do not write there: vm_drop_environment NAME
vm_drop_environment()
{
	local record=$DORMOUSE_STATE_DIR/$1/record.json text

	text=$(<"$record")
	printf '%s\n}\n' "${text%%,$'\n'  \"environment\"*}" >"$record"
}

# The guest's kernel calls SYSTEM_OFF2 when it hibernates.
guest_knows_off2()
{
	release_is_at_least 6 13 <"$guest/version"
}

# So says the kernel's release on stdin: release_is_at_least MAJOR MINOR
release_is_at_least()
{
	local major minor

	IFS=.- read -r major minor _
	((major > $1 || (major == $1 && minor >= $2)))
}
