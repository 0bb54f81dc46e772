// SPDX-License-Identifier: BSD-3-Clause
DefinitionBlock ("", "DSDT", 2, "DORMSE", "VIRT    ", 1)
{
	Scope (\_SB)
	{
		Device (PEVT)
		{
			Name (_HID, "QEMU0001") // pvpanic
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xffffffff, 0xffffffff, REGS)
			})
		}
	}
}
