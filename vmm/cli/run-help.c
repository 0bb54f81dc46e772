/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/run-help.h"

#include <stdio.h>

/* Two, since C promises room for 4,095 characters in one. */
static const char machine[] =
	"Usage: dormouse run --name NAME [OPTION]...\n"
	"Start a virtual machine and stay until it powers off, hibernates or is stopped.\n"
	"\n"
	"  --name NAME          the machine's name, under which its state is kept\n"
	"  --kernel FILE        an arm64 Linux Image, plain or compressed by gzip or zstd\n"
	"  --flat FILE[@ADDR]   or a raw binary, at 0x40080000 or at ADDR\n"
	"  --firmware FILE      or a firmware, mapped read-only at address 0; uefi is that of the\n"
	"                       distribution (Debian's package qemu-efi-aarch64). Without any of\n"
	"                       the three, the machine is the one that the last run of NAME\n"
	"                       described, and a hibernated guest resumes. With --kernel, the\n"
	"                       firmware takes kernel, initrd and command line from fw_cfg\n"
	"  --vars FILE          where the firmware's variables are; by default in NAME's own\n"
	"                       directory\n"
	"  --machine-version N  the version of dormouse's board: 4, or 3, 2 or 1 for those of\n"
	"                       earlier releases; see dormouse(1). Default: the newest, or that of a\n"
	"                       hibernated NAME\n"
	"  --initrd FILE        the kernel's or flat binary's initial RAM disk\n"
	"  --append TEXT        the kernel's command line; console=ttyAMA0 is the console\n"
	"  --disk FILE[,ro]     a raw image or block device, as /dev/vda, then /dev/vdb, ...;\n"
	"                       with ,ro read-only and shared\n"
	"  --cpus N             the number of CPUs (1)\n"
	"  --cpu-features F=off,...\n"
	"                       CPUs without a feature that the host has: pmu (performance\n"
	"                       monitors), pauth (pointer authentication), sve\n"
	"  --memory SIZE        the size of the memory (512M)\n"
	"  --psci SERVER        the server of PSCI: userspace (libpsci in dormouse; the default on\n"
	"                       Linux 6.4 and newer), mixed (KVM, except SYSTEM_OFF2 and the\n"
	"                       functions that announce it) or kernel (KVM)\n"
	"  --psci-version V     0.2, 1.0, 1.1, 1.2 or 1.3. Default: the newest of SERVER\n"
	"  --idle-states[=clusters]\n"
	"                       offer idle states, with the PSCI functions about them, through\n"
	"                       libpsci, to test or measure them: they cost more than they save;\n"
	"                       with =clusters some are of clusters of CPUs, and the guest may\n"
	"                       coordinate them (OS-initiated mode)\n"
	"  --acpi               hand ACPI tables to the kernel, beside the device tree, and put\n"
	"                       acpi=on in front of its command line. ACPI tables, which a firmware\n"
	"                       gets in any case, have buttons, by which \"dormouse suspend\",\n"
	"                       hibernate and poweroff ask the guest\n";

static const char behaviour[] =
	"  --on-reset WHAT      when the guest calls SYSTEM_RESET: restart it (the default), or\n"
	"                       exit, with status 6\n"
	"  --on-reset2 WHAT     when the guest calls SYSTEM_RESET2, likewise\n"
	"  --on-panic WHAT      when the guest says by pvpanic that it panicked: stay (the default),\n"
	"                       exit, with status 8, or restart it\n"
	"  --suspend WHAT       when the guest calls SYSTEM_SUSPEND: allow it (the default), or\n"
	"                       deny it\n"
	"  --console WHERE      tty (standard input and output, the default), file:FILE (append\n"
	"                       the output to it; at 16M, or at the size of ,limit=SIZE, it is\n"
	"                       renamed to FILE.1), unix:SOCKET (listen there) or none; a path\n"
	"                       alone is a file\n"
	"  --console-device D   the guest's end of it: uart (the default) or hvc, the first port of\n"
	"                       virtio-console\n"
	"  --psci-test WHAT,... only for testers of PSCI: make libpsci give answers that it gives\n"
	"                       in no VM, such as deny-cpu=2; see dormouse(1)\n"
	"  --strict             refuse to start a hibernated or killed NAME whose environment changed,\n"
	"                       also where its guest would notice and boot cleanly\n"
	"  --discard            start NAME, and have its kernel boot without the image of a guest that\n"
	"                       hibernated, which is lost\n"
	"  --force              start a hibernated or killed NAME although its environment changed,\n"
	"                       or a NAME that is saved in a file\n"
	"\n"
	"On a terminal, Ctrl-A x quits and Ctrl-A h prints help.\n"
	"\n"
	"Exit status: 0 the guest powered off, 3 it hibernated, 4 it crashed, 5 it was stopped\n"
	"from outside, 6 it requested a reset and --on-reset or --on-reset2 is exit, 7 it was\n"
	"saved in a file, 8 it panicked and --on-panic is exit; 1 dormouse failed, 2 the command\n"
	"line is invalid.\n";

void cli_print_run_help(void)
{
	fputs(machine, stdout);
	fputs(behaviour, stdout);
}
