# SPDX-License-Identifier: BSD-3-Clause
"""Reading output that is still written, or was not completed. A last line without its line
feed is a part of one, which may mean something else than the whole: it is not read."""


def whole_lines(data):
    """The whole lines of @data, bytes or str, without their ends."""
    feed = b'\n' if isinstance(data, (bytes, bytearray)) else '\n'
    return data.split(feed)[:-1]


class Growing:
    """Data of which there is more each time."""

    def __init__(self):
        self.seen = 0

    def more(self, data):
        """What has come in whole lines since the last time, of all @data so far."""
        end = data.rfind(b'\n', self.seen) + 1
        lines = bytes(data[self.seen:end])
        self.seen = max(self.seen, end)
        return lines
