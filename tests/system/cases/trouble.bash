# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # run-in-host sets them.
#
# What goes wrong around a VM: files of the wrong kind, a host without room, records
# that are damaged, signals. Each gets one message and its exit status, and nothing is
# lost. (The first mistakes of users are in cases/errors.bash, what can happen to a
# console in cases/trouble-console.bash, a hostile guest in cases/hostile.bash.)

. "$here/lib/calls.bash"
. "$here/lib/disk-user.bash"

trouble=$disks/trouble
mkdir -p "$trouble/small"
# The guest of hostile.c that waits for ever; the disk's user.
cat "$(command -v hostile.img)" >"$trouble/idle"
append_words "$trouble/idle" 4 0

# Runs to the end, which comes soon, with a status and one line that matches:
# says STATUS PATTERN COMMAND...
says()
{
	local wanted=$1 pattern=$2 status=0

	shift 2
	vm_runs=$((vm_runs + 1))
	vm_console=$logs/$vm_runs-trouble.console vm_messages=$logs/$vm_runs-trouble.dormouse
	timeout 30 "$@" </dev/null >"$vm_console" 2>"$vm_messages" || status=$?
	[[ $status -eq $wanted ]] && [[ $(wc -l <"$vm_messages") -eq 1 ]] &&
		dormouse_said "^dormouse: .*$pattern"
}

idle_run()
{
	says "$1" "$2" dormouse run --name trouble --flat "$trouble/idle" "${@:3}"
}

# --- Files of the wrong kind ---

bad_files_are_refused()
{
	mkdir "$trouble/directory"
	mkfifo "$trouble/fifo"
	: >"$trouble/empty"
	printf '\037\213\010\0garbage that gzip will not take at all' >"$trouble/gzip"
	head -c 40 "$guest/Image" >"$trouble/short"
	head -c 300000 "$guest/Image" >"$trouble/truncated"
	{ printf 'MZ'; head -c 512 /dev/zero; printf 'HdrS'; head -c 9000 /dev/zero; } >"$trouble/bzImage"
	{ cat "$trouble/idle"; } >"$trouble/huge"
	truncate -s 1024G "$trouble/huge"
	for what in kernel flat firmware initrd; do
		start=()
		[[ $what != initrd ]] || start=(--flat "$trouble/idle")
		for kind in directory:'is a directory' fifo:'is not a regular file' empty:'is empty' \
			none:'No such file'; do
			ok "--$what of a ${kind%%:*} is refused" says 1 "$trouble/${kind%%:*}:? ${kind#*:}" \
				dormouse run --name x "${start[@]}" "--$what" "$trouble/${kind%%:*}"
		done
		ok "--$what of a TiB is refused" says 1 "$trouble/huge" \
			dormouse run --name x "${start[@]}" "--$what" "$trouble/huge"
	done
	for kind in 'gzip is damaged: it cannot be unpacked by gzip' 'short is not an arm64 Image' \
		'bzImage is not an arm64 Image: it is an x86 bzImage' \
		'truncated is truncated: it has 300000 bytes, and [0-9]'; do
		ok "--kernel: ${kind%% *} is refused" says 1 "the kernel $trouble/$kind" \
			dormouse run --name x --kernel "$trouble/${kind%% *}"
	done
	truncate -s 200M "$trouble/large"
	ok "a kernel and an initrd that do not fit in memory are refused" says 1 \
		"64 MiB of memory cannot hold the kernel .*: [0-9]* MiB would suffice" \
		dormouse run --name x --kernel "$guest/Image" --initrd "$trouble/large" --memory 64M
	for kind in directory fifo empty; do
		ok "--disk of a $kind is refused" idle_run 1 "disk $trouble/$kind is " \
			--disk "$trouble/$kind"
	done
	truncate -s 4096G "$trouble/disk"
	disk_start "$trouble/disk" $(((4 << 31) - 1))
	disk_does "a disk of 4 TiB: its last sector can be written" w 0
	disk_does "a disk of 4 TiB: its last sector can be read" r 0
	disk_power_off
	is "a disk of 4 TiB: the guest powers off" "$vm_status" 0
	disk_close
	rm "$trouble/disk"
	head -c 1000 /dev/zero >"$trouble/odd"
	ok "--disk of half a sector is refused" idle_run 1 \
		"disk $trouble/odd is 1000 bytes long, which is not a multiple of 512" --disk "$trouble/odd"
}

# --- Permissions ---

nobody_runs()
{
	local wanted=$1 pattern=$2 prepare=$3

	shift 3
	says "$wanted" "$pattern" unshare -m sh -c "$as_nobody && $prepare && exec su nobody -c '
		DORMOUSE_STATE_DIR=$trouble/state PATH=$PATH exec $*'"
}

things_without_permission_are_refused()
{
	# As a user without privileges. util-linux' su and busybox' agree on this much.
	echo nobody:x:65534:65534::/:/bin/sh >"$trouble/passwd"
	echo root:x:0:0::/:/bin/sh >>"$trouble/passwd"
	as_nobody="mount --bind $trouble/passwd /etc/passwd"
	mkdir -m 777 "$trouble/state"
	chmod 711 "$disks" "$trouble"
	chmod 644 "$trouble/idle"
	cp "$trouble/idle" "$trouble/secret"
	chmod 600 "$trouble/secret"
	open_kvm="mknod -m 666 $trouble/kvm c \$((0x\$(stat -c %t /dev/kvm))) \$((0x\$(stat -c %T /dev/kvm))) &&
	mount --bind $trouble/kvm /dev/kvm"
	ok "/dev/kvm without permission is refused with the reason" \
		nobody_runs 1 'no permission to use /dev/kvm' \
		"chmod o= /dev/kvm" dormouse run --name nobody --flat "$trouble/idle"
	for what in kernel flat firmware initrd; do
		start=()
		[[ $what != initrd ]] || start=(--flat "$trouble/idle")
		ok "--$what of a file without read permission is refused by name" nobody_runs 1 \
			"cannot open the .* $trouble/secret: Permission denied" "$open_kvm" \
			dormouse run --name nobody "${start[@]}" "--$what" "$trouble/secret"
		rm -f "$trouble/kvm"
	done
	ok "a disk without read permission is refused by name" nobody_runs 1 \
		"cannot open disk $trouble/secret: Permission denied" "$open_kvm" \
		dormouse run --name nobody --flat "$trouble/idle" --disk "$trouble/secret"
	rm -f "$trouble/kvm"
	truncate -s 1M "$trouble/readable"
	chmod 644 "$trouble/readable"
	ok "a disk without write permission is refused by name, with what would do" nobody_runs 1 \
		"disk $trouble/readable is read-only; give it as $trouble/readable,ro" "$open_kvm" \
		dormouse run --name nobody --flat "$trouble/idle" --disk "$trouble/readable"
	rm -f "$trouble/kvm"
	read_only="mount -t tmpfs tmpfs $trouble/small && mount -o remount,ro $trouble/small"
	ok "a state directory that is read-only is refused by name" says 1 \
		"$trouble/small/x: Read-only file system" unshare -m sh -c "$read_only &&
		DORMOUSE_STATE_DIR=$trouble/small exec dormouse run --name x --flat $trouble/idle"
}

# --- Memory ---

threads_are_short()
{
	ok "no address space for the guest's memory: run is refused with the reason" says 1 \
		'cannot reserve 1024 MiB for the guest.s memory: Cannot allocate memory' \
		sh -c "ulimit -v 500000 && exec dormouse run --name x --flat $trouble/idle --memory 1G"

	# A VM of many vCPUs that hibernated is started where threads cannot be.
	calls_run threads "--cpus 40" 0xc4000015
	is "a VM of 40 vCPUs hibernates before threads are short" "$vm_status" 3
	since=$(vm_state threads since)
	vm_runs=$((vm_runs + 1))
	vm_console=$logs/$vm_runs-threads.console vm_messages=$logs/$vm_runs-threads.dormouse
	vm_status=0
	sh -c 'ulimit -v 250000 && exec dormouse run --name threads' </dev/null \
		>"$vm_console" 2>"$vm_messages" || vm_status=$?
	is "no room for a vCPU's thread: run exits 1" "$vm_status" 1
	ok "no room for a vCPU's thread: dormouse reports the reason" dormouse_said \
		'^dormouse: cannot start a thread for vCPU [0-9]*: Resource temporarily unavailable$'
	is "no room for a vCPU's thread: the guest is still hibernated" "$(vm_state threads state)" hibernated
	is "no room for a vCPU's thread: the time of the hibernation is unchanged" \
		"$(vm_state threads since)" "$since"
}

# A hibernated VM within limits of any size: it is started and hibernates again, or it
# is not, with a message: within SENTENCE LIMIT LEAST STEP MOST
within()
{
	local limit status all=good started=no refused=no

	for ((limit = $3; limit <= $5; limit += $4)); do
		vm_runs=$((vm_runs + 1))
		vm_console=$logs/$vm_runs-limit.console vm_messages=$logs/$vm_runs-limit.dormouse
		status=0
		sh -c "ulimit $2 $limit && exec dormouse run --name limits" </dev/null \
			>"$vm_console" 2>"$vm_messages" || status=$?
		if ((status == 3)); then
			started=yes
		elif ((status == 1)) && [[ ! -s $vm_console ]] && grep -qE \
			'^dormouse: .*: (Too many open files|Cannot allocate|Resource temporarily)' \
			< <(whole_lines "$vm_messages" | tail -n 1); then
			refused=yes
		else
			all="status $status within $limit"
			break
		fi
		[[ $(vm_state limits state) == hibernated ]] || all="no longer hibernated after $limit"
	done
	is "$1: a hibernated VM starts or reports why not, and stays hibernated" "$all" good
	is "$1: starts and refusals were both seen" "$started $refused" "yes yes"
}

limits_are_low()
{
	calls_run limits "--cpus 4 --disk $trouble/readable" 0xc4000015
	within "a limit of few open files" -n 4 2 32
	within "a limit of little address space" -v 20000 20000 200000
}

# --- Records ---

# A record as changed by a command is refused, named and kept:
# record_refused SENTENCE PATTERN COMMAND...
record_refused()
{
	local sentence=$1 pattern=$2

	shift 2
	"$@" <"$trouble/record.json" >"$record"
	cp "$record" "$trouble/damaged.json"
	ok "$sentence: run is refused" says 1 "the record of record $pattern" \
		dormouse run --name record
	ok "$sentence: run of another machine is refused" says 1 "the record of record $pattern" \
		dormouse run --name record --flat "$trouble/idle"
	ok "$sentence: status is refused" says 1 "the record of record $pattern" dormouse status record
	ok "$sentence: the record is kept" cmp -s "$record" "$trouble/damaged.json"
}

damaged_records_are_refused()
{
	vm_start record --flat "$trouble/idle"
	vm_await "$vm_messages" ': running' || true
	vm_signal TERM
	record=$DORMOUSE_STATE_DIR/record/record.json
	cp "$record" "$trouble/record.json"
	record_refused "a record that is cut short" 'is damaged' head -c 100
	record_refused "an empty record" 'is damaged' true
	record_refused "a record from a newer dormouse" 'has format 999, which this dormouse' \
		sed -E 's|"format": [0-9]+,|"format": 999,|'
	ok "a damaged record does not hide the other VMs" grep -q '^threads .*hibernated' \
		<(dormouse list 2>/dev/null)
	ok "a damaged record is reported by the list" grep -q '^record ' <(dormouse list 2>&1)
}

unreadable_records_are_refused()
{
	cp -r "${record%/*}" "$trouble/state/unread"
	chown -R 65534:65534 "$trouble/state/unread"
	chmod 0 "$trouble/state/unread/record.json"
	for run in "run --name unread" "run --name unread --flat $trouble/idle" "status unread"; do
		ok "a record without read permission: ${run%% *} is refused with the reason" nobody_runs 1 \
			"cannot read the record of unread: Permission denied" true dormouse "$run"
	done
	rm "$record"
	mkdir "$record"
	ok "a record that is a directory is refused" says 1 'cannot read the record of record' \
		dormouse run --name record
	rmdir "$record"
	cp "$trouble/record.json" "$record"
	vm_start record
	vm_await "$vm_messages" ': running' || true
	vm_signal TERM
	is "a VM whose record was put back runs" "$vm_status" 5
}

state_directory_becomes_read_only()
{
	read_only="mount --bind $DORMOUSE_STATE_DIR $DORMOUSE_STATE_DIR &&
	mount -o remount,bind,ro $DORMOUSE_STATE_DIR"
	for start in "" "--flat $trouble/idle"; do
		ok "a state directory that became read-only: run${start:+ --flat} is refused with the reason" says 1 \
			'record.*: Read-only file system' unshare -m sh -c "$read_only &&
			exec dormouse run --name record $start"
	done
	ok "a state directory that became read-only: status works" grep -qx 'state: off' \
		<(unshare -m sh -c "$read_only && exec dormouse status record")
}

# --- A host without room ---

fill()
{
	dd if=/dev/zero of="$trouble/small/filler" bs=4k 2>/dev/null || true
}

record_without_room()
{
	# A small file system, which a VM's directory and disk are on.
	mount -t tmpfs -o size=1M tmpfs "$trouble/small"
	state_before=$DORMOUSE_STATE_DIR
	export DORMOUSE_STATE_DIR=$trouble/small
	vm_start full --flat "$trouble/idle"
	vm_await "$vm_messages" ': running' || true
	fill
	vm_signal TERM
	is "no room for the record at the end: run exits 1" "$vm_status" 1
	ok "no room for the record at the end: dormouse reports the end and why it is not recorded" \
		dormouse_said '^dormouse: full: off: SIGTERM, which could not be recorded: cannot write .*: No space left'
	is "no room for the record at the end: dormouse reports it once" "$(wc -l <"$vm_messages")" 2
	is "no room for the record at the end: the former record is kept" "$(vm_state full state)" crashed
	vm_start full
	vm_finish
	is "no room for the record at the start: run exits 1" "$vm_status" 1
	ok "no room for the record at the start: dormouse reports the reason" \
		dormouse_said '^dormouse: cannot write the record of full: No space left on device$'
	ok "no room for the record at the start: the guest executes no instruction" [ ! -s "$vm_console" ]
	rm "$trouble/small/filler"
	vm_start full
	vm_await "$vm_messages" ': running' || true
	vm_signal TERM
	is "room for the record again: the VM runs as before" "$vm_status" 5
	export DORMOUSE_STATE_DIR=$state_before
}

disk_without_room()
{
	truncate -s 800K "$trouble/small/disk"
	disk_start "$trouble/small/disk" 1000
	fill
	disk_does "a disk without room: a write gets an I/O error" w 1
	disk_does "a disk without room: a read still works" r 0
	rm "$trouble/small/filler"
	disk_does "a disk with room again: a write works" w 0
	disk_does "a disk with room again: a flush works" f 0
	truncate -s 4K "$trouble/small/disk"
	disk_does "a disk that shrank: a read gets an I/O error" r 1
	ok "a disk in trouble: the VM lives" vm_is_alive
	is "a disk in trouble: dormouse reports nothing" "$(wc -l <"$vm_messages")" 1
	disk_power_off
	is "a disk in trouble: the guest powers off" "$vm_status" 0
	disk_close
}

file_that_may_not_grow()
{
	truncate -s 1600K "$trouble/small/disk"
	vm_under=(sh -c 'ulimit -f 100 && exec "$@"' sh)
	disk_start "$trouble/small/disk" 3000
	vm_under=()
	disk_does "a file that may not grow: a write gets an I/O error" w 1
	disk_power_off
	ok "a file that may not grow: the VM lives" [ "$vm_status" != 153 ]
	disk_close
	umount "$trouble/small"
}

# --- Standard streams ---

standard_streams_are_closed()
{
	truncate -s 1M "$trouble/untouched"
	cp "$trouble/untouched" "$trouble/as-before"
	( dormouse run --name closed --flat "$trouble/idle" --disk "$trouble/untouched" <&- >&- 2>&- & echo $! >"$trouble/pid" )
	vm_pid=$(cat "$trouble/pid")
	ok "a VM with closed standard streams runs" vm_await_state closed running
	kill -TERM "$vm_pid" || true
	vm_until fails vm_is_alive || true
	is "a VM with closed standard streams ends after SIGTERM" "$(vm_state closed state)" off
	ok "a VM with closed standard streams writes no output into its disk" \
		cmp -s "$trouble/untouched" "$trouble/as-before"
	is "a VM with closed standard streams writes no output into its lock" \
		"$(stat -c %s "$DORMOUSE_STATE_DIR/closed/lock")" 0
}

# --- Signals and terminals ---

signals_end_dormouse()
{
	for signal in INT HUP QUIT; do
		vm_start signals --flat "$trouble/idle"
		vm_await "$vm_console" '^waiting' || true
		vm_signal "$signal"
		is "SIG$signal to dormouse: run exits 5" "$vm_status" 5
		ok "SIG$signal to dormouse: dormouse reports off, by SIG$signal" \
			dormouse_said "^dormouse: signals: off: SIG$signal, at "
		is "SIG$signal to dormouse: status of the VM is off" "$(vm_state signals state)" off
	done
}

# The state of a process by /proc: process_is STATE
process_is()
{
	[[ $(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$vm_pid/status") == "$1" ]]
}

dormouse_is_stopped_and_continued()
{
	# In a process group of its own: an orphaned one is not stopped.
	set -m
	vm_start signals --flat "$trouble/idle"
	set +m
	vm_await "$vm_console" '^waiting' || true
	kill -TSTP "$vm_pid"
	ok "SIGTSTP stops dormouse" vm_until process_is T
	kill -CONT "$vm_pid"
	ok "SIGCONT continues dormouse" vm_until process_is S
	vm_signal TERM
	is "a dormouse that was stopped and continued ends by SIGTERM with 5" "$vm_status" 5
}

bad_files_are_refused
things_without_permission_are_refused
threads_are_short
limits_are_low
damaged_records_are_refused
unreadable_records_are_refused
state_directory_becomes_read_only
record_without_room
disk_without_room
file_that_may_not_grow
standard_streams_are_closed
signals_end_dormouse
dormouse_is_stopped_and_continued
