# SPDX-License-Identifier: BSD-3-Clause
"""What psci-conform.img says of itself: its tests, without running it.

start.S puts a mark and three distances behind the Image header: to where the
image's relocations begin and end, and to its struct catalogue (payload/test.h).
The image is linked at 0, so what a relocation adds is an offset in the file.
"""
import collections
import struct

MARK_AT = 64
MARK = b'psci-conform 1\0\0'
RELATIVE = 1027
# No image has so many; one that says so is damaged.
MOST = 1000

# A statement, by its id, and what must hold. "group" can be asked for by name; "ending" is
# None or what becomes of the machine, as ENDS_* in payload/test.h.
Test = collections.namedtuple('Test', 'group id sentence ending')
# The tests of one boot: a group that is requested by name, or all of the core.
Group = collections.namedtuple('Group', 'name tests ending')


class Damaged(Exception):
    """This is no psci-conform.img."""


class Reader:
    """Follows pointers in the image."""

    def __init__(self, data):
        self.data = data
        if data[MARK_AT:MARK_AT + len(MARK)] != MARK:
            raise Damaged('it does not have the mark of psci-conform.img')
        at = MARK_AT + len(MARK)
        begin, end, self.catalogue = (at + 4 * i + struct.unpack_from('<i', data, at + 4 * i)[0]
                                      for i in range(3))
        self.pointers = {}
        for where in range(begin, end, 24):
            offset, kind, value = struct.unpack_from('<QQq', data, where)
            if kind == RELATIVE:
                self.pointers[offset] = value

    def number(self, at, code='<Q'):
        return struct.unpack_from(code, self.data, at)[0]

    def text(self, at):
        """The string that the pointer at @at points to; None for NULL."""
        begin = self.pointers.get(at)
        if begin is None:
            return None
        return self.data[begin:self.data.index(b'\0', begin)].decode('utf-8')

    def count(self, at, code='<Q'):
        value = self.number(at, code)
        if value > MOST:
            raise Damaged('it says that it has %d of something' % value)
        return value

    def group(self, at, test_size):
        """struct group: name, tests, count, ending; struct test: id, sentence, ..."""
        name = self.text(at)
        tests = self.pointers[at + 8]
        ending = self.text(at + 24)
        return Group(name, [Test(name, self.text(tests + i * test_size),
                                 self.text(tests + i * test_size + 8), ending)
                            for i in range(self.count(at + 16, '<I'))], ending)

    def groups(self):
        """The groups of the core, and those that are run when asked for."""
        group_size, test_size = struct.unpack_from('<II', self.data, self.catalogue)
        lists = []
        for at in (self.catalogue + 8, self.catalogue + 24):
            pointers = self.pointers[at]
            lists.append([self.group(self.pointers[pointers + 8 * i], test_size)
                          for i in range(self.count(at + 8))])
        end = self.pointers[self.catalogue + 40]
        end_count = self.count(self.pointers[self.catalogue + 48], '<I')
        lists[1] += [self.group(end + i * group_size, test_size) for i in range(end_count)]
        return lists


class Image:
    """A psci-conform.img: its path and its tests."""

    def __init__(self, path):
        """Raises OSError, or Damaged if it is another file."""
        self.path = path
        with open(path, 'rb') as file:
            data = file.read()
        try:
            self.core, self.apart = Reader(data).groups()
        except (struct.error, KeyError, ValueError) as error:
            raise Damaged('its list of tests is damaged') from error

    def boot(self, name):
        """What bootargs tests=@name runs: a Group. KeyError if there is none."""
        if name == 'core':
            return Group('core', [test for group in self.core for test in group.tests], None)
        for group in self.core + self.apart:
            if group.name == name:
                return group
        raise KeyError(name)

    def tests(self):
        return [test for group in self.core + self.apart for test in group.tests]
