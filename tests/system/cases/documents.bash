# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# The commands of README.md and man pages that need KVM, as they stand, in the order of
# doc-commands. Their files are what a reader would have: Image is a very small guest, which
# hibernates, or suspends where it is to be saved.

. "$here/lib/calls.bash"

reader=$disks/reader
mkdir -p "$reader/build/arm64" /srv
ln -s "$(command -v dormouse)" "$reader/build/arm64/dormouse"
calls_guest "$reader/Image" 0xc4000015 0x84000008
# The code at which it wakes is behind its two steps: movz x0, #0x8400, lsl #16; movk x0, #8;
# hvc #0, which is SYSTEM_OFF.
calls_guest "$disks/sleeper"
calls_guest "$disks/sleeper" \
	"0xc400000e $((0x40200000 + $(stat -c %s "$disks/sleeper") + 2 * 32))" 0x84000008 \
	"0xf2800100d2b08000 0xd4000002"
echo initrd >"$reader/initrd.gz"
truncate -s 1M "$reader/web.img"

# Runs in the directory of the reader: doc_start COMMAND
doc_start()
{
	vm_runs=$((vm_runs + 1))
	vm_console=$logs/$vm_runs-documents.console vm_messages=$logs/$vm_runs-documents.dormouse
	(cd "$reader" && exec bash -c "exec $1") </dev/null >"$vm_console" 2>"$vm_messages" &
	vm_pid=$!
}

while IFS=$'\t' read -r command how; do
	[[ $how == host* ]] || continue
	if [[ $command == *" save web "* ]]; then
		export DORMOUSE_STATE_DIR=$disks/state-of-reader
		vm_start web --kernel "$disks/sleeper" --memory 64M
		saved_pid=$vm_pid
		vm_await_state web suspended || true
	fi
	doc_start "$command"
	# It continues where the machine was: suspended, until it is woken.
	if [[ $command == *" restore "* ]]; then
		vm_await_state web suspended || true
		vm_await_socket "$DORMOUSE_STATE_DIR/web/qmp" || true
		dormouse wake web >/dev/null || true
	fi
	vm_finish
	is "documents: $command ends with status ${how#host }" "$vm_status" "${how#host }"
done <"$here/doc-commands"
wait "$saved_pid" || true
export DORMOUSE_STATE_DIR=$disks/state
