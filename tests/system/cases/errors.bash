# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # vm.bash and run-in-host set them.
#
# The first mistakes of users: each gets one message that names the thing and the
# reason, and an exit status that distinguishes usage (2) from other errors (1).

# A tiny arm64 Image: the header of Linux' boot protocol and some
# instructions, as bytes in octal or hex for printf: tiny_image FILE BYTES
tiny_image()
{
	{
		printf '\x10\x00\x00\x14\0\0\0\0' # b to the end of the header
		printf '\0\0\0\0\0\0\0\0'         # text_offset
		printf '\0\x10\0\0\0\0\0\0'       # image_size: 4 KiB
		printf '\x0a\0\0\0\0\0\0\0'       # flags: little-endian, 4 KiB pages, anywhere
		printf '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
		printf 'ARM\x64\0\0\0\0'
		# shellcheck disable=SC2059 # The bytes are the format.
		printf "$2"
	} >"$1"
}

# dormouse refuses: exit status, silence on stdout, and one line on stderr that
# matches and is a whole sentence: refuses STATUS PATTERN COMMAND...
refuses()
{
	local wanted=$1 pattern=$2 status=0

	shift 2
	vm_runs=$((vm_runs + 1))
	vm_console=$logs/$vm_runs-refused.console vm_messages=$logs/$vm_runs-refused.dormouse
	timeout 30 "$@" </dev/null >"$vm_console" 2>"$vm_messages" || status=$?
	[[ $status -eq $wanted && ! -s $vm_console ]] &&
		[[ $(wc -l <"$vm_messages") -eq 1 ]] && dormouse_said "^dormouse: .*$pattern"
}

run_refuses()
{
	local wanted=$1 pattern=$2

	shift 2
	refuses "$wanted" "$pattern" dormouse run "$@"
}

# What a shell does first so that dormouse finds no /dev/kvm, or another one.
hide_kvm='mount -t tmpfs tmpfs /dev'
spoil_kvm='mount --bind /dev/null /dev/kvm'

idle=$disks/idle
tiny_image "$idle" '\x7f\x20\x03\xd5\xff\xff\xff\x17' # wfi; b .-4

# --- The command line ---

usage_errors_are_named()
{
	# tests/examples/test-install.bash checks that the documents name this version.
	ok "--version names the program and its version" \
		grep -qxE 'dormouse [0-9]+\.[0-9]+\.[0-9]+' <(dormouse --version)
	ok "a command line without a command is a usage error" refuses 2 'no command given' dormouse
	ok "an unknown command is a usage error" refuses 2 '"fly"' dormouse fly
	ok "an unknown option is a usage error" run_refuses 2 '--sleep' --name x --sleep
	ok "an argument of an option that takes none is a usage error" run_refuses 2 '--force takes no argument' \
		--name x --force=yes
	ok "an unknown letter is a usage error that names it" run_refuses 2 'there is no option -q' --name x -qh
	ok "an option without its argument is a usage error" run_refuses 2 '--kernel' --name x --kernel
	ok "a stray word is a usage error" run_refuses 2 '"Image"' --name x Image
	ok "run without --name is a usage error" run_refuses 2 '--name is missing' --kernel "$idle"
	for cpus in 0 -1 two 2x 100000 99999999999999999999; do
		ok "--cpus $cpus is a usage error" run_refuses 2 "--cpus $cpus: must be from 1 to " \
			--name x --kernel "$idle" --cpus="$cpus"
	done
	for memory in 0 12 -512M 512Q 1.5G 99999999999T 99999999999999999999; do
		ok "--memory $memory is a usage error" run_refuses 2 "--memory $memory: " \
			--name x --kernel "$idle" --memory="$memory"
	done
	ok "--psci with an unknown server is a usage error" run_refuses 2 \
		'--psci firmware: must be userspace' --name x --kernel "$idle" --psci firmware
	ok "--psci-version with an unknown version is a usage error" run_refuses 2 \
		'--psci-version 1\.4: must be ' --name x --kernel "$idle" --psci-version 1.4
	ok "--idle-states with an unknown word is a usage error" run_refuses 2 \
		'--idle-states=cores: must be clusters' --name x --kernel "$idle" --idle-states=cores
	ok "--acpi with --firmware is a usage error" run_refuses 2 \
		'--acpi with --firmware: a firmware is handed ACPI tables anyway' --name x --firmware "$idle" --acpi
	ok "--acpi with --flat is a usage error" run_refuses 2 \
		'--acpi with --flat: only a kernel is handed ACPI tables' --name x --flat "$idle" --acpi
	ok "--acpi with --idle-states is a usage error" run_refuses 2 \
		'--acpi with --idle-states: the ACPI tables have no idle states' \
		--name x --kernel "$idle" --acpi --idle-states
	ok "--psci-test with an unknown word is a usage error" run_refuses 2 \
		'--psci-test refuse: there is no such test' --name x --kernel "$idle" --psci-test refuse
	ok "--psci-test with CPU 0 is a usage error" run_refuses 2 \
		'--psci-test hold-cpu=0: must be ' --name x --kernel "$idle" --psci-test deny-cpu=1,hold-cpu=0
	ok "--psci-test of a CPU that the VM does not have is refused" run_refuses 1 \
		'--psci-test names CPU 2, and x has 2 CPUs' --name x --kernel "$idle" --cpus 2 --psci-test deny-cpu=2
	ok "--psci-test with --psci kernel is refused" run_refuses 1 \
		'--psci-test needs libpsci' --name x --kernel "$idle" --cpus 2 --psci kernel --psci-test deny-cpu=1
	ok "--psci-test extended-state-id without --idle-states is refused" run_refuses 1 \
		'extended-state-id needs --idle-states' --name x --kernel "$idle" --psci-test extended-state-id
	ok "--console-device with an unknown word is a usage error" run_refuses 2 \
		'--console-device vga: must be uart or hvc' --name x --kernel "$idle" --console-device vga
	ok "--console-device of a machine that has one console is refused" run_refuses 1 \
		'--console-device for x, which has machine version 3: its only console is the UART' \
		--name x --kernel "$idle" --machine-version 3 --console-device hvc
	ok "agent without a command is a usage error" refuses 2 'agent wants one name and one command' \
		dormouse agent x
	ok "agent with a command that is no JSON is a usage error" refuses 2 \
		'the command for the agent is no JSON object' dormouse agent x guest-ping
	ok "agent of a VM that does not exist is refused" refuses 1 'x' dormouse agent x '{}'
	ok "a name with a slash is refused" run_refuses 1 '"\.\./x" cannot be a VM' \
		--name ../x --kernel "$idle"
}

# --- What is missing ---

missing_things_are_named()
{
	ok "a kernel that does not exist is refused by name" run_refuses 1 \
		"cannot open the kernel $disks/none: No such file" --name x --kernel "$disks/none"
	head -c 100000 /dev/urandom >"$disks/noise"
	ok "a kernel that is no Image is refused by name" run_refuses 1 \
		"the kernel $disks/noise is not an arm64 Image" --name x --kernel "$disks/noise"
	cp "$(command -v dormouse)" "$disks/program"
	ok "a kernel that is an ELF file is refused as such" run_refuses 1 \
		"the kernel $disks/program is not an arm64 Image: it is an ELF file" \
		--name x --kernel "$disks/program"
	ok "an initrd that does not exist is refused by name" run_refuses 1 \
		"cannot open the initrd $disks/none: No such file" \
		--name x --kernel "$idle" --initrd "$disks/none"
	ok "a disk that does not exist is refused by name" \
		run_refuses 1 "cannot open disk $disks/none: No such file" \
		--name x --kernel "$idle" --disk "$disks/none"
	ok "a directory as disk is refused" run_refuses 1 "disk $disks is a directory" \
		--name x --kernel "$idle" --disk "$disks"
	ok "run of a VM that was never described is refused" run_refuses 1 'never' --name never
	ok "status of a VM that does not exist is refused" refuses 1 'never' dormouse status never
	ok "run on a host without /dev/kvm is refused with the reason" refuses 1 'there is no /dev/kvm' \
		unshare -m sh -c "$hide_kvm && exec dormouse run --name x --kernel $idle"
	ok "run on a host whose /dev/kvm is not KVM is refused with the reason" refuses 1 '/dev/kvm is not KVM' \
		unshare -m sh -c "$spoil_kvm && exec dormouse run --name x --kernel $idle"
}

# --- What is in use ---

used_things_are_refused()
{
	vm_disk disk 1
	vm_start idle --kernel "$idle" --disk "$disks/disk"
	running=$vm_messages
	vm_await "$running" '^dormouse: idle: running' || true
	is "status of a running VM names the process" "$(vm_state idle pid)" "$vm_pid"
	ok "a name in use is refused, naming the process" run_refuses 1 \
		"idle is in use: the dormouse with pid $vm_pid runs it" --name idle --kernel "$idle"
	ok "a disk in use is refused" run_refuses 1 "disk $disks/disk is in use by another VM" \
		--name other --kernel "$idle" --disk "$disks/disk"
	ok "a disk in use is refused although given read-only" run_refuses 1 \
		"disk $disks/disk is in use by another VM" \
		--name other --kernel "$idle" --disk "$disks/disk,ro"
	ln "$disks/disk" "$disks/hard-link"
	ln -s disk "$disks/symbolic-link"
	for link in hard-link symbolic-link; do
		ok "a disk in use is refused by its $link" run_refuses 1 \
			"disk $disks/$link is in use by another VM" \
			--name other --kernel "$idle" --disk "$disks/$link"
	done
	rm "$disks/hard-link" "$disks/symbolic-link"
	modprobe loop max_loop=1
	losetup /dev/loop0 "$disks/disk"
	ok "a disk in use is refused as a loop device" run_refuses 1 "disk /dev/loop0 is in use by another VM" \
		--name other --kernel "$idle" --disk /dev/loop0
	losetup -d /dev/loop0
	ln -s idle "$DORMOUSE_STATE_DIR/alias"
	ok "a VM that runs is refused by another name of its directory" run_refuses 1 \
		"alias is in use: the dormouse with pid $vm_pid runs it" --name alias --kernel "$idle"
	rm "$DORMOUSE_STATE_DIR/alias"
	ok "the running VM is alive after its name and disk were refused to others" vm_is_alive
	is "status of the running VM is running after its name and disk were refused to others" \
		"$(vm_state idle state)" running
}

# --- Ends that no guest requested ---

signals_end_dormouse()
{
	vm_messages=$running
	vm_signal TERM
	is "SIGTERM to dormouse: run exits 5" "$vm_status" 5
	ok "SIGTERM: dormouse reports off, by SIGTERM" dormouse_said '^dormouse: idle: off: SIGTERM, at '
	is "SIGTERM: status of the VM is off" "$(vm_state idle state)" off
	is "SIGTERM: status of the VM names SIGTERM as cause" "$(vm_state idle cause)" SIGTERM

	vm_start idle
	vm_await "$vm_messages" '^dormouse: idle: running' || true
	killed=$vm_pid
	vm_signal KILL
	is "SIGKILL to dormouse: status of the VM is crashed" "$(vm_state idle state)" crashed
	vm_start idle
	vm_await "$vm_messages" '^dormouse: idle: running' || true
	ok "SIGKILL to dormouse: the next run reports that the VM crashed, and runs" dormouse_said \
		"^dormouse: idle: the dormouse that ran it \\(pid $killed\\) died: it crashed"
	vm_signal TERM
}

guest_that_kvm_cannot_run()
{
	# A load of two registers from a device, and a KVM that does not inject an abort.
	vm_under=(at-call set-events 1 EPERM)
	tiny_image "$disks/bad" '\x00\x20\xa1\xd2\x02\x0c\x40\xa9' # movz x0, #0x900, lsl 16; ldp x2, x3, [x0]
	vm_start bad --kernel "$disks/bad"
	vm_under=()
	vm_finish
	is "a guest that KVM cannot run: run exits 4" "$vm_status" 4
	ok "a guest that KVM cannot run: dormouse says that it crashed, and why" dormouse_said \
		'^dormouse: bad: crashed: .*, at '
	is "a guest that KVM cannot run: status says crashed" "$(vm_state bad state)" crashed
}

usage_errors_are_named
missing_things_are_named
used_things_are_refused
signals_end_dormouse
guest_that_kvm_cannot_run
