"""Real programs in a guest: Debian's, dynamic against glibc, and a tcc static against musl.

    run.py [--on jargoon|linux] [--quick] [--list] [NAME...]

A NAME is a case ("sqlite.wal"), a family ("sqlite") or a glob. The scripts in cases/ run in the guest only; a
line "# case NAME SECONDS [quick]" in one names a case of it, which is its argument, with the time limit, and
--quick takes those marked so. "# root NAME" chooses among ROOTS. Exit status 0 is a pass: the scripts check
what comes out. KNOWN_FAILURES names cases that fail on jargoon, with the reason.
"""

import argparse
import fnmatch
import functools
import importlib.util
import os
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'lib'), str(HERE.parents[1] / 'tools'),
                str(HERE.parent / 'linux')]

import tap  # noqa: E402
from jargoon import paths, programroots, reference, roots, tcc  # noqa: E402
from jargoon.errors import Failure  # noqa: E402

_spec = importlib.util.spec_from_file_location('linux_run', HERE.parent / 'linux' / 'run.py')
linux = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(linux)

MEMORY = {'jargoon': 512, 'linux': 768}  # MiB beside the root; Linux holds it twice while it unpacks it
INSIDE = '/programs'


class Script:
    """A file of cases/, as tests/linux/run.py wants to know it."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_text()
        self.guest = f'{INSIDE}/{path.name}'
        root = re.search(r'^(?:#|--) root (\w+)$', self.text, re.M)
        self.root = root[1] if root else 'programs'

    def cases(self, quick):
        for name, seconds, flag in re.findall(r'^(?:#|--) case (\S+) (\d+)( quick)?$', self.text, re.M):
            if flag or not quick:
                yield linux.Case(name, int(seconds), self)


def choose(patterns, quick):
    found = [case for path in sorted((HERE / 'cases').iterdir()) for case in Script(path).cases(quick)]
    return [case for case in found if not patterns or any(
        fnmatch.fnmatch(case.name, p) or case.name.startswith(p + '.') for p in patterns)]


class Boot(linux.Boot):
    """One guest with the root that all of its cases have."""
    boot_seconds = 300  # the reference guest unpacks the root file by file

    def __init__(self, on, chosen, report):
        self.image = programroots.cached(chosen[0].source.root)
        megabytes = os.path.getsize(self.image) >> 20
        size = megabytes + MEMORY[on] if on == 'jargoon' else 2 * megabytes + MEMORY[on]
        super().__init__(on, chosen, report, options=['--mem', f'{size}M'])

    def write_root(self, file):
        lines = ''.join(f'{case.name} {case.source.guest} {case.seconds}\n' for case in self.waiting)
        additions = [(linux.program_bytes('runner'), '/tests/runner', 0o755), (lines.encode(), '/tests/list', 0o644)]
        additions += [(path.read_bytes(), f'{INSIDE}/{path.name}', 0o755) for path in (HERE / 'cases').iterdir()]
        if tcc.PROGRAM.cached():
            additions += tcc.additions()
        roots.with_additions(self.image, additions, file)

    def _line(self, line):
        took = re.search(r'(?:# |after )(\d+) ms$', line)
        if took and self.current:
            self.report.seconds[self.current.name] = int(took[1]) / 1000
        super()._line(line)


class Report:
    """One TAP line for each case, and at the end how long each took."""

    def __init__(self, on, out):
        self.out = out
        self.seconds = {}  # name -> as the guest measured it
        self.known = linux.read_known_failures(HERE) if on == 'jargoon' else {}

    def __call__(self, case):
        why = linux.reason_for(case.name, self.known)
        good = case.verdict is not False
        directive = case.verdict if isinstance(case.verdict, str) else ''
        if not good and why:
            directive = f'TODO {why}'
        self.out.line(good, case.name, directive)
        if not good:
            self.out.note('\n'.join(case.notes))
        elif why:
            self.out.note('passes now: take it out of tests/programs/KNOWN_FAILURES')


def skip_reason(case, on):
    """Why this case cannot run here, or None. Nothing is fetched or built from here."""
    root = case.source.root
    if not programroots.cached(root):
        return f'no root `{root}`: ./jargoon test programs makes it, with a network'
    if case.name.startswith('tcc.') and not tcc.PROGRAM.cached():
        return 'no tcc: ./jargoon test programs makes it, with a network'
    if on == 'linux':
        return reference_missing()
    return None


@functools.cache
def reference_missing():
    try:
        reference.kernel()
    except reference.Unavailable as why:
        return f'no reference guest: {why}'
    return None


def run_all(on, chosen, report):
    for root in programroots.ROOTS:
        left = [case for case in chosen if case.source.root == root]
        for _ in range(linux.MOST_BOOTS):
            if left:
                left = Boot(on, left, report).run()
        for case in left:
            case.verdict, case.notes = False, ['not run: too many guests have died']
            report(case)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--on', choices=('jargoon', 'linux'),
                        default=os.environ.get('JARGOON_TEST_ON', 'jargoon'))
    for flag in ('quick', 'list'):
        parser.add_argument('--' + flag, action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    chosen = choose(options.names, options.quick)
    if options.list:
        print(''.join(case.name + '\n' for case in chosen), end='')
        return
    if options.on == 'jargoon' and not os.path.exists(paths.built('linuxserver/linuxserver')):
        tap.skip_all('linuxserver has not been built')
    out, start = tap.Tap(), time.monotonic()
    report, able = Report(options.on, out), []
    for case in chosen:
        why = skip_reason(case, options.on)
        if why:
            out.line(True, case.name, f'SKIP {why}')
        else:
            able.append(case)
    try:
        run_all(options.on, able, report)
    except Failure as failure:
        print(f'Bail out! {failure.sentence}', flush=True)
        sys.exit(1)
    out.note('seconds: ' + ', '.join(f'{name} {took:.1f}' for name, took in report.seconds.items()))
    out.note(f'{out.count} cases on {options.on}, {time.monotonic() - start:.0f} s')
    out.done()


if __name__ == '__main__':
    main()
