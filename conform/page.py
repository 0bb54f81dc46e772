# SPDX-License-Identifier: BSD-3-Clause
"""The report to look at: one file that needs nothing else. A row is a statement, a column an
implementation; whatever did not simply pass is explained below the table."""
import datetime
import html
import os

import judge
import report

CSS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'page.css')
LEGEND = [
    ('pass', 'pass', 'as the specification requires'),
    ('known', 'known', 'fails, as its table of known deviations says'),
    ('fail', 'fail', 'fails unexpectedly'),
    ('note', 'note', 'correct, or left open, but worth a remark'),
    ('skip', 'skip', 'not offered, or not possible on this machine'),
    ('none', 'none', 'no verdict came'),
]
CLASSES = {judge.PASS: 'pass', judge.FAIL: 'fail', judge.SKIP: 'skip', judge.OBSERVATION: 'note',
           judge.MISSING: 'none'}


def escape(text):
    return html.escape(report.printable(str(text)))


def kind(cell):
    """Its class, which is also its word."""
    if cell.result.verdict == judge.FAIL and not cell.unexpected:
        return 'known'
    return CLASSES[cell.result.verdict]


def anchor(number, name):
    return 'c%d-%s' % (number, name)


def is_plain(cell):
    """There is no more to say than its word."""
    return cell is None or not cell.unexpected and kind(cell) in ('pass', 'skip')


def is_explained(column, cell):
    """It has a paragraph below the table."""
    return not is_plain(cell) and not column.told(cell)


# --- the parts ---

def card(number, column):
    good = column.as_known()
    counts = dict.fromkeys((name for name, _, _ in LEGEND), 0)
    for cell in column.cells.values():
        counts[kind(cell)] += 1
    bar = ''.join('<i class="%s" style="flex:%d"></i>' % (name, count)
                  for name, count in counts.items() if count)
    words = ', '.join('%d %s' % (count, name) for name, count in counts.items() if count)
    unexpected = len(column.unexpected())
    said = 'as known' if good else 'could not be run' if column.cannot else \
        '%d unexpected' % unexpected if unexpected else 'unexpected'
    return ('<li%s><span class="number">%d</span><b>%s</b><br><span class="soft">%s</span>'
            '<div class="bar">%s</div><span class="said">%s</span> '
            '<span class="soft">%s</span>%s</li>' % (
                '' if good else ' class="bad"', number, escape(column.target.on),
                escape(column.cannot or column.machine()), bar, said, words,
                ''.join('<br>' + escape(trouble) for trouble in column.troubles())))


def table_cell(number, column, cell):
    if cell is None:
        return '<td></td>'
    classes = 'v %s%s' % (kind(cell), ' new' if cell.unexpected else '')
    title = escape(cell.reason or cell.result.why or '')
    inner = 'class="%s" title="%s"' % (classes, title) if title else 'class="%s"' % classes
    if is_explained(column, cell):
        return '<td><a %s href="#%s">%s</a></td>' % (
            inner, anchor(number, cell.result.test.id), kind(cell))
    return '<td><span %s>%s</span></td>' % (inner, kind(cell))


def table(columns, tests):
    yield '<div class="scroll"><table><thead><tr><th>Statement</th>'
    for number, column in enumerate(columns, 1):
        yield '<th><span class="number">%d</span><br>%s</th>' % (number, escape(column.target.on))
    yield '</tr></thead>'
    function = None
    for test in report.by_function(tests):
        cells = [column.cells.get(test.id) for column in columns]
        if not any(cells):
            continue
        name, number = report.statement(test.id)
        if name != function:
            # A function whose rows are all plain is listed with them.
            function = name
            rows = [column.cells[t.id] for t in tests for column in columns
                    if report.statement(t.id)[0] == name and t.id in column.cells]
            yield '<tr class="function%s"><th colspan="%d">%s</th></tr>' % (
                ' plain' if all(map(is_plain, rows)) else '', len(columns) + 1, escape(name))
        yield '<tr%s><th><code>%s</code>%s</th>%s</tr>' % (
            ' class="plain"' if all(map(is_plain, cells)) else '', number, escape(test.sentence),
            ''.join(table_cell(i, columns[i - 1], cell) for i, cell in enumerate(cells, 1)))
    yield '</table></div>'


def explanations(columns, tests):
    for test in report.by_function(tests):
        for number, column in enumerate(columns, 1):
            cell = column.cells.get(test.id)
            if is_explained(column, cell):
                yield explanation(number, column, cell)


def explanation(number, column, cell):
    test = cell.result.test
    said = cell.reason and 'known: ' + cell.reason or cell.unexpected or ''
    return ('<article id="%s"><h3><span class="v %s">%s</span> %s</h3>'
            '<p>%s <span class="soft">in</span> %s%s</p>%s</article>' % (
                anchor(number, test.id), kind(cell), kind(cell), escape(test.id),
                escape(test.sentence), escape(column.target.on),
                '<br>' + escape(said) if said else '',
                '<pre>%s</pre>' % '\n'.join(map(escape, report.explain(cell)))
                if report.explain(cell) else ''))


def document(columns, tests):
    with open(CSS, encoding='utf-8') as file:
        css = file.read()
    yield '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<title>psci-conform</title><style>%s</style></head><body>' % css
    yield '<h1>PSCI, statement by statement</h1>'
    yield ('<p class="soft">What a guest sees of DEN0022F.b, by psci-conform, %s</p>'
           % datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M UTC'))
    yield '<ul class="cards">'
    for number, column in enumerate(columns, 1):
        yield card(number, column)
    yield '</ul><h2>Statements</h2><ul class="legend">'
    for name, word, meaning in LEGEND:
        yield '<li><span class="v %s">%s</span> %s</li>' % (name, word, meaning)
    yield ('</ul><p><label class="filter"><input type="checkbox" id="only"> only where there is '
           'more to say than pass or skip</label></p>')
    yield from table(columns, tests)
    told = list(explanations(columns, tests))
    if told:
        yield '<h2>What there is to say</h2>'
        yield from told
    yield '</body></html>'


def write_html(path, columns, tests):
    with open(path, 'w', encoding='utf-8') as file:
        for part in document(columns, tests):
            file.write(part + '\n')
