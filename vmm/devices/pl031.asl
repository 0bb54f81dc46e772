// SPDX-License-Identifier: BSD-3-Clause
// The clock as a Time and Alarm Device (ACPI 6.3, 9.18). A real time is a buffer: year (a word),
// month, day, hour, minute, second, whether it is valid, milliseconds (a word), time zone (a
// word: UTC minus local time, in minutes; 2047 is unspecified), daylight saving, three reserved.
DefinitionBlock ("", "DSDT", 2, "DORMSE", "VIRT    ", 1)
{
	Scope (\_SB)
	{
		Device (TAD0)
		{
			Name (_HID, "ACPI000E") // Time and Alarm Device
			Name (_UID, Zero)
			Name (BASE, 0xffffffff) // Of the PL031.
			OperationRegion (REGS, SystemMemory, BASE, 0x20)
			Field (REGS, DWordAcc, NoLock, Preserve)
			{
				RTDR, 32, // Seconds since 1970.
				RTMR, 32, // The alarm's.
				RTLR, 32, // Sets them.
				RTCR, 32,
				RTIM, 32, // Whether the alarm interrupts, which wakes the machine.
				RTRI, 32, // Whether it has come.
				RTMI, 32,
				RTIC, 32 // Clears that.
			}
			Name (_PRW, Package (2) { Zero, 3 }) // It wakes, by no event of its own.
			// Capabilities: a timer that wakes, and the real time, to a second.
			Method (_GCP, 0, Serialized)
			{
				Return (0x05)
			}
			// Timer 0 alone exists. Ones of 32 bits are none.
			Method (_STV, 2, Serialized)
			{
				If (Arg0 != Zero)
				{
					Return (One) // Failure
				}
				RTIM = Zero
				RTIC = One
				If (Arg1 != 0xffffffff)
				{
					RTMR = RTDR + Arg1
					RTIM = One
				}
				Return (Zero)
			}
			Method (_TIV, 1, Serialized)
			{
				If (Arg0 != Zero || RTIM == Zero || RTRI != Zero)
				{
					Return (0xffffffff)
				}
				Return ((RTMR - RTDR) & 0xffffffff)
			}
			// What an expired timer does once the source of power changes: nothing.
			Method (_STP, 2, Serialized)
			{
				Return (Zero)
			}
			Method (_TIP, 1, Serialized)
			{
				Return (0xffffffff)
			}
			Method (_GWS, 1, Serialized)
			{
				If (Arg0 != Zero)
				{
					Return (Zero)
				}
				Return (RTRI)
			}
			Method (_CWS, 1, Serialized)
			{
				If (Arg0 == Zero)
				{
					RTIC = One
				}
				Return (Zero)
			}
			Method (_GRT, 0, Serialized)
			{
				Return (DATE (RTDR))
			}
			Method (_SRT, 1, Serialized)
			{
				Local0 = SECS (Arg0)
				If (Local0 > 0xffffffff)
				{
					Return (0xffffffff) // Failure
				}
				RTLR = Local0
				Return (Zero)
			}
			// Seconds since 1970 as a real time in UTC. Years begin in March here, so a
			// leap day is the last; 719468 days are from March of the year 0 to 1970.
			Method (DATE, 1, Serialized)
			{
				Name (REAL, Buffer (16) {})
				CreateWordField (REAL, 0, YEAR)
				CreateByteField (REAL, 2, MNTH)
				CreateByteField (REAL, 3, DAY)
				CreateByteField (REAL, 4, HOUR)
				CreateByteField (REAL, 5, MINT)
				CreateByteField (REAL, 6, SCND)
				CreateByteField (REAL, 7, VALD)

				Local0 = Arg0 / 86400 + 719468
				Local1 = Local0 % 146097 // The day of 400 years,
				Local2 = (Local1 - Local1 / 1460 + Local1 / 36524 - Local1 / 146096) / 365
				Local3 = Local1 - (Local2 * 365 + Local2 / 4 - Local2 / 100)
				Local4 = (Local3 * 5 + 2) / 153 // and the month, from March.
				DAY = Local3 - (Local4 * 153 + 2) / 5 + 1
				Local5 = Local0 / 146097 * 400 + Local2
				If (Local4 < 10)
				{
					MNTH = Local4 + 3
				}
				Else
				{
					MNTH = Local4 - 9
					Local5++
				}
				YEAR = Local5
				Local0 = Arg0 % 86400
				HOUR = Local0 / 3600
				MINT = Local0 % 3600 / 60
				SCND = Local0 % 60
				VALD = One
				Return (REAL)
			}
			// A real time as seconds since 1970, or Ones if the clock does not have it.
			Method (SECS, 1, Serialized)
			{
				CreateWordField (Arg0, 0, YEAR)
				CreateByteField (Arg0, 2, MNTH)
				CreateByteField (Arg0, 3, DAY)
				CreateByteField (Arg0, 4, HOUR)
				CreateByteField (Arg0, 5, MINT)
				CreateByteField (Arg0, 6, SCND)
				CreateWordField (Arg0, 10, ZONE)

				If (YEAR < 1970 || YEAR > 2106 || MNTH < 1 || MNTH > 12 || DAY < 1 ||
					DAY > 31 || HOUR > 23 || MINT > 59 || SCND > 59)
				{
					Return (Ones)
				}
				Local0 = YEAR
				Local1 = MNTH
				If (Local1 > 2)
				{
					Local1 -= 3
				}
				Else
				{
					Local1 += 9
					Local0--
				}
				Local2 = Local0 * 365 + Local0 / 4 - Local0 / 100 + Local0 / 400
				Local2 += (Local1 * 153 + 2) / 5 + DAY - 1 - 719468
				Local3 = Local2 * 86400 + HOUR * 3600 + MINT * 60 + SCND
				Local4 = ZONE
				If (Local4 & 0x8000)
				{
					Local3 -= (0x10000 - Local4) * 60
				}
				ElseIf (Local4 != 2047)
				{
					Local3 += Local4 * 60
				}
				If (Local3 > 0xffffffff)
				{
					Return (Ones)
				}
				Return (Local3)
			}
		}
	}
}
