// SPDX-License-Identifier: BSD-3-Clause
// A virtio-mmio slot that has a device. Its name and _UID are set for each.
DefinitionBlock ("", "DSDT", 2, "DORMSE", "VIRT    ", 1)
{
	Scope (\_SB)
	{
		Device (VR00)
		{
			Name (_HID, "LNRO0005") // virtio-mmio
			Name (_UID, 0xff)
			Name (_CCA, One)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xffffffff, 0xffffffff, REGS)
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive, , , INTR)
				{
					0xffffffff
				}
			})
		}
	}
}
