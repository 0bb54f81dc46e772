# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set them.
#
# --discard where dormouse does not load the kernel: the image of a Linux is discarded on
# its disk, and that Linux boots cleanly with the swap space that it had.

# What check finds on the swap disk: image_is WHO WHAT
image_is()
{
	ok "$1" grep -qxE "images +vda: the whole disk: $2" <<<"$(dormouse check discards || true)"
}

linux_image_is_discarded_on_its_disk()
{
	vm_start_guest discards hibernate,poweroff
	vm_finish
	boot_id=$(guest_fact boot boot_id)
	image_is "check finds the image of a Linux without ACPI" \
		"a hibernation image, in pages of 4 KiB, that wants no hardware signature"
	vm_start other --flat "$(command -v echo.img)" --memory 64M --disk "$disks/discards-swap" --discard
	ok "--discard of a flat image: dormouse says which image is discarded" vm_await "$vm_messages" \
		"^dormouse: other: discarded on disk $disks/discards-swap, the whole disk: a hibernation image"
	vm_signal TERM
	image_is "--discard of a flat image: the swap space holds no image" \
		"swap space without a hibernation image, in pages of 4 KiB"
	vm_start discards --force
	vm_finish
	ok "Linux whose image was discarded boots cleanly" [ "$(guest_fact boot boot_id)" != "$boot_id" ]
	is "Linux whose image was discarded does not resume" "$(guest_fact resumed boot_id)" ""
	image_is "Linux whose image was discarded hibernates to its swap space again" \
		"a hibernation image, in pages of 4 KiB, that wants no hardware signature"
}

linux_image_is_discarded_on_its_disk
