# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # run-in-host sets them.
#
# A guest may do anything to itself, and nothing to dormouse: whatever it
# accesses, jumps to, calls or notifies, it is contained and reported at most once, and
# its user can end it. The guest is tests/system/guests/hostile.c. With hostile_all set
# it commits all its misdeeds; else, those that differ most.

. "$here/lib/calls.bash"
# shellcheck source=tests/system/lib/network.bash
. "$here/lib/network.bash"

# Nothing here takes long, so a short limit finds what hangs.
hostile_deadline=$vm_deadline
vm_deadline=30

# Starts the guest: hostile_start NAME MISDEED ARGUMENT [OPTION...]
hostile_start()
{
	cat "$(command -v hostile.img)" >"$disks/$1.img"
	append_words "$disks/$1.img" "$2" "$3"
	vm_start "$1" --flat "$disks/$1.img" --memory 64M "${@:4}"
}

# The misdeeds, by their numbers in hostile.c.
jump=0 jump_without_vectors=1 loop_on_exits=2 loop_on_calls=3 wait_for_ever=4 spin=5
walk_the_void=6 access_oddly=7 call_everything=8 write_registers=9 ring_doorbells=10
feed_itself=11 reset_for_ever=13 ring_together=14 access_without_privilege=15

# dormouse's messages of a run: that it begins, that it ends, and no more than $1
# lines between them.
said_at_most()
{
	[[ $(wc -l <"$vm_messages") -le $(($1 + 2)) ]] &&
		dormouse_said ': running, ' &&
		grep -qE ': (off|crashed): ' < <(whole_lines "$vm_messages" | tail -n 1)
}

# The guest ended itself, and dormouse printed at most $3 lines: survives SENTENCE PATTERN LINES
survives()
{
	vm_finish
	is "$1: run exits 0" "$vm_status" 0
	ok "$1: the guest runs to its end" guest_said "$2"
	ok "$1: dormouse prints at most $3 lines about it" said_at_most "$3"
}

# The guest never ends, and a signal ends it: is_endable SENTENCE PATTERN LINES
is_endable()
{
	vm_await "$vm_console" "$2" || true
	ok "$1: the guest gets as far as that" guest_said "$2"
	vm_signal TERM
	is "$1: SIGTERM ends it, with status 5" "$vm_status" 5
	ok "$1: dormouse prints at most $3 lines about it" said_at_most "$3"
}

# --- Instructions ---

hostile_instructions()
{
	hostile_start void "$jump" 0x1000
	survives "a jump to an address without a device" '^exception ' 0
	hostile_start void "$jump_without_vectors" 0x1000
	is_endable "a jump to an address without a device, exceptions included" '^jumping' 0
	hostile_start void "$jump" 0x09000000
	survives "a jump to a device" '^exception ' 0
	hostile_start exits "$loop_on_exits" 0x20000000
	is_endable "a loop of reads and writes of an address without a device" '^looping' 1
	ok "a loop of reads and writes of an address without a device: dormouse reports it" dormouse_said \
		'vCPU 0 read from unmapped address 0x20000000'
	hostile_start exits "$loop_on_exits" 0x09010000
	is_endable "a loop of reads and writes of a device" '^looping' 0
	hostile_start exits "$loop_on_calls" 0x84000000
	is_endable "a loop of calls" '^looping' 0
	hostile_start idle "$wait_for_ever" 0
	is_endable "WFI for ever with interrupts off" '^waiting' 0
	hostile_start idle "$spin" 0 --cpus 2
	is_endable "a loop of nothing with interrupts off" '^spinning' 0
	hostile_start walk "$walk_the_void" 0x20000000
	is_endable "translation tables at an address without a device" '^walking' 0
}

# KVM cannot decode some of these. Then the guest receives a synchronous external abort, as
# from a bus that cannot serve them; else it continues, or takes another exception.
ends_in_a_known_way()
{
	[[ $vm_status == 0 ]] && guest_said 'went on|exception ' && said_at_most 1
}

hostile_accesses()
{
	odd=(
		"a load of two registers" "a store of two registers that writes back"
		"a load that writes back" "a store that writes back first"
		"a load of a vector register" "a store of a floating-point register"
		"a load of two vector registers" "an exclusive load" "exclusive accesses"
		"DC ZVA" "cache maintenance" "AT, PRFM and a load-acquire"
		"a load that is not aligned" "a store of 32 bytes" "loads that extend their sign"
	)
	odd_addresses=(0x0a000000) odd_ones=(0 1 4 7 9 12)
	if [[ ${hostile_all-} ]]; then
		odd_addresses+=(0x20000000 0x09000000 0x08000000) odd_ones=("${!odd[@]}")
	fi
	for address in "${odd_addresses[@]}"; do
		for i in "${odd_ones[@]}"; do
			hostile_start odd "$access_oddly" "$((address << 8 | i))"
			vm_finish
			ok "${odd[i]} at $address: only the guest is affected" ends_in_a_known_way
		done
	done
}

hostile_pairs()
{
	# Those of two registers always are: a data abort from EL1, or EL0, with status 0x10.
	for address in 0x0a000000 0x08000000 0x20000000; do
		hostile_start pair "$access_oddly" "$((address << 8))"
		survives "a load of two registers at $address" '^exception 0000000096000010' 1
		ok "a load of two registers at $address: dormouse reports the access" dormouse_said \
			"vCPU 0 read from $(printf '%#x' "$address"), which is not memory, by an instruction that KVM cannot"
	done
	hostile_start pair "$access_without_privilege" 0x20000000
	survives "a load of two registers by an unprivileged program" '^exception 0000000092000010' 1
}

# --- Calls ---

hostile_calls()
{
	conduits=(HVC "HVC with an immediate" SMC "SMC with an immediate")
	for i in "${!conduits[@]}"; do
		hostile_start calls "$call_everything" "$i" --cpus 2
		survives "each function by ${conduits[i]}" '^called everything ' 0
	done

	if [[ ${hostile_all-} ]]; then
		for mode in mixed kernel; do
			for i in "${!conduits[@]}"; do
				hostile_start calls "$call_everything" "$i" --cpus 2 --psci "$mode"
				survives "each function by ${conduits[i]} with --psci $mode" \
					'^called everything ' 0
			done
		done
	fi
}

hostile_resets()
{
	# Between two power cycles there is hardly a moment in which one could be ended.
	for id in 0x84000009 0xc4000012; do
		for i in 1 2 3; do
			hostile_start resets "$reset_for_ever" "$id"
			vm_await "$vm_messages" ': resetting: ' || true
			vm_signal TERM
			is "a guest that resets for ever by $id, time $i: SIGTERM ends it" "$vm_status" 5
			ok "a guest that resets for ever by $id, time $i: dormouse reports the end by SIGTERM" \
				dormouse_said ': off: SIGTERM, at '
		done
	done
}

# --- Devices ---

hostile_devices()
{
	truncate -s 1M "$disks/hostile-disk"
	rounds=50
	[[ ! ${hostile_all-} ]] || rounds=1000
	hostile_start registers "$write_registers" $((0x09000000 + 0x200))
	survives "anything in any register of the UART" 'wrote all registers' 1
	hostile_start registers "$write_registers" $((0x0a000000 + 0x180)) --disk "$disks/hostile-disk"
	survives "anything in any register of a disk" 'wrote all registers' 2
	if [[ ${hostile_all-} ]]; then
		hostile_start registers "$write_registers" $((0x08000000 + 0xffc))
		survives "anything in registers of the GIC" 'wrote all registers' 1
		hostile_start registers "$write_registers" $((0x09010000 + 0xff0))
		survives "anything in any register of the clock" 'wrote all registers' 1
		hostile_start registers "$write_registers" $((0x0a003000 + 0xffc))
		survives "anything in any register of virtio-console and virtio-rng" 'wrote all registers' 4
	fi
	hostile_start doorbells "$ring_doorbells" $((rounds << 8 | 2)) --disk "$disks/hostile-disk"
	survives "nonsense in the rings of a disk" '^rang all doorbells' 1
	ok "nonsense in the rings of a disk: dormouse reports the broken protocol" dormouse_said \
		"disk /.*/hostile-disk: the guest's driver broke the protocol"
	hostile_start doorbells "$ring_doorbells" $((rounds << 8 | 4)) --disk "$disks/hostile-disk"
	survives "nonsense in the rings of virtio-rng" '^rang all doorbells' 2
	ok "nonsense in the rings of virtio-rng: dormouse reports the broken protocol once" \
		[ "$(count_lines "$vm_messages" 'virtio-rng: the guest.s driver broke the protocol')" = 1 ]

	for kind in 2:disk 3:virtio-console 4:virtio-rng; do
		hostile_start doorbells "$ring_together" $((rounds << 8 | ${kind%:*})) --cpus 2 \
			--disk "$disks/hostile-disk"
		survives "nonsense in the rings of a ${kind#*:} by two vCPUs" '^rang all doorbells' 2
	done

	peer_start "$disks/net.socket" --flood
	hostile_start registers "$write_registers" $((0x0a002c00 + 0x180)) --net "unix:$disks/net.socket"
	survives "anything in any register of a network device" 'wrote all registers' 2
	hostile_start doorbells "$ring_doorbells" $((rounds << 8 | 1)) --net "unix:$disks/net.socket"
	survives "nonsense in the rings of a network device" '^rang all doorbells' 2
	ok "nonsense in the rings of a network device: dormouse reports the broken protocol" dormouse_said \
		"net0: the guest's driver broke the protocol"
	hostile_start doorbells "$ring_together" $((rounds << 8 | 1)) --cpus 2 --net "unix:$disks/net.socket"
	survives "nonsense in the rings of a network device by two vCPUs" '^rang all doorbells' 2
	peer_end

	# The disk's read makes the disk read more: it continues when no vCPU runs.
	hostile_start feed "$feed_itself" 0 --disk "$disks/hostile-disk"
	is_endable "a disk that never runs out of requests" '^it goes on' 0
	hostile_start feed "$feed_itself" 1 --disk "$disks/hostile-disk"
	survives "a disk that never runs out of requests" '^it goes on' 0
}

hostile_instructions
hostile_accesses
hostile_pairs
hostile_calls
hostile_resets
hostile_devices

vm_deadline=$hostile_deadline
