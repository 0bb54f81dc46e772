# SPDX-License-Identifier: BSD-3-Clause
"""qmp-client.py SOCKET KEYS - what Python's qemu.qmp, unmodified, makes of dormouse's QMP.

SOCKET is a running VM's, whose guest suspends when it reads an s from KEYS, and again each
time it is woken. Prints TAP."""
import asyncio
import sys

from qemu.qmp import ExecuteError, QMPClient

LONG = 300  # Only turns a hang into a failure.
count = 0


def ok(sentence, passed, why=''):
    """A test, and what was seen if it failed."""
    global count
    count += 1
    print('%sok %d - %s' % ('' if passed else 'not ', count, sentence))
    if not passed:
        print('# %r' % (why,))


def equal(sentence, found, wanted):
    ok(sentence, found == wanted, found)


async def status(client):
    return (await client.execute('query-status'))['status']


async def event(listener, name):
    """Wait for an event of this name; others before it are dropped."""
    while True:
        message = await asyncio.wait_for(listener.get(), LONG)
        if message['event'] == name:
            return message


async def refused(client, command, arguments=None):
    """The error that a command is refused with, or None."""
    try:
        await client.execute(command, arguments)
    except ExecuteError as error:
        return error
    return None


async def main(socket, keys):
    first, second = QMPClient('first'), QMPClient('second')
    await first.connect(socket)
    ok('qemu.qmp connects and negotiates', first.greeting is not None)
    await second.connect(socket)
    ok('qemu.qmp connects a second client', True)

    version = await first.execute('query-version')
    ok('query-version has QEMU\'s shape', {'major', 'minor', 'micro'} <= set(version['qemu']),
       version)
    commands = {c['name'] for c in await first.execute('query-commands')}
    ok('query-commands names what VM tools use',
       {'query-status', 'stop', 'cont', 'system_wakeup', 'system_reset', 'system_powerdown',
        'quit', 'query-cpus-fast', 'query-block', 'query-chardev', 'query-kvm', 'query-name',
        'query-uuid', 'query-version'} <= commands, commands)
    equal('query-name returns the name of the VM', await first.execute('query-name'), {'name': 'clients'})
    equal('query-kvm says that KVM is enabled', await first.execute('query-kvm'), {'enabled': True, 'present': True})
    cpus = await first.execute('query-cpus-fast')
    equal('query-cpus-fast has each vCPU', [c['cpu-index'] for c in cpus], [0, 1])
    equal('query-status says running', await first.execute('query-status'),
          {'running': True, 'status': 'running'})

    error = await refused(first, 'no-such-command')
    equal('an unknown command gets CommandNotFound', error and error.error_class, 'CommandNotFound')
    error = await refused(first, 'stop', {'now': True})
    equal('an unknown argument gets GenericError', error and error.error_class, 'GenericError')
    error = await refused(first, 'system_wakeup')
    ok('system_wakeup of a running guest is refused', error and 'is not suspended' in str(error), error)

    with first.listener() as here, second.listener() as there:
        await first.execute('stop')
        for listener in here, there:
            await event(listener, 'STOP')
        ok('both clients get the event STOP', True)
        equal('query-status of a stopped guest says paused', await status(second), 'paused')
        await second.execute('cont')
        for listener in here, there:
            await event(listener, 'RESUME')
        ok('both clients get the event RESUME', True)

        with open(keys, 'wb', buffering=0) as pipe:
            pipe.write(b's')
        heard = await event(here, 'SUSPEND')
        ok('SUSPEND has a timestamp', {'seconds', 'microseconds'} <= set(heard['timestamp']),
           heard)
        equal('query-status of a suspended guest says suspended', await status(first), 'suspended')
        answers = await asyncio.gather(*(second.execute('query-status') for _ in range(100)))
        equal('a hundred commands at once get an answer each',
              {a['status'] for a in answers}, {'suspended'})
        await first.execute('system_wakeup')
        await event(there, 'WAKEUP')
        ok('the other client gets the event WAKEUP', True)

    await second.disconnect()
    equal('a client is served after another has disconnected', (await first.execute('query-name'))['name'], 'clients')
    with first.listener('SHUTDOWN') as listener:
        await first.execute('quit')
        heard = await event(listener, 'SHUTDOWN')
        equal('the event SHUTDOWN has the reason', heard['data'],
              {'guest': False, 'reason': 'host-qmp-quit'})
    try:
        await first.disconnect()
    except EOFError:
        pass  # The VM was faster.
    print('1..%d' % count)


asyncio.run(main(*sys.argv[1:]))
