# SPDX-License-Identifier: BSD-3-Clause
"""What came out, as text, TAP, JSON and JUnit's XML."""
import collections
import json
import sys
from xml.etree import ElementTree

import judge

# The content of one cell of the matrix; an unexpected one is in capitals.
WORDS = {judge.PASS: 'ok', judge.FAIL: 'known', judge.SKIP: '-', judge.OBSERVATION: 'note',
         judge.MISSING: 'none'}
UNEXPECTED = {judge.PASS: 'PASS?', judge.FAIL: 'FAIL', judge.SKIP: 'SKIP',
              judge.OBSERVATION: 'NOTE', judge.MISSING: 'NONE'}

# One result in one column: its boot, whether it is unexpected and how, and why it is known.
Cell = collections.namedtuple('Cell', 'result unexpected reason')


class Column:
    """All boots of one target."""

    def __init__(self, target, known):
        self.target = target
        self.known = known
        self.boots = []
        self.cells = {}  # statement: Cell
        self.cannot = None  # a sentence if it could not be run
        self.silent = False  # given up, since not a word of TAP came

    def add(self, boot):
        """Take over what a boot has shown; what was missing before may be there now."""
        self.boots.append(boot)
        for result in boot.results:
            before = self.cells.get(result.test.id)
            if before is None or result.verdict != judge.MISSING:
                self.cells[result.test.id] = self.cell(result)

    def cell(self, result):
        options = self.target.options
        return Cell(result, self.known.expects(result, options.strict, options.must_run),
                    self.known.reason(result))

    def unexpected(self):
        return [cell for cell in self.cells.values() if cell.unexpected]

    def troubles(self):
        """Boots that did not go as they should: each trouble once, and where it was."""
        where = {}
        for boot in self.boots:
            if boot.trouble:
                where.setdefault(boot.trouble, []).append(boot.group.name)
        return ['%s: %s' % (', '.join(names), trouble) for trouble, names in where.items()]

    def told(self, cell):
        """Its boot's trouble says why it is missing, and that is enough."""
        return cell.result.verdict == judge.MISSING and (
            self.silent or any(cell.result.why == boot.trouble for boot in self.boots))

    def give_up(self, groups):
        """What is left would not print anything either."""
        self.silent = True
        for group in groups:
            for test in group.tests:
                result = judge.Result(test, judge.MISSING, 'not tried, since no TAP came', [])
                self.cells.setdefault(test.id, self.cell(result))

    def as_known(self):
        return not self.cannot and not self.unexpected() and not self.troubles()

    def counts(self):
        return collections.Counter(cell.result.verdict for cell in self.cells.values())

    def machine(self):
        """What the payload said of the machine, in a line."""
        for boot in self.boots:
            if boot.machine:
                return 'PSCI %(psci)s, SMCCC %(smccc)s, %(conduit)s, EL%(el)s, %(cpus)s CPUs, ' \
                       'GICv%(gic)s' % collections.defaultdict(lambda: '?', boot.machine)
        return 'nothing came'


def numbers(counts):
    words = ' '.join('%s=%d' % (verdict, counts[verdict])
                     for verdict in (judge.PASS, judge.FAIL, judge.SKIP, judge.OBSERVATION))
    return words + (' missing=%d' % counts[judge.MISSING] if counts[judge.MISSING] else '')


def statement(name):
    """Function and number of a statement's id: "CPU_ON", "06"."""
    return name[5:].rsplit('-', 1)


def by_function(tests):
    """In the order of functions, each where it came first, and of their statements."""
    first = {}
    for test in tests:
        first.setdefault(statement(test.id)[0], len(first))
    return sorted(tests, key=lambda test: (first[statement(test.id)[0]], test.id))


def explain(cell):
    """Why a result is what it is: lines."""
    why = [cell.result.why] if cell.result.why else []
    return why + cell.result.notes


# --- text ---

def print_matrix(columns, tests):
    """Rows are statements, columns are numbered and named above."""
    for number, column in enumerate(columns, 1):
        print('[%d] %s: %s' % (number, column.target.on, column.cannot or column.machine()))
    width = max(len(test.sentence) for test in tests)
    function = None
    for test in by_function(tests):
        cells = [column.cells.get(test.id) for column in columns]
        if not any(cells):
            continue
        name, number = statement(test.id)
        if name != function:
            function = name
            heads = ''.join('%-7s' % ('[%d]' % (i + 1)) for i in range(len(columns)))
            print(('\n%-*s  %s' % (width + 5, function, heads)).rstrip())
        words = ''.join('%-7s' % word(cell) for cell in cells)
        print(('  %s %-*s  %s' % (number, width, test.sentence, words)).rstrip())
    print()
    for number, column in enumerate(columns, 1):
        print('[%d] %s: %s: %s' % (number, column.target.on, numbers(column.counts()),
                                   'as known' if column.as_known() else 'NOT AS KNOWN'))
        for line in complaints(column):
            print('    ' + line)


def word(cell):
    if cell is None:
        return ''
    return (UNEXPECTED if cell.unexpected else WORDS)[cell.result.verdict]


def complaints(column):
    """All that is not as known: lines."""
    if column.cannot:
        yield 'could not be run: ' + column.cannot
    yield from column.troubles()
    for cell in column.unexpected():
        if column.told(cell):
            continue
        yield '%s %s: %s' % (cell.result.test.id, cell.result.test.sentence, cell.unexpected)
        for line in explain(cell):
            yield '    ' + line


# --- TAP ---

class Tap:
    """TAP 14, written as boots end: each is a test point, and its tests a subtest."""

    def __init__(self, file):
        self.file = file
        self.count = 0
        self.say('TAP version 14')

    def say(self, line):
        print(line, file=self.file, flush=True)

    def boot(self, column, boot):
        cells = [column.cell(result) for result in boot.results]
        title = '%s: %s' % (column.target.on.replace('#', ' '), boot.group.name)
        self.say('    # Subtest: ' + title)
        for number, cell in enumerate(cells, 1):
            self.test(number, cell)
        self.say('    1..%d' % len(cells))
        bad = [cell for cell in cells if cell.unexpected]
        self.point(not bad and not boot.trouble, '%s: %s' % (title, numbers(
            collections.Counter(cell.result.verdict for cell in cells))))
        if boot.trouble:
            self.say('# ' + boot.trouble)
        for cell in bad:
            if cell.result.verdict != judge.MISSING:
                self.say('# %s %s: %s' % (cell.result.test.id, cell.result.test.sentence,
                                          cell.unexpected))
                for line in explain(cell):
                    self.say('#   ' + line)

    def test(self, number, cell):
        result = cell.result
        directive = ''
        if result.verdict == judge.SKIP:
            directive = ' # SKIP ' + (result.why or '')
        elif result.verdict == judge.FAIL and not cell.unexpected:
            directive = ' # TODO ' + cell.reason
        self.say('    %sok %d - %s %s%s' % (
            'not ' if result.verdict in (judge.FAIL, judge.MISSING) else '', number,
            result.test.id, result.test.sentence, directive))
        for line in ([] if result.verdict == judge.SKIP else explain(cell)):
            self.say('    # ' + line)

    def point(self, good, sentence):
        self.count += 1
        self.say('%sok %d - %s' % ('' if good else 'not ', self.count, sentence))

    def end(self, columns):
        for column in columns:
            if column.cannot:
                self.point(False, '%s: could not be run' % column.target.on.replace('#', ' '))
                self.say('# ' + column.cannot)
        self.say('1..%d' % self.count)


# --- for programs ---

def as_json(columns, tests):
    return {
        'psci-conform': 1,
        'tests': [test._asdict() for test in tests],
        'columns': [{
            'on': column.target.on,
            'as_known': column.as_known(),
            'cannot_run': column.cannot,
            'machine': next((boot.machine for boot in column.boots if boot.machine), {}),
            'counts': dict(column.counts()),
            'boots': [{'tests': boot.group.name, 'how': boot.outcome.how,
                       'status': boot.outcome.status, 'seconds': round(boot.outcome.seconds, 2),
                       'trouble': boot.trouble} for boot in column.boots],
            'results': [{'id': name, 'verdict': cell.result.verdict,
                         'unexpected': cell.unexpected, 'known': cell.reason,
                         'why': cell.result.why, 'notes': cell.result.notes}
                        for name, cell in column.cells.items()],
        } for column in columns],
    }


def write_json(path, columns, tests):
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(as_json(columns, tests), file, indent=1, ensure_ascii=False)
        file.write('\n')


def printable(text):
    """XML has no word for control characters."""
    return ''.join(c if c in '\t\n' or ' ' <= c < '\ufffe' else '?' for c in text)


def write_junit(path, columns, _tests):
    root = ElementTree.Element('testsuites', name='psci-conform')
    for column in columns:
        suite = ElementTree.SubElement(root, 'testsuite', name=printable(column.target.on))
        for cell in column.cells.values():
            case(suite, column, cell)
        for trouble in column.troubles() + ([column.cannot] if column.cannot else []):
            broken = ElementTree.SubElement(suite, 'testcase', classname=printable(
                column.target.on), name='boot')
            ElementTree.SubElement(broken, 'error', message=printable(trouble))
        for kind, tag in (('tests', 'testcase'), ('failures', './/failure'),
                          ('errors', './/error'), ('skipped', './/skipped')):
            suite.set(kind, str(len(suite.findall(tag))))
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding='utf-8', xml_declaration=True)


def case(suite, column, cell):
    result = cell.result
    element = ElementTree.SubElement(suite, 'testcase', classname=printable(column.target.on),
                                     name='%s %s' % (result.test.id, result.test.sentence))
    text = printable('\n'.join(explain(cell)))
    if cell.unexpected:
        ElementTree.SubElement(element, 'failure', message=printable(cell.unexpected)).text = text
    elif result.verdict == judge.FAIL:
        ElementTree.SubElement(element, 'skipped', message='known: ' + printable(cell.reason))
    elif result.verdict == judge.SKIP:
        ElementTree.SubElement(element, 'skipped', message=printable(result.why or ''))
    elif text:
        ElementTree.SubElement(element, 'system-out').text = text


def warn(sentence):
    print('psci-conform: ' + sentence, file=sys.stderr)
