// SPDX-License-Identifier: BSD-3-Clause
DefinitionBlock ("", "DSDT", 2, "DORMSE", "VIRT    ", 1)
{
	Scope (\_SB)
	{
		Device (FWCF)
		{
			Name (_HID, "QEMU0002") // fw_cfg
			Name (_STA, 0x0b) // There, working, and not to be shown to users.
			Name (_CCA, One)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xffffffff, 0xffffffff, REGS)
			})
		}
	}
}
