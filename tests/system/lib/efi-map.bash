# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# efi-map.bash - the memory maps that UEFI firmware gave to Linux, one for each boot
#
# To be sourced after lines.bash. Linux prints its map with efi=debug on its command line. Memory
# that the firmware's loaders and drivers have used before is free for Linux, as are tables of the
# type ACPI Reclaim, and all of it is in an image of Linux'. What counts for an image is the rest.

efi_map_head='efi: Processing EFI memory map:'

# Prints the Nth map of a console, a range a line: efi_map FILE N
efi_map()
{
	whole_lines "$1" | awk -v nth="$2" -v head="$efi_map_head" '
		{ is_range = /efi:   0x[0-9a-f]+-0x[0-9a-f]+ \[/ }
		index($0, head) { maps++; next }
		maps == nth && is_range { sub(/^.*efi:   /, ""); sub(/[\r*]*$/, ""); print }'
}

# Whether the Nth map of a console is complete: another line follows it: efi_map_ends FILE N
efi_map_ends()
{
	whole_lines "$1" | awk -v nth="$2" -v head="$efi_map_head" '
		{ is_range = /efi:   0x[0-9a-f]+-0x[0-9a-f]+ \[/ }
		index($0, head) { maps++; next }
		maps == nth && is_range { ranges++ }
		maps == nth && ranges && !is_range { found = 1 }
		END { exit !found }'
}

# Prints of a map on stdin what the firmware keeps, and one line for each range of memory
# between, whatever it was used for: efi_map_kept
efi_map_kept()
{
	awk '
		function flush() { if (from != "") print from "-" to " free"; from = "" }
		{ split($1, range, "-") }
		/\[(Conventional|Loader (Code|Data)|Boot (Code|Data)|ACPI Reclaim) *\|/ {
			if (from == "") from = range[1]
			to = range[2]
			next
		}
		{ flush(); print }
		END { flush() }'
}
