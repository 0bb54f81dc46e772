# SPDX-License-Identifier: BSD-3-Clause
"""What is expected of an implementation: a table of its known deviations."""
import re

import judge

WORDS = ('always', 'sometimes', 'observation')
ID = re.compile(r'PSCI-[A-Z0-9_]+-[0-9]{2}')


class Bad(Exception):
    """The table cannot be read; a sentence."""


class Known:
    """Rows "STATEMENT always|sometimes|observation REASON"; a statement that has none passes."""

    def __init__(self, path, ids):
        """@path may be None: nothing is known. @ids: the statements that there are."""
        self.rows = {}
        if path is None:
            return
        with open(path, encoding='utf-8') as file:
            lines = file.read().splitlines()
        for number, line in enumerate(lines, 1):
            fields = line.split(None, 2)
            if not fields or line.startswith('#'):
                continue
            where = '%s:%d: ' % (path, number)
            if len(fields) < 3 or not ID.fullmatch(fields[0]) or fields[1] not in WORDS:
                raise Bad(where + 'this is not "STATEMENT %s REASON"' % '|'.join(WORDS))
            if fields[0] not in ids:
                raise Bad(where + 'the image has no test of ' + fields[0])
            if fields[0] in self.rows:
                raise Bad(where + fields[0] + ' is listed twice')
            self.rows[fields[0]] = (fields[1], fields[2])

    def expects(self, result, strict, must_run):
        """None if a result is as known, or what it is instead; a sentence."""
        how, reason = self.rows.get(result.test.id, (None, None))
        verdict = result.verdict
        if verdict == judge.MISSING:
            return 'no verdict came'
        if verdict == judge.SKIP:
            return 'skipped, and it must run' if result.test.id in must_run else None
        if verdict == judge.FAIL:
            return None if how in ('always', 'sometimes') else 'failed'
        if how == 'always':
            return 'passed, and the table of known deviations says: ' + reason
        if verdict == judge.OBSERVATION and strict and how != 'observation':
            return 'observed something'
        return None

    def reason(self, result):
        """Why it is known not to pass; None if it passes or is not known."""
        how, reason = self.rows.get(result.test.id, (None, None))
        if how and (result.verdict == judge.FAIL
                    or (how == 'observation' and result.verdict == judge.OBSERVATION)):
            return reason
        return None
