# SPDX-License-Identifier: BSD-3-Clause
"""Running the command that boots a machine, here or on the emulated host, until it
ends, has said enough, says too much or takes too long. Whatever it does, a boot ends.
"""
import os
import secrets
import select
import shlex
import signal
import subprocess
import time

# A core run prints some 15 KiB; a command that prints this much does not stop by itself.
FLOOD = 8 << 20
# How much of its standard error is kept.
ERRORS_KEPT = 1 << 16
# How long a command may take to end after it was asked to, and the host to report that.
GRACE = 10
HOST_GRACE = 60


class CannotRun(Exception):
    """It could not even be tried; a sentence."""


def cannot_run(program, error):
    """A program that does not start."""
    remedy = ''
    if program == 'qemu-system-aarch64' and isinstance(error, FileNotFoundError):
        remedy = "; install Debian's package qemu-system-arm"
    return CannotRun('%s cannot be run: %s%s' % (program, error.strerror, remedy))


class Outcome:
    """What became of one boot."""

    def __init__(self, how, status, text, errors, seconds):
        self.how = how  # 'ended' by itself, 'stopped' by us, 'timeout' or 'flood'
        self.status = status  # its exit status, negative for a signal; None if it did not end
        self.text = text  # what it printed, the machine's console above all
        self.errors = errors  # what it said on standard error, at whatever moment
        self.seconds = seconds

    def all(self):
        """All its words, those on standard error last."""
        end = '' if not self.text or self.text.endswith('\n') else '\n'
        return self.text + end + self.errors


def watch(command, seconds, enough):
    """Follow a Here or There until it ends: an Outcome. @enough(text, idle) says that we have
    seen all there is to see, the last of it @idle seconds ago."""
    begin = time.monotonic()
    data = bytearray()
    try:
        how = follow(command, data, begin + seconds, enough)
    except BaseException:
        command.abandon()
        raise
    status = command.end(how != 'ended')
    return Outcome(how, status if how == 'ended' else None, as_text(data[:FLOOD]),
                   as_text(command.errors), time.monotonic() - begin)


def as_text(data):
    return bytes(data).decode('utf-8', 'replace').replace('\r', '').replace('\0', '')


def follow(command, data, deadline, enough):
    """Collect what it prints in @data; how it came to an end."""
    heard = time.monotonic()
    while True:
        left = deadline - time.monotonic()
        piece = command.read(min(max(left, 0), 1))
        if piece == b'':
            return 'ended'
        if piece:
            heard = time.monotonic()
            data += piece
        if len(data) > FLOOD:
            return 'flood'
        if enough(data, time.monotonic() - heard):
            return 'stopped'
        # It may print without a pause.
        if left <= 0:
            return 'timeout'


def signal_group(process, number):
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def end_group(process):
    """End a process and all of its group, by force if it does not end when it is asked to; its
    exit status."""
    signal_group(process, signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        pass
    signal_group(process, signal.SIGKILL)
    return process.wait()


class Here:
    """A command of this machine. What it says on standard error is kept apart: in a pipe of both
    it would be in the middle of whatever line the machine is at."""

    def __init__(self, argv):
        try:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                            start_new_session=True)
        except OSError as error:
            raise cannot_run(argv[0], error) from error
        self.output = self.process.stdout.fileno()
        self.open = [self.output, self.process.stderr.fileno()]
        self.errors = bytearray()

    def read(self, seconds):
        """Output; None if there was none for so long, b'' at the end. A child that continues
        with our pipes open does not delay us."""
        deadline = time.monotonic() + seconds
        while True:
            ended = self.process.poll() is not None
            wait = 0 if ended else min(max(deadline - time.monotonic(), 0), 0.1)
            ready = select.select(self.open, [], [], wait)[0]
            for pipe in ready:
                piece = os.read(pipe, 65536)
                if not piece:
                    self.open.remove(pipe)  # It closed it, and perhaps lives on.
                elif pipe == self.output:
                    return piece
                else:
                    self.errors += piece[:ERRORS_KEPT - len(self.errors)]
            if ended and not ready:
                return b''
            if time.monotonic() >= deadline:
                return None

    def end(self, kill):
        """Leave nothing of it behind; its exit status."""
        if kill:
            status = end_group(self.process)
        else:
            signal_group(self.process, signal.SIGKILL)
            status = self.process.wait()
        # Its last output, which may be older than the event that made us end it.
        os.set_blocking(self.process.stderr.fileno(), False)
        self.errors += (self.process.stderr.read() or b'')[:ERRORS_KEPT - len(self.errors)]
        self.process.stdout.close()
        self.process.stderr.close()
        return status

    def abandon(self):
        """We are told to stop, at once."""
        signal_group(self.process, signal.SIGKILL)


class Host:
    """An emulated arm64 machine with KVM; conform/boots in it runs one command at a time. A
    token that no command knows ends a command's output, and the errors that follow it."""

    def __init__(self, argv):
        self.token = secrets.token_hex(16).encode()
        self.held = bytearray()
        try:
            self.process = subprocess.Popen(argv + [self.token.decode()],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            start_new_session=True)
        except OSError as error:
            raise cannot_run(argv[0], error) from error
        self.output = self.process.stdout.fileno()

    def say(self, line):
        try:
            self.process.stdin.write(line.encode() + b'\n')
            self.process.stdin.flush()
        except OSError as error:
            raise self.lost() from error

    def lost(self):
        return CannotRun('the emulated machine ended before its tests did')

    def fill(self, seconds):
        """Read more into held; False if nothing came for so long."""
        if not select.select([self.output], [], [], seconds)[0]:
            return False
        piece = os.read(self.output, 65536)
        if not piece:
            raise self.lost()
        self.held += piece
        return True

    def close(self):
        """End the machine, at once if need be."""
        try:
            self.process.stdin.close()
        except OSError:
            pass
        self.process.stdout.close()
        end_group(self.process)


class There:
    """A command of an emulated host."""

    def __init__(self, host, argv):
        self.host = host
        self.errors = bytearray()
        self.status = None
        host.say('run ' + shlex.join(argv))

    def read(self, seconds):
        """As Here.read()."""
        held, token = self.host.held, self.host.token
        while True:
            at = held.find(token)
            end = held.find(token, at + 1) if at >= 0 else -1
            newline = held.find(b'\n', end) if end >= 0 else -1
            if newline >= 0 and at == 0:
                self.errors += held[len(token):end]
                self.status = int(held[end + len(token):newline])
                del held[:newline + 1]
                return b''
            # Text that may be the beginning of the token is not output yet.
            ready = at if at >= 0 else len(held) - next(
                (n for n in range(len(token) - 1, 0, -1) if held.endswith(token[:n])), 0)
            if ready:
                piece = bytes(held[:ready])
                del held[:ready]
                return piece
            if not self.host.fill(seconds):
                return None

    def abandon(self):
        """It ends with its host."""

    def end(self, kill):
        """As Here.end()."""
        for word in ('term', 'kill') if kill else ():
            if self.status is None:
                self.host.say(word)
            deadline = time.monotonic() + HOST_GRACE
            while self.status is None and time.monotonic() < deadline:
                self.read(1)
        if self.status is None:
            raise CannotRun('the emulated machine does not answer any more')
        return self.status if self.status < 128 else 128 - self.status
