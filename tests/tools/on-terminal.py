# SPDX-License-Identifier: BSD-3-Clause
"""on-terminal.py KEYS COMMAND... - types KEYS on a terminal that COMMAND has as standard input

Exits as COMMAND does."""
import os
import pty
import subprocess
import sys

master, slave = pty.openpty()
with subprocess.Popen(sys.argv[2:], stdin=slave) as process:
    os.write(master, sys.argv[1].encode().decode('unicode_escape').encode())
    sys.exit(process.wait())
