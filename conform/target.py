# SPDX-License-Identifier: BSD-3-Clause
"""The targets of --on: the command that boots the image, and what the ends of its machine
look like from outside."""
import os
import platform
import shlex
import subprocess

import boot
import places

# The board of all that we start ourselves: enough CPUs for races between three.
CPUS = '4'
RELAY_IMAGE = places.image('relay', 'psci-relay.img')
QEMU = ['qemu-system-aarch64', '-smp', CPUS, '-m', '128M', '-nodefaults', '-display', 'none',
        '-serial', 'stdio', '-monitor', 'none', '-nic', 'none',
        '-kernel', '%IMAGE%', '-append', '%APPEND%']
# The relay is QEMU's kernel then, and the image lies where it looks for its own.
RELAY = ['-device', 'loader,file=%IMAGE%,addr=0x40400000,force-raw=on'] + [
    '%RELAY%' if word == '%IMAGE%' else word for word in QEMU[1:]]
# QEMU is dynamically linked, and the emulated host has no libraries: it brings its own.
QEMU_THERE = ['/qemu/lib/ld-linux-aarch64.so.1', '--library-path', '/qemu/lib',
              '/qemu/qemu-system-aarch64']
# Firmware at EL3 reports the ends of its machine on the secure UART.
EL3 = ['-cpu', 'cortex-a72', '-bios', '%FIRMWARE%']
EL3_REPORTS = ['-serial', 'file:/dev/stderr']
EL3_SAYS = {
    'end-system-off': 'psci-el3: off, by CPU 1',
    'off': 'psci-el3: off, by CPU',
    'hibernated': 'psci-el3: hibernated, by CPU',
    'reset': 'psci-el3: reset, by CPU',
    'warm reset': 'psci-el3: warm reset, by CPU',
    'asleep': 'psci-el3: suspended',
}
STATUS = ['%DORMOUSE%', 'status', '%NAME%']
DORMOUSE = ['%DORMOUSE%', 'run', '--name', '%NAME%', '--kernel', '%IMAGE%', '--cpus', CPUS,
            '--memory', '64M', '--append', '%APPEND%']


class Kind:
    """How one implementation is run."""

    def __init__(self, argv, summary, known=None, kvm=False, restarts=None, hibernated=None,
                 says=None, status=None):
        self.argv = argv
        self.summary = summary  # for --help
        self.known = known  # file of its known deviations in conform/known
        self.kvm = kvm  # it needs arm64's KVM
        self.restarts = restarts  # whether a reset starts the machine again; None: unknown
        self.hibernated = hibernated  # exit status after SYSTEM_OFF2; None: as after SYSTEM_OFF
        self.status = status  # a command that reports whether the machine is suspended
        self.says = says or {}  # what it prints in a group, or when a machine ends so


KINDS = {
    'qemu-tcg': Kind(QEMU[:1] + ['-M', 'virt,gic-version=3', '-cpu', 'cortex-a72'] + QEMU[1:],
                     "QEMU's own PSCI, emulated, for EL1", 'qemu-tcg', restarts=True),
    'qemu-tcg-el2': Kind(QEMU[:1] + ['-M', 'virt,gic-version=3,virtualization=on',
                                     '-cpu', 'cortex-a72'] + QEMU[1:],
                         "QEMU's own PSCI, emulated, for EL2", 'qemu-tcg', restarts=True),
    'el3': Kind(QEMU[:1] + ['-M', 'virt,gic-version=3,secure=on,virtualization=on'] + EL3 + QEMU[1:] +
                EL3_REPORTS,
                "psci-el3's PSCI, emulated, for EL2", 'el3', restarts=True, hibernated=0,
                says=EL3_SAYS),
    'el3-el1': Kind(QEMU[:1] + ['-M', 'virt,gic-version=3,secure=on'] + EL3 + QEMU[1:] +
                    EL3_REPORTS,
                    "psci-el3's PSCI, emulated, for EL1", 'el3', restarts=True, hibernated=0,
                    says=EL3_SAYS),
    'el3-relay': Kind(QEMU[:1] + ['-M', 'virt,gic-version=3,secure=on,virtualization=on'] + EL3 +
                      RELAY + EL3_REPORTS,
                      'psci-relay on psci-el3, emulated, for EL1', 'el3', restarts=True,
                      hibernated=0, says=EL3_SAYS),
    'relay': Kind(QEMU[:1] + ['-M', 'virt,gic-version=3,virtualization=on',
                              '-cpu', 'cortex-a72'] + RELAY,
                  "psci-relay on QEMU's own PSCI, emulated, for EL1", 'relay', restarts=True),
    'qemu-kvm': Kind(QEMU[:1] + ['-M', 'virt,gic-version=3', '-accel', 'kvm',
                                 '-cpu', 'host'] + QEMU[1:],
                     "KVM's PSCI in QEMU", 'kvm', kvm=True, restarts=True),
    'dormouse': Kind(DORMOUSE, 'libpsci, in dormouse', 'libpsci', kvm=True, restarts=True,
                     hibernated=3, status=STATUS, says={
                         'end-system-off': 'off: SYSTEM_OFF, from vCPU 1',
                         'off': 'off: SYSTEM_OFF, from vCPU',
                         'hibernated': 'hibernated: SYSTEM_OFF2',
                         'reset': 'resetting: SYSTEM_RESET, from vCPU',
                         'warm reset': 'resetting: SYSTEM_RESET2',
                         'asleep': 'suspended: SYSTEM_SUSPEND',
                     }),
    'dormouse-kernel': Kind(DORMOUSE + ['--psci', 'kernel'], "KVM's PSCI, in dormouse", 'kvm',
                            kvm=True, restarts=True, hibernated=3, status=STATUS),
    'dormouse-mixed': Kind(DORMOUSE + ['--psci', 'mixed'],
                           "KVM's PSCI with libpsci's SYSTEM_OFF2, in dormouse", 'kvm', kvm=True,
                           restarts=True, hibernated=3, status=STATUS),
}


class Unknown(Exception):
    """--on names nothing that we can run; a sentence."""


class Target:
    """A column: what --on named, with the options that came before it."""

    def __init__(self, on, options):
        self.on = on
        self.options = options  # tests, known, dormouse, host_kernel, must_run, strict
        words = self.words(on)
        if words and words[0] in KINDS:
            self.kind = KINDS[words[0]]
            self.argv = self.kind.argv + words[1:]
        elif any('%IMAGE%' in word for word in words):
            self.kind = Kind(words, '')
            self.argv = words
        else:
            raise Unknown("--on %s: this is none of %s, nor a command with %%IMAGE%% in it"
                          % (on, ', '.join(KINDS)))
        self.name = words[0] if words[0] in KINDS else 'command'

    @staticmethod
    def words(on):
        try:
            return shlex.split(on)
        except ValueError as error:
            raise Unknown('--on %s: %s' % (on, error)) from error

    def known_file(self):
        """The table of its known deviations, or None."""
        if self.options.known:
            return self.options.known
        return self.kind.known and places.ours(os.path.join('known', self.kind.known))

    def on_emulated_host(self):
        return self.kind.kvm and not has_kvm()

    def command(self, image, append, name, state, look):
        """The words of one boot. @name is unique; @state is a directory for a VMM's files;
        @look: the path of conform/look if the machine is tested for sleep."""
        words = {'%IMAGE%': image, '%APPEND%': append, '%NAME%': name,
                 '%DORMOUSE%': self.dormouse(), '%FIRMWARE%': firmware(),
                 '%RELAY%': RELAY_IMAGE}
        argv = list(self.argv)
        if look and self.kind.status:
            argv = ['bash', look] + self.kind.status + ['--'] + argv
        for i, word in enumerate(argv):
            for place, text in words.items():
                word = word.replace(place, text)
            argv[i] = word
        if self.is_qemu_there():
            argv[:1] = QEMU_THERE
        return ['env', 'DORMOUSE_STATE_DIR=' + state] + argv if '%NAME%' in self.argv else argv

    def is_qemu_there(self):
        return self.on_emulated_host() and self.argv[0] == QEMU[0]

    def dormouse(self):
        program = self.options.dormouse
        return host_path(program) if self.on_emulated_host() else os.path.abspath(program)


def has_kvm():
    return platform.machine() in ('aarch64', 'arm64') and os.access('/dev/kvm',
                                                                    os.R_OK | os.W_OK)


def firmware():
    """psci-el3, as make el3 makes it."""
    return os.path.abspath(places.image('el3', 'psci-el3.img'))


def host_path(path):
    """Where a file of ours lies on the emulated host."""
    return '/host/files/' + os.path.abspath(path).lstrip('/').replace('/', '_')


def fetch(*what):
    """The path of what tools/fetch brings."""
    try:
        return subprocess.run([os.path.join(places.TOOLS, 'fetch'), *what], check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise boot.CannotRun('tools/fetch %s failed' % ' '.join(what)) from error


class Machines:
    """The machines that boots happen on: this one, and emulated hosts, each started once."""

    def __init__(self, image, targets, timeout, logs, state):
        self.image = image
        self.targets = targets
        self.timeout = timeout
        self.logs = logs
        self.state = state
        self.boots = 0
        self.hosts = {}

    def seconds(self, target):
        """How long a boot may take; nested emulation is slow."""
        return self.timeout or (300 if target.on_emulated_host() else 60)

    def run(self, target, append, enough, look):
        """One boot of the image: an Outcome. @look: it is to be seen whether the machine sleeps."""
        seconds = self.seconds(target)
        self.boots += 1
        name = 'conform-%d' % self.boots
        if not target.on_emulated_host():
            argv = target.command(os.path.abspath(self.image), append, name, self.state,
                                  look and places.ours('look'))
            return boot.watch(boot.Here(argv), seconds, enough)
        argv = target.command('/host/psci-conform.img', append, name, '/tmp/state',
                              look and '/host/look')
        kernel = target.options.host_kernel
        try:
            return boot.watch(boot.There(self.host(kernel), argv), seconds, enough)
        except boot.CannotRun:
            # The next boot gets another host.
            if kernel in self.hosts:
                self.hosts.pop(kernel).close()
            raise

    def host(self, kernel):
        if kernel not in self.hosts:
            self.hosts[kernel] = boot.Host(self.host_command(kernel))
        return self.hosts[kernel]

    def host_command(self, kernel):
        if places.IS_INSTALLED:
            raise boot.CannotRun('this machine has no /dev/kvm of arm64 that this user may open; '
                                 'an emulated one comes with the sources of dormouse')
        users = [t for t in self.targets
                 if t.on_emulated_host() and t.options.host_kernel == kernel]
        files = {self.image: '/host/psci-conform.img'}
        for script in ('boots', 'look'):
            files[places.ours(script)] = '/host/' + script
        for target in users:
            if '%DORMOUSE%' in target.argv:
                files[target.options.dormouse] = host_path(target.options.dormouse)
            if target.is_qemu_there():
                files[fetch('program', 'qemu-system-arm', QEMU[0])] = '/qemu'
        for path in files:
            if not os.path.exists(path):
                raise boot.CannotRun('there is no %s: make all payload builds it' % path)
        argv = [os.path.join(places.TOOLS, 'arm64-host'), '--kernel', kernel]
        if self.logs:
            argv += ['--log', os.path.join(self.logs, 'host-%s.log' % kernel)]
        for path, place in files.items():
            argv += ['--add', '%s:%s' % (os.path.abspath(path), place)]
        return argv + ['--', 'bash', '/host/boots']

    def close(self):
        for host in self.hosts.values():
            host.close()
