// SPDX-License-Identifier: BSD-3-Clause
// A CPU. Its name and _UID are set for each; the MADT has the same _UID.
DefinitionBlock ("", "DSDT", 2, "DORMSE", "VIRT    ", 1)
{
	Scope (\_SB)
	{
		Device (C000)
		{
			Name (_HID, "ACPI0007") // Processor
			Name (_UID, 0xff)
		}
	}
}
