// SPDX-License-Identifier: BSD-3-Clause
// What the host tells the guest: the generic event device, with an interrupt for each event,
// and the virtual machine generation ID, which the first of them says to read again.
DefinitionBlock ("", "DSDT", 2, "DORMSE", "VIRT    ", 1)
{
	Scope (\_SB)
	{
		Device (GED0)
		{
			Name (_HID, "ACPI0013") // Generic Event Device
			Name (_UID, Zero)
			Name (GENI, 0xffffffff) // The interrupt of VGEN, as Arg0 has it.
			Name (_CRS, ResourceTemplate ()
			{
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive, , , GENR)
				{
					0xffffffff
				}
			})
			Method (_EVT, 1, Serialized)
			{
				If (LEqual (Arg0, GENI))
				{
					Notify (\_SB.VGEN, 0x80)
				}
			}
		}
		Device (VGEN)
		{
			Name (_HID, "DORM0001")
			Name (_CID, "VM_Gen_Counter")
			Name (_DDN, "VM_Gen_Counter")
			Name (_UID, Zero)
			Name (ADRL, 0xffffffff)
			Name (ADRH, 0xffffffff)
			// The address of the 16 bytes, in two halves.
			Method (ADDR, 0, Serialized)
			{
				Local0 = Package (2) {}
				Local0 [0] = ADRL
				Local0 [1] = ADRH
				Return (Local0)
			}
		}
	}
}
