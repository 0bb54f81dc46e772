# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034 # The sourcing script uses what is set here.
#
# vmms.bash - one guest under dormouse and under QEMU
#
# To be sourced on the emulated host. QEMU is Debian's, in /host/qemu, and there is
# no other VMM in the tables if it is not there.

qemu=/host/qemu
vmms=(dormouse)
[[ ! -e $qemu/qemu-system-aarch64 ]] || vmms+=(qemu)

# Runs QEMU with the libraries that came with it.
qemu_run=("$qemu/lib/ld-linux-aarch64.so.1" --library-path "$qemu/lib" "$qemu/qemu-system-aarch64")

# Sets vmm_command: vmm_command VMM CPUS MEGABYTES KERNEL [INITRD [APPEND]]
# A VMM can also be "dormouse acpi", which hands ACPI tables over, as QEMU always does. All get a console on standard output, a clock and no disk, and QEMU no more
# devices than its board cannot do without.
vmm_command()
{
	local cpus=$2 memory=$3 kernel=$4 initrd=${5-} append=${6-}

	case $1 in
	dormouse*)
		vmm_command=(dormouse run --name bench --kernel "$kernel" --cpus "$cpus"
			--memory "${memory}M")
		[[ -z $initrd ]] || vmm_command+=(--initrd "$initrd")
		[[ -z $append ]] || vmm_command+=(--append "$append")
		[[ $1 != *acpi ]] || vmm_command+=(--acpi)
		;;
	qemu)
		vmm_command=("${qemu_run[@]}" -M "virt,gic-version=3" -accel kvm -cpu host
			-nodefaults -no-user-config -display none -serial stdio -nic none
			-smp "$cpus" -m "$memory" -kernel "$kernel")
		[[ -z $initrd ]] || vmm_command+=(-initrd "$initrd")
		[[ -z $append ]] || vmm_command+=(-append "$append")
		;;
	esac
}

# What a column is headed with.
vmm_title()
{
	case $1 in
	dormouse) echo dormouse ;;
	qemu) "${qemu_run[@]}" --version | sed -nE 's/^QEMU emulator version ([0-9.]+).*/QEMU \1/p' ;;
	esac
}

table_head()
{
	local vmm

	printf '%-56s' "$1"
	for vmm in "${vmms[@]}"; do
		printf ' %14s' "$(vmm_title "$vmm")"
	done
	printf '\n'
}

# table_row WHAT VALUE...
table_row()
{
	printf '%-56s' "$1"
	shift
	printf ' %14s' "$@"
	printf '\n'
}
