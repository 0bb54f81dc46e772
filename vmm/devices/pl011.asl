// SPDX-License-Identifier: BSD-3-Clause
DefinitionBlock ("", "DSDT", 2, "DORMSE", "VIRT    ", 1)
{
	Scope (\_SB)
	{
		Device (COM0)
		{
			Name (_HID, "ARMH0011") // PL011
			Name (_UID, Zero)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xffffffff, 0xffffffff, REGS)
				Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive, , , INTR)
				{
					0xffffffff
				}
			})
		}
	}
}
