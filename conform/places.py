# SPDX-License-Identifier: BSD-3-Clause
"""Where files are: in the tree of the sources and what make built there, or, if the package
psci-conform is installed, beside this file."""
import os
import shutil

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TOOLS = os.path.join(ROOT, 'tools')
IS_INSTALLED = not os.path.exists(os.path.join(TOOLS, 'arm64-host'))


def ours(name):
    """A file of this folder."""
    return os.path.join(HERE, name)


def image(folder, name):
    """An image, which make puts into a folder."""
    if IS_INSTALLED:
        return ours(name)
    return os.path.join(ROOT, os.environ.get('O') or 'build', folder, name)


def dormouse():
    """Its program."""
    if IS_INSTALLED:
        return shutil.which('dormouse') or '/usr/bin/dormouse'
    return image('arm64', 'dormouse')
