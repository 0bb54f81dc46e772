# SPDX-License-Identifier: BSD-3-Clause
"""A machine of QEMU with the disk that tools/debian-disk makes, and a shell on its console."""
import os
import re
import select
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, '../../tools')
# An emulated guest on a busy machine: what takes longer hangs.
PATIENCE = 1200
PROMPT = b'root@debian:~# '

tests = [0, 0]


def ok(sentence, passed, context=''):
    """Print a test's result."""
    tests[0] += 1
    print('%sok %d - %s' % ('' if passed else 'not ', tests[0], sentence), flush=True)
    if not passed:
        tests[1] += 1
        for line in str(context).splitlines()[-40:]:
            print('# ' + line)


def tool(*words):
    """What a tool prints."""
    return subprocess.run([os.path.join(TOOLS, words[0])] + list(words[1:]), check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()


class Hang(Exception):
    """The guest does not say what it should."""


def firmware():
    """Debian's UEFI firmware, and the template of its variables."""
    folder = tool('fetch', 'package', 'qemu-efi-aarch64') + '/usr/share/AAVMF/'
    code = folder + 'AAVMF_CODE.no-secboot.fd'
    if not os.path.exists(code):
        code = folder + 'AAVMF_CODE.fd'
    return code, folder + 'AAVMF_VARS.fd'


class Guest:
    """A run of QEMU, from its firmware to its end. @options: further ones of QEMU."""

    def __init__(self, code, variables, disk, options=('-M', 'virt,gic-version=3', '-cpu', 'cortex-a72',
                                                       '-m', '1G', '-accel', 'tcg')):
        self.said = b''
        self.commands = 0
        self.qemu = subprocess.Popen(
            ['setpriv', '--pdeathsig', 'KILL', 'qemu-system-aarch64', *options,
             '-smp', '2', '-nodefaults', '-no-user-config', '-display', 'none', '-monitor', 'none', '-nic', 'none',
             '-serial', 'stdio', '-global', 'virtio-mmio.force-legacy=false',
             '-drive', 'if=pflash,format=raw,readonly=on,file=' + code,
             '-drive', 'if=pflash,format=raw,file=' + variables,
             '-drive', 'if=none,id=disk,format=raw,file=' + disk,
             '-device', 'virtio-blk-device,drive=disk'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, seconds):
        """Read what there is; false at the end."""
        if not select.select([self.qemu.stdout], [], [], seconds)[0]:
            return True
        data = os.read(self.qemu.stdout.fileno(), 1 << 16)
        self.said += data
        return data != b''

    def await_text(self, pattern):
        """Wait until the console has shown a pattern: what it showed up to there."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.said)):
            if not self.read(1):
                raise Hang('the guest ended before it showed %r' % pattern)
            if time.monotonic() > deadline:
                raise Hang('no %r in %d s' % (pattern, PATIENCE))
        shown, self.said = self.said[:found.end()], self.said[found.end():]
        return shown.decode(errors='replace')

    def type(self, text):
        """Type something on the console."""
        self.qemu.stdin.write(text.encode())
        self.qemu.stdin.flush()

    def run(self, command):
        """What a command at the prompt prints. The quotes keep the echo from being taken for the end."""
        self.commands += 1
        self.type("%s; echo 'en''d' %d\n" % (command, self.commands))
        shown = self.await_text(rb'[\r\n]end %d\r' % self.commands)
        self.await_text(PROMPT)
        # Without the echoed command and what marks a paste for the terminal.
        shown = re.sub(r'\x1b\[[?0-9;]*[a-zA-Z]', '', shown).replace('\r', '')
        return '\n'.join(shown.split('\n')[1:-1]).strip()

    def log_in(self):
        """From the firmware to a prompt."""
        self.await_text(rb'Loading Linux')
        self.await_text(PROMPT)

    def wake(self):
        """From the firmware back to the prompt of a shell that waited: it shows one per line."""
        self.await_text(rb'Loading Linux')
        deadline = time.monotonic() + PATIENCE
        while PROMPT not in self.said:
            self.type('\n')
            for _ in range(5):
                if PROMPT not in self.said and not self.read(1):
                    raise Hang('the guest ended instead of resuming')
            if time.monotonic() > deadline:
                raise Hang('no prompt in %d s' % PATIENCE)
        # The shell reads in order: all prompts that the new lines brought come before this one's.
        self.run('true')

    def await_end(self):
        """Wait until QEMU ends: its status."""
        deadline = time.monotonic() + PATIENCE
        while self.read(1):
            if time.monotonic() > deadline:
                raise Hang('the guest does not power off')
        return self.qemu.wait()

    def kill(self):
        """End it, whatever it does."""
        self.qemu.kill()
        self.qemu.wait()


def end():
    """Print the plan: the exit status."""
    print('1..%d' % tests[0])
    return 1 if tests[1] else 0
