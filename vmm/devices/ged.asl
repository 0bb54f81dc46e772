// SPDX-License-Identifier: BSD-3-Clause
// The buttons, and the generic event device whose interrupt says that one was pressed.
DefinitionBlock ("", "DSDT", 2, "DORMSE", "VIRT    ", 1)
{
	Scope (\_SB)
	{
		Device (PWRB)
		{
			Name (_HID, "PNP0C0C") // Power Button
			Name (_UID, Zero)
		}
		Device (SLPB)
		{
			Name (_HID, "PNP0C0E") // Sleep Button
			Name (_UID, Zero)
		}
		Device (GED1)
		{
			Name (_HID, "ACPI0013") // Generic Event Device
			Name (_UID, One)
			Name (_CRS, ResourceTemplate ()
			{
				Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive, , , GEDR)
				{
					0xffffffff
				}
			})
			Name (BASE, 0xffffffff) // Of its register.
			OperationRegion (EREG, SystemMemory, BASE, 4)
			Field (EREG, DWordAcc, NoLock, WriteAsZeros)
			{
				ESEL, 32 // The events since it was read last.
			}
			Method (_EVT, 1, Serialized)
			{
				Local0 = ESEL
				If (Local0 & 0x02)
				{
					Notify (\_SB.PWRB, 0x80)
				}
				If (Local0 & 0x10)
				{
					Notify (\_SB.SLPB, 0x80)
				}
			}
		}
	}
}
