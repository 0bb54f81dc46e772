# SPDX-License-Identifier: BSD-3-Clause
"""From what a boot printed and how it ended to a verdict for each of its tests."""
import collections
import re

from lines import Growing, whole_lines

PASS, FAIL, SKIP, OBSERVATION, MISSING = 'pass', 'fail', 'skip', 'observation', 'missing'

POINT = re.compile(r'(not )?ok ([0-9]+)(?: - (\S+) (.*?))?(?: # SKIP (.*))?$')
FIELDS = re.compile(r'([a-z0-9]+)=(\S+)')
LIFE = 'TAP version 14'
STUCK = '# the machine could not be turned off'
CALLS = re.compile(rb'^# calls .*\n', re.MULTILINE)
# conform/look's report on a machine whose VMM can be asked for its state.
ASLEEP = b'# state: suspended\n'
# A machine sleeps if it is reported as asleep this many times in a row, with nothing in between.
LOOKS = 4
# A machine whose state no command reports sleeps if it prints nothing for so many seconds after
# the line that names the call. A slow one may be judged asleep, none awake.
QUIET = 10

# How each end is judged, for --list and docs/payload.md.
ENDINGS = {
    'off': 'the command must end, with status 0',
    'hibernated': 'the command must end, and report it if it can: dormouse with status 3',
    'reset': 'the machine must begin again',
    'warm reset': 'the machine must begin again and find its memory',
    'asleep': 'the machine must sleep: neither continue nor end nor begin again',
    'goes on': 'the machine must continue',
    'open': 'an end of the machine is an observation',
}

# verdict: one of the above; why: the reason of a skip, the observation, or what is missing;
# notes: the lines that came with it.
Result = collections.namedtuple('Result', 'test verdict why notes')


class Lie(Exception):
    """What was printed contradicts itself or the image; a sentence."""


class Report:
    """One power cycle of the machine, as the payload reported it."""

    def __init__(self, group):
        self.group = group
        self.points = []  # [verdict, why, notes], in the order of group.tests
        self.plan = None
        self.machine = {}  # psci=, conduit= … of the first line
        self.summary = None
        self.bail_out = None
        self.stuck = False  # SYSTEM_OFF came back
        self.calls = None  # what it was about to call when it was last heard of
        self.called = 0  # how often it was about to

    def line(self, line):
        point = POINT.fullmatch(line)
        if point:
            self.point(*point.groups())
        elif line.startswith('1..') and line[3:].isdecimal():
            self.planned(int(line[3:6]))
        elif line.startswith('Bail out! '):
            self.bail_out = line[10:]
        elif line == STUCK:
            self.stuck = True
        elif line.startswith('# psci-conform '):
            self.begin(dict(FIELDS.findall(line)))
        elif line.startswith('# summary '):
            self.sum_up(dict(FIELDS.findall(line)))
        elif line.startswith('# calls '):
            self.calls = line[2:]
            self.called += 1
        elif line.startswith('# observation: ') and self.points:
            self.points[-1][:2] = OBSERVATION, line[15:]
        elif line.startswith('# ') and self.points:
            self.points[-1][2].append(line[2:])

    def begin(self, fields):
        if fields.get('tests') != self.group.name:
            raise Lie('it runs tests=%s, and was asked for tests=%s; does the command pass '
                      'on %%APPEND%%?' % (fields.get('tests'), self.group.name))
        self.machine = fields

    def planned(self, count):
        if self.plan is not None:
            raise Lie('it has two plans')
        if count != len(self.group.tests):
            raise Lie('it plans %d tests, and the image has %d' % (count, len(self.group.tests)))
        self.plan = count

    def point(self, failed, number, name, sentence, skipped):
        at = len(self.points)
        if int(number) != at + 1:
            raise Lie('after test %d comes test %s' % (at, number))
        if at >= len(self.group.tests):
            raise Lie('it has a test %s, and the image has %d' % (number, at))
        test = self.group.tests[at]
        if name is not None and (name, sentence) != (test.id, test.sentence):
            raise Lie('test %s is %s, and in the image %s' % (number, name, test.id))
        verdict = FAIL if failed else SKIP if skipped is not None else PASS
        self.points.append([verdict, skipped, []])

    def sum_up(self, fields):
        for verdict in (PASS, FAIL, SKIP, OBSERVATION):
            seen = sum(point[0] == verdict for point in self.points)
            if fields.get(verdict) != str(seen):
                raise Lie('it counts %s=%s, and reported %d' % (verdict, fields.get(verdict), seen))
        self.summary = fields

    def complete(self):
        return (self.summary is not None and self.plan is not None
                and len(self.points) == self.plan)

    def results(self, why):
        """A Result for each test; what is not there is missing, because @why."""
        return [Result(test, *self.points[i]) if i < len(self.points)
                else Result(test, MISSING, why, []) for i, test in enumerate(self.group.tests)]


class Boot:
    """What one boot of a group has shown."""

    def __init__(self, group, outcome, kind, seconds):
        """@seconds: how long it was given."""
        self.group = group
        self.outcome = outcome
        self.kind = kind
        self.seconds = seconds
        self.trouble = None  # a sentence if it did not go as a boot should
        self.lives = []
        try:
            self.read()
            self.results = self.judge()
        except Lie as lie:
            self.trouble = 'its output is inconsistent: %s' % lie
            last = self.lives[-1] if self.lives else Report(group)
            self.results = last.results(self.trouble)

    @property
    def machine(self):
        return self.lives[-1].machine if self.lives else {}

    def read(self):
        # However it ended: a machine that dies may be in the middle of a line.
        for line in whole_lines(self.outcome.text):
            if line == LIFE:
                self.lives.append(Report(self.group))
            elif self.lives:
                self.lives[-1].line(line)

    # --- how it ended ---

    def ending(self):
        """How the command ended, for a sentence."""
        outcome = self.outcome
        if outcome.how == 'timeout':
            return 'it had not ended after %d s' % self.seconds
        if outcome.how == 'flood':
            return 'it printed without end'
        if outcome.how == 'stopped':
            return 'the machine %s' % ('could not be turned off' if self.lives[-1].stuck
                                       else 'began again')
        if outcome.status < 0:
            return 'the command was killed by signal %d' % -outcome.status
        return 'the command ended with status %d' % outcome.status

    def ended_with(self, status):
        return self.outcome.how == 'ended' and self.outcome.status == status

    def judge(self):
        if not self.lives:
            self.trouble = 'no TAP came: %s%s' % (self.ending(), self.last_words())
            return Report(self.group).results(self.trouble)
        last = self.lives[-1]
        if self.outcome.how == 'stopped' and len(self.lives) > 1 and not last.calls:
            last = self.lives[-2]  # The last one had only just begun.
        if self.group.ending and last.calls and not last.points and last.bail_out is None:
            return [Result(self.group.tests[0], *self.judge_end(last), [last.calls])]
        if last.bail_out is not None:
            self.trouble = 'it gave up: ' + last.bail_out
        elif not last.complete():
            self.trouble = 'it reported %d of %d tests: %s' % (
                len(last.points), len(self.group.tests), self.ending())
        elif not self.ended_with(0):
            self.trouble = 'all tests were reported, but ' + self.ending()
        elif len(self.lives) > 1 and self.group.ending is None:
            self.trouble = 'the machine began again in between'
        results = last.results(self.trouble)
        if self.group.ending == 'warm reset' and results[0].verdict == PASS:
            results = self.demand(results[0], len(self.lives) > 1, 'it passed without a reset')
        if self.group.ending in ('reset', 'warm reset') and len(self.lives) > 1:
            results = self.demand(results[0], self.said(), 'the command does not report it')
        return results

    @staticmethod
    def demand(result, condition, why):
        if condition:
            return [result]
        return [Result(result.test, FAIL, why, result.notes)]

    def last_words(self):
        words = self.outcome.all().strip().split('\n')[-1].strip()
        return ', its last output: ' + words[-200:] if words else ', and it printed nothing'

    def said(self):
        """The command reported this end as it should, if it reports ends at all."""
        says = self.kind.says
        return says.get(self.group.name, says.get(self.group.ending, '')) in self.outcome.all()

    # --- the machine ended in the test ---

    def judge_end(self, last):
        """The verdict of a test that called, and was not heard of again; and why."""
        ending = self.group.ending
        outcome = self.outcome
        if outcome.how in ('timeout', 'flood') or (outcome.status or 0) < 0:
            return FAIL, 'after "%s" %s' % (last.calls, self.ending())
        if ending == 'asleep':
            return self.judge_sleep(last)
        if ending == 'goes on':
            return FAIL, 'the machine should continue, but ' + self.ending()
        if ending == 'open':
            return OBSERVATION, 'the machine did not continue: ' + self.ending()
        if ending in ('reset', 'warm reset'):
            return self.judge_reset(ending)
        return self.judge_off(ending)

    def judge_sleep(self, last):
        if self.outcome.how == 'ended' or len(self.lives) > 1:
            return FAIL, 'the machine should sleep, but ' + self.ending()
        if not self.said():
            return FAIL, 'the command does not report it'
        if last.called > 1:
            return OBSERVATION, 'it came back %d times before it slept' % (last.called - 1)
        return PASS, None

    def judge_reset(self, ending):
        if self.outcome.how == 'ended':
            if self.kind.restarts:
                return FAIL, 'the machine should begin again, but ' + self.ending()
            return OBSERVATION, 'the machine did not begin again: ' + self.ending()
        if ending == 'warm reset':
            return FAIL, 'the machine began again without the memory that it had'
        if not self.said():
            return FAIL, 'the command does not report it'
        return PASS, None

    def judge_off(self, ending):
        if self.outcome.how == 'stopped':
            return FAIL, 'the machine should be off, but it began again'
        if not self.said():
            return FAIL, 'the command does not report it'
        wanted = 0
        if ending == 'hibernated' and self.kind.hibernated is not None:
            wanted = self.kind.hibernated
        if not self.ended_with(wanted):
            return FAIL, '%s, and not with %d' % (self.ending(), wanted)
        if ending == 'hibernated' and self.kind.hibernated is None:
            return OBSERVATION, 'from outside it looks like SYSTEM_OFF'
        return PASS, None


def enough(group, kind):
    """A function that decides, from all that one boot of @group has printed so far and from the
    seconds since the last output, whether nothing new will come: the machine was reset once and
    runs again, and its output would be the same; or it sleeps for ever. It examines each line
    once."""
    life, stuck = LIFE.encode(), STUCK.encode()
    lives = asleep = 0
    calls = False
    growing = Growing()

    def sleeps(lines, idle):
        nonlocal asleep, calls
        calls = calls or CALLS.search(lines) is not None
        for line in lines.splitlines(keepends=True):
            asleep = asleep + 1 if line == ASLEEP else 0
        return calls and (asleep >= LOOKS if kind.status else idle >= QUIET)

    def seen(data, idle):
        nonlocal lives
        lines = growing.more(data)
        # The call in this power cycle, if another one preceded it.
        called = CALLS.search(lines, lines.rfind(life) + 1)
        lives += lines.count(life)
        return lives > 2 or stuck in lines or (
            group.ending is not None and lives > 1 and called is not None) or (
            group.ending == 'asleep' and sleeps(lines, idle))
    return seen
