# SPDX-License-Identifier: BSD-3-Clause
"""stand-in.py NAME - stands in for the dormouse that runs the VM NAME

It holds the VM's lock, has a record that says "running", and serves two sockets: a console,
which echoes, and says all of it before it reads on, and QMP, which answers every command and
tells of two events. It ends when its standard input does. DORMOUSE_STATE_DIR is where the VM is,
and the environment's SHOUT how many bytes the console says to a client at first; with ENDS, the
connections are closed after that, and after the first events of QMP. OUTCOME is the data of a
third event, with which a request to the guest ends."""
import fcntl
import json
import os
import socket
import struct
import sys
import threading

folder = os.path.join(os.environ['DORMOUSE_STATE_DIR'], sys.argv[1])
console = os.path.join(folder, 'console')
shout = int(os.environ.get('SHOUT', 0))

RECORD = {
    'format': 1, 'name': sys.argv[1], 'state': 'running', 'boots': 1, 'host': '7.2',
    'cause': {'trigger': 'start', 'what': 'dormouse run', 'when': '2026-11-21T09:23:57Z',
              'vcpu': -1},
    'pid': os.getpid(),
    'machine': {'kernel': '/boot/Image', 'append': '', 'console': 'unix:' + console, 'disks': [],
                'cpus': 1, 'memory': 512 << 20, 'psci': 'userspace', 'psci-version': 0x10003},
}


def listen(name):
    """A socket in the VM's folder."""
    listener = socket.socket(socket.AF_UNIX)
    directory = os.open(folder, os.O_RDONLY)
    listener.bind('/proc/self/fd/%d/%s' % (directory, name))
    listener.listen()
    os.close(directory)
    return listener


def serve(listener, handler):
    """Have each client handled in a thread of its own."""
    def accept():
        while True:
            client = listener.accept()[0]
            threading.Thread(target=handler, args=(client,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def echo(client):
    """A guest that says everything before it reads on."""
    try:
        client.sendall(b'x' * shout)
        if 'ENDS' in os.environ:
            client.shutdown(socket.SHUT_RDWR)
        while data := client.recv(1 << 16):
            client.sendall(data)
    except OSError:
        pass


def qmp(client):
    """Answers, and after each answer two events."""
    def line(message):
        client.sendall(json.dumps(message).encode() + b'\r\n')
    event = {'event': 'RESET', 'data': {'reason': 'guest-reset'},
             'timestamp': {'seconds': 1, 'microseconds': 0}}
    try:
        line({'QMP': {'version': {}, 'capabilities': []}})
        while client.recv(1 << 16):
            line({'return': {}})
            line(event)
            line(dict(event, event='SHUTDOWN'))
            if 'OUTCOME' in os.environ:
                line(dict(event, event='X_DORMOUSE_REQUEST',
                          data=json.loads(os.environ['OUTCOME'])))
            if 'ENDS' in os.environ:
                client.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


os.makedirs(folder)
lock = os.open(os.path.join(folder, 'lock'), os.O_RDWR | os.O_CREAT, 0o600)
# As an open file's lock, of all of the file: struct flock of 64-bit Linux.
fcntl.fcntl(lock, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0))
serve(listen('qmp'), qmp)
serve(listen('console'), echo)
with open(os.path.join(folder, 'record.json'), 'w', encoding='utf-8') as file:
    json.dump(RECORD, file)
print('ready', flush=True)
sys.stdin.read()
