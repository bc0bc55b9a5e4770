"""BusyBox's own tests in a guest: testsuite/, ash_test and hush_test.

    run.py [--on jargoon|linux] [--quick] [--record] [--list] [NAME...]

A NAME is applet.APPLET, ash.FOLDER.SCRIPT or hush.FOLDER.SCRIPT, the beginning of one, or a glob; each
runs in the guest as a case of its own (case.sh) and gives a line for each check in it. --quick takes
those that took no more than QUICK_SECONDS. What the reference guest says is in reference.txt: what fails
there may fail here. --record, with --on linux, puts what is seen there into that file; on jargoon it
changes only how long things take.
KNOWN_FAILURES names checks that only we fail, with the reason.
"""

import argparse
import collections
import fnmatch
import functools
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'lib'), str(HERE.parents[1] / 'tools'),
                str(HERE.parent / 'linux')]

import tap  # noqa: E402
from jargoon import busyboxtests, defaultroot, paths, reference, roots  # noqa: E402

_spec = importlib.util.spec_from_file_location('linux_run', HERE.parent / 'linux' / 'run.py')
linux = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(linux)

REFERENCE = HERE / 'reference.txt'
QUICK_SECONDS = 4  # as recorded beside much other work; alone, a fourth of it
LEAST_SECONDS, UNKNOWN_SECONDS, SLOWER = 30, 300, 15  # time limits, and how much slower we may be
NOTES_SHOWN = 60
HEAD = ("# What BusyBox's tests say in the reference guest; behind `group`, the seconds of the slower of both "
        'guests.\n# Made by tests/busybox/run.py --record, --on linux first, with\n')
VERDICTS = {'PASS': 'pass', 'FAIL': 'fail', 'SKIPPED': 'skip', 'UNTESTED': 'skip'}


class Reference:
    """The verdicts that reference.txt holds."""

    def __init__(self):
        self.seconds = {}  # group -> how long it took
        self.checks = collections.defaultdict(dict)  # group -> name of check -> verdict
        group = None
        for line in REFERENCE.read_text().splitlines() if REFERENCE.exists() else []:
            word, _, rest = line.partition(' ')
            if word == 'group':
                seconds, group = rest.split()
                self.seconds[group] = float(seconds)
            elif word in VERDICTS.values():
                self.checks[group][rest] = word

    def note(self, group, checks):
        """Remembers how a group went; without `checks` only its time, if it is longer."""
        took = round(group.took or group.seconds, 2)
        if checks is not None:
            self.checks[group.name] = {name: verdict for name, (verdict, _) in checks.items()}
            self.seconds[group.name] = took
        elif group.name in self.seconds:
            self.seconds[group.name] = max(took, self.seconds[group.name])

    def write(self, names):
        lines = []
        for name in names:
            if name in self.seconds:
                lines.append(f'group {self.seconds[name]:.2f} {name}')
                lines += [f'{verdict} {check}' for check, verdict in self.checks[name].items()]
        REFERENCE.write_text(HEAD + f'# {versions()}\n' + '\n'.join(lines) + '\n')

    def limit(self, group):
        if group not in self.seconds:
            return UNKNOWN_SECONDS
        return int(LEAST_SECONDS + SLOWER * self.seconds[group])


class Group(linux.Case):
    """What runs as one case in the guest, with the checks that it reports."""

    def __init__(self, name, seconds):
        super().__init__(name, seconds, None)
        self.took = None

    def checks(self):
        """name -> (verdict, notes), in the order of the output. A name that comes twice is numbered."""
        found, before = {}, []
        for line in self.notes:
            match = re.match(r'\| (PASS|FAIL|SKIPPED|UNTESTED): ?(.*)', line)
            if match:
                notes = before if match[1] == 'FAIL' else []
                found[self._fresh(match[2], found)] = (VERDICTS[match[1]], notes)
                before = notes  # what comes behind a FAIL is said of it too
            elif line.startswith('| ====='):
                before = []
            else:
                before.append(line)
        return found

    def _fresh(self, text, found):
        shell = not self.name.startswith('applet.')
        plain = self.name if shell else f'{self.name}: {re.sub("[^!-~]+|#", " ", text).strip()}'
        name, count = plain, 1
        while name in found:
            count += 1
            name = f'{plain} ({count})'
        return name


class Boot(linux.Boot):
    runner = ('/tests/runner', '/tests/list', 'stream')

    def write_root(self, file):
        made = busyboxtests.folder()
        lines = ''.join(f'{case.name} /bb/case.sh {case.seconds}\n' for case in self.waiting)
        roots.with_additions(defaultroot.image(), [
            (made, busyboxtests.INSIDE), ((HERE / 'case.sh').read_bytes(), '/bb/case.sh', 0o755),
            (options_of(made), '/bb/options', 0o644), (environment_of(made), '/bb/environment', 0o644),
            (linux.program_bytes('runner'), '/tests/runner', 0o755),
            (lines.encode(), '/tests/list', 0o644)], file)

    def _line(self, line):
        took = re.search(r'(?:# |after )(\d+) ms$', line)
        if took and self.current:
            self.current.took = int(took[1]) / 1000
        super()._line(line)


def config(made):
    """(option, value) of BusyBox's configuration, of what is on."""
    text = pathlib.Path(made, '.config').read_text()
    return re.findall(r'^CONFIG_(\w+)=(.*)', text, re.M)


def options_of(made):
    """What testing.sh calls OPTIONFLAGS."""
    return (':' + ':'.join(name for name, _ in config(made)) + ':\n').encode()


def environment_of(made):
    """The options that the shells' tests look at, as variables of the environment."""
    asked = set()
    for shell, where, name in busyboxtests.shell_cases(made):
        path = pathlib.Path(made, 'shell', f'{shell}_test', where, name + '.tests')
        asked |= set(re.findall(r'CONFIG_(\w+)', path.read_text(errors='replace')))
    return ''.join(f'export CONFIG_{name}={value}\n' for name, value in config(made)
                   if name in asked).encode()


def all_names(made):
    names = [f'applet.{applet}' for applet in busyboxtests.applets(made)]
    return names + [f'{shell}.{where[len(shell) + 1:]}.{name}'
                    for shell, where, name in busyboxtests.shell_cases(made)]


def choose(names, patterns, quick, known):
    if quick:
        names = [name for name in names if known.seconds.get(name, 1e9) <= QUICK_SECONDS]
    return [name for name in names if not patterns or any(
        fnmatch.fnmatch(name, p) or name.startswith(p + '.') for p in patterns)]


class Report:
    """Compares what a group said with what is known, one TAP line for each check."""

    def __init__(self, on, known, out, recorded=None):
        """`recorded` is None, or the names of all groups: then reference.txt follows what is seen."""
        self.on, self.known, self.out, self.recorded = on, known, out, recorded
        self.failures = {}
        if on == 'jargoon':
            self.failures = self._known_failures()
        self.passed, self.all = collections.Counter(), collections.Counter()
        self.doubtful = []  # names of groups that run once more: scripts race against a second of sleep

    def _known_failures(self):
        """name of check -> reason, behind a tab."""
        path = HERE / 'KNOWN_FAILURES'
        lines = path.read_text().splitlines() if path.exists() else []
        return dict(line.split('\t', 1) for line in lines if '\t' in line and line[0] != '#')

    def first(self, group):
        """Like group(), but one that fails without being expected to is kept for a second run."""
        checks, expected = group.checks(), self.known.checks.get(group.name, {})
        bad = [name for name in expected if not self._excused(name, expected[name])
               and checks.get(name, ('fail', []))[0] == 'fail']
        if not bad or self.recorded:
            return self.group(group)
        self.doubtful.append(group.name)
        self.out.note(f'runs once more, since these failed: {", ".join(bad)}')
        self.out.note('\n'.join(group.notes[-NOTES_SHOWN:]))

    def _excused(self, name, expected):
        return self.failures.get(name) or ('fails on Linux too' if expected == 'fail' else None)

    def group(self, group):
        checks, expected = group.checks(), self.known.checks.get(group.name, {})
        end = [note for note in group.notes if not note.startswith('| ')]
        if not checks and not expected:
            self.out.line(group.verdict is True, group.name)
        for name in [*checks, *(name for name in expected if name not in checks)]:
            verdict, notes = checks.get(name, ('fail', ['it did not come to it'] + end))
            self._check(name, verdict, expected.get(name), notes)
        if self.recorded:
            self.known.note(group, checks if self.on == 'linux' else None)
            self.known.write(self.recorded)

    def _check(self, name, verdict, expected, notes):
        kind = name.partition('.')[0]
        if verdict == 'skip':
            return self.out.line(True, name, 'SKIP BusyBox says so')
        self.all[kind] += 1
        self.passed[kind] += verdict == 'pass'
        why = self._excused(name, expected)
        if verdict == 'pass':
            self.out.line(True, name)
            if name in self.failures:
                self.out.note('passes now: take it out of tests/busybox/KNOWN_FAILURES')
        else:
            self.out.line(False, name, f'TODO {why}' if why else '')
            if not why:
                self.out.note('\n'.join(notes[-NOTES_SHOWN:]))

    def sums(self):
        return ', '.join(f'{kind}: {self.passed[kind]} of {self.all[kind]}' for kind in self.all)


@functools.cache
def versions():
    qemu = subprocess.run(['qemu-system-x86_64', '--version'], stdout=subprocess.PIPE, text=True,
                          check=False).stdout.split('\n')[0]
    image = (reference.kernel() / 'vmlinuz').read_bytes()
    at = int.from_bytes(image[0x20e:0x210], 'little') + 0x200  # the boot protocol's kernel_version
    linux_version = image[at:image.index(b'\0', at)].decode()
    return f'Linux {linux_version}\n# {", ".join(sorted(defaultroot.PINS))}\n# {qemu}'


def run_all(on, left, report):
    for _ in range(linux.MOST_BOOTS):
        if left:
            left = Boot(on, left, report).run()
    for group in left:
        group.notes = ['not run: too many guests have died']
        report(group)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--on', choices=('jargoon', 'linux'),
                        default=os.environ.get('JARGOON_TEST_ON', 'jargoon'))
    for flag in ('quick', 'record', 'list'):
        parser.add_argument('--' + flag, action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    made = busyboxtests.cached()
    if not made or not defaultroot.cached():
        if options.list:
            return
        tap.skip_all("BusyBox's tests have not been built; ./jargoon test busybox does it, with a network")
    known = Reference()
    names = all_names(made)
    chosen = choose(names, options.names, options.quick, known)
    if options.list:
        print(''.join(name + '\n' for name in chosen), end='')
        return
    if options.on == 'jargoon' and not os.path.exists(paths.built('linuxserver/linuxserver')):
        tap.skip_all('linuxserver has not been built')
    out, start = tap.Tap(), time.monotonic()
    report = Report(options.on, known, out, names if options.record else None)
    run_all(options.on, [Group(name, known.limit(name)) for name in chosen], report.first)
    run_all(options.on, [Group(name, known.limit(name)) for name in report.doubtful], report.group)
    out.note(f'{report.sums()} pass; {time.monotonic() - start:.0f} s on {options.on}')
    out.done()


if __name__ == '__main__':
    main()
