"""The shell suite: `./jargoon run` from outside, with the Alpine root and with the default root.

    run.py [--on jargoon|linux] [--root alpine|default] [--part streams|programs|terminal]
           [--list] [NAME...]

A case's name is PART.CASE.ROOT ("streams.echo_through_cat.alpine"), of the terminal's sessions
terminal.SESSION-STEP.ROOT; NAME may be a glob or a part. KNOWN_FAILURES beside this file, as in
tests/linux, names what fails on jargoon.
"""

import argparse
import fnmatch
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'lib'), str(HERE)]

import jobs  # noqa: E402
import programs  # noqa: E402
import sessions  # noqa: E402
import streams  # noqa: E402
import tap  # noqa: E402
from person import Person  # noqa: E402
from world import World, last_log  # noqa: E402

SESSIONS = {**sessions.SESSIONS, **jobs.SESSIONS}
PARTS = ('streams', 'programs', 'terminal')
# Each start of a guest is a second: with the second root only what depends on the root.
STREAMS_OF_BOTH_ROOTS = ('echo_through_cat', 'exit_status_is_ours', 'poweroff_is_0')


def stream_cases(root, on):
    chosen = [case for case in streams.CASES
              if root == 'alpine' or case.__name__ in STREAMS_OF_BOTH_ROOTS]
    return chosen + (streams.REFUSALS if on == 'jargoon' and root == 'alpine' else [])


def names_of(part, root, on):
    if part == 'streams':
        plain = [case.__name__ for case in stream_cases(root, on)]
    elif part == 'programs':
        plain = [case[0] for case in programs.cases(root)]
    else:
        plain = [f'{name}-{step}' for name, session in SESSIONS.items() if root in session.roots
                 for step, _ in session.steps()]
        plain += [case.__name__ for case in sessions.CASES] if root == 'alpine' else []
    return [f'{part}.{name}.{root}' for name in plain]


class Suite:
    def __init__(self, options, out):
        self.options, self.out = options, out
        self.known = self._known_failures() if options.on == 'jargoon' else {}

    def _known_failures(self):
        path, found = HERE / 'KNOWN_FAILURES', {}
        for line in path.read_text().splitlines() if path.exists() else []:
            name, _, reason = line.partition(' ')
            if name and not name.startswith('#'):
                found[name] = reason.strip() or 'no reason given'
        return found

    def wanted(self, name):
        return not self.options.names or any(
            fnmatch.fnmatch(name, p) or name.startswith(p + '.') for p in self.options.names)

    def verdict(self, name, good, notes='', skip=None):
        why = next((w for p, w in self.known.items() if fnmatch.fnmatch(name, p)), None)
        if skip:
            self.out.line(True, name, f'SKIP {skip}')
        else:
            self.out.line(good, name, f'TODO {why}' if why and not good else '')
        if not good:
            self.out.note(notes)
        elif why and not skip:
            self.out.note('passes now: take it out of tests/shell/KNOWN_FAILURES')

    def case(self, name, function, *arguments):
        try:
            function(*arguments)
        except tap.Skip as why:
            self.verdict(name, True, skip=str(why))
        except tap.Failed as what:
            self.verdict(name, False, str(what))
        except Exception as error:  # a test's bug is said, and the next one runs
            self.verdict(name, False, f'{type(error).__name__}: {error}')
        else:
            self.verdict(name, True)

    def streams(self, world):
        for case in stream_cases(world.root, world.on):
            name = f'streams.{case.__name__}.{world.root}'
            if self.wanted(name):
                self.case(name, case, world)

    def programs(self, world):
        left = [case for case in programs.cases(world.root)
                if self.wanted(f'programs.{case[0]}.{world.root}')]
        while left:
            left = self._programs(world, left)

    def _programs(self, world, chosen):
        """One boot; returns the cases behind the one in which it ended, if it did."""
        try:
            result = world.run(stdin=programs.script(chosen).encode(), seconds=240,
                               options=['--timeout', '220'])
            text, end = result.out.decode(errors='replace'), repr(result)
        except tap.Failed as what:
            text, end = '', str(what)
        for at, (name, _, expectation, status) in enumerate(chosen):
            match = re.search(rf'^@@begin {name}\n(.*?)\n?@@end {name} (\d+)$', text, re.S | re.M)
            full = f'programs.{name}.{world.root}'
            if not match:
                self.verdict(full, False, f'the guest ended here: {end}\n{last_log()}')
                return chosen[at + 1:]
            output = match[1]
            good = programs.fits(output, expectation) and int(match[2]) == status
            self.verdict(full, good, f'status {match[2]}, wanted {status}; output\n{output[-2000:]}\n'
                                     f'wanted {expectation!r}')
        return []

    def terminal(self, world):
        for name, session in SESSIONS.items():
            left = [(f'terminal.{name}-{step}.{world.root}', function)
                    for step, function in session.steps() if world.root in session.roots]
            left = [pair for pair in left if self.wanted(pair[0])]
            while left:
                left = self._session(world, session, left)
        if world.root == 'alpine':
            for case in sessions.CASES:
                name = f'terminal.{case.__name__}.{world.root}'
                if self.wanted(name):
                    self.case(name, case, world)

    def _session(self, world, session, steps):
        """Goes on in the same session while all is well; returns what is left after a failure."""
        try:
            with Person(world.command(options=session.options())) as person:
                session.enter(person)
                for at, (name, function) in enumerate(steps):
                    try:
                        function(person)
                    except tap.Failed as what:
                        self.verdict(name, False, str(what))
                        return steps[at + 1:]
                    self.verdict(name, True)
        except tap.Skip as why:
            for name, _ in steps:
                self.verdict(name, True, skip=str(why))
        except tap.Failed as what:
            for name, _ in steps:
                self.verdict(name, False, f'no prompt: {what}')
        return []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--on', choices=('jargoon', 'linux'),
                        default=os.environ.get('JARGOON_TEST_ON', 'jargoon'))
    parser.add_argument('--root', choices=('alpine', 'default'), action='append')
    parser.add_argument('--part', choices=PARTS, action='append')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    out = tap.Tap()
    suite = Suite(options, out)
    for root in options.root or ('alpine', 'default'):
        for part in options.part or PARTS:
            chosen = [name for name in names_of(part, root, options.on) if suite.wanted(name)]
            if options.list:
                print(''.join(name + '\n' for name in chosen), end='')
                continue
            if not chosen:
                continue
            world = World(options.on, root)
            try:
                world.available()
            except tap.Skip as why:
                for name in chosen:
                    out.line(True, name, f'SKIP {why}')
                continue
            getattr(suite, part)(world)
    if not options.list:
        out.done()


if __name__ == '__main__':
    main()
