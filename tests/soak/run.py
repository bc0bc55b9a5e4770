"""The soak suite: long runs in one guest, with the free memory counted before and behind.

    run.py [--on jargoon|linux] [--list] [NAME...]

JARGOON_SOAK_SCALE is the part of the full length that is run, 0.1 if it is not set (as in CI).
The first cases are in soak.c, those of exhaust.c run in a guest with little memory, kill.c's with the
default root's shell if there is one, exercise.c's work on files at random (JARGOON_SOAK_SEED repeats a
run of either); the last two are shell loops with the Alpine root, and the proof that a planted leak of one page for each process would be seen.
"""

import argparse
import fnmatch
import importlib.util
import os
import pathlib
import random
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'lib'), str(HERE.parents[1] / 'tools'),
                str(HERE.parent / 'linux')]

import tap  # noqa: E402
from jargoon import defaultroot, paths, roots  # noqa: E402
from world import World  # noqa: E402

_spec = importlib.util.spec_from_file_location('linux_run', HERE.parent / 'linux' / 'run.py')
linux = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(linux)

SCALE = float(os.environ.get('JARGOON_SOAK_SCALE', '0.1'))
SECONDS = int(60 + 600 * SCALE)
TOLERANCE = {'jargoon': 64, 'linux': 16384}  # Linux keeps freed memory in many caches
SMALL = '40M'  # of the guest that exhaust.c uses up
SEED = int(os.environ.get('JARGOON_SOAK_SEED', random.randrange(1 << 31)))
LEAK = 'leak-page-per-process'
FORKS = 'soak.fork_exec_wait_ten_and_twenty_thousand_times'


class Source:
    """soak.c's program, as tests/linux/run.py wants to know it."""
    binary, guest, flavour = '../soak/soak', '/tests/soak', 'static'


class Exhaust(Source):
    """exhaust.c's."""
    binary, guest = '../soak/exhaust', '/tests/exhaust'


class Exercise(Source):
    """exercise.c's."""
    binary, guest = '../soak/exercise', '/tests/exercise'


class Kill(Source):
    """kill.c's."""
    binary, guest = '../soak/kill', '/tests/kill'


class SoakBoot(linux.Boot):
    """A guest that shows what cases measure, also of those that pass."""
    runner = ('/tests/runner', '/tests/list', 'stream')


class KillBoot(linux.Boot):
    """A guest with the default root's shell."""

    def write_root(self, file):
        additions = [(linux.program_bytes(name), path, 0o755) for name, path in
                     ((Kill.binary, Kill.guest), ('runner', '/tests/runner'))]
        lines = ''.join(f'{case.name} {Kill.guest} {case.seconds}\n' for case in self.waiting)
        additions += [(lines.encode(), '/tests/list', 0o644),
                      *((data, '/' + path, 0o644) for path, data in self.files.items())]
        roots.with_additions(defaultroot.image(), additions, file)


def program_cases(source=Source, family='soak'):
    text = (HERE / f'{family}.c').read_text()
    names = re.findall(rf'^TEST\({family}, (\w+)\)', text, re.M)
    return [linux.Case(f'{family}.{name}', SECONDS, source) for name in names]


def boot(on, cases, report, options=(), guest=SoakBoot):
    settings = f'{max(1, int(100 * SCALE))} {TOLERANCE[on]} {SEED}\n'.encode()
    left = cases
    while left:
        left = guest(on, left, report, {'tests/soak.conf': settings}, options).run()


def planted_leak_is_seen(on):
    """The same forks in a kernel that loses a page with each process: the case must fail."""
    seen = []
    cases = [case for case in program_cases() if case.name == FORKS]
    boot(on, cases, seen.append, ['--kernel-option', LEAK])
    if seen[0].verdict is not False or not any('pages are missing' in n for n in seen[0].notes):
        raise tap.Failed(f'the leak was not seen: {seen[0].verdict}\n' + '\n'.join(seen[0].notes))


def shell_pipelines(on):
    count = max(20, int(1000 * SCALE))
    script = (f'n=0; while [ $n -lt {count} ]; do x=$(echo abc | cat | cat | cat | wc -c); '
              '[ "$x" = 4 ] || { echo "bad: $x"; exit 1; }; n=$((n+1)); done; echo $n\n')
    world = World(on, 'alpine')
    world.available()
    world.run(stdin=script.encode(), seconds=SECONDS).check(0, b'%d\n' % count, b'')


def shell_jobs(on):
    count = max(50, int(10000 * SCALE))
    script = (f'n=0; while [ $n -lt {count} ]; do sleep 0 & wait $! || exit 1; n=$((n+1)); done; '
              'echo $n\n')
    world = World(on, 'alpine')
    world.available()
    world.run(stdin=script.encode(), seconds=SECONDS).check(0, b'%d\n' % count, b'')


OTHERS = {'soak.shell_pipelines': shell_pipelines,
          'soak.shell_jobs': shell_jobs,
          'soak.planted_leak_is_seen': planted_leak_is_seen}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--on', choices=('jargoon', 'linux'),
                        default=os.environ.get('JARGOON_TEST_ON', 'jargoon'))
    parser.add_argument('--list', action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()

    def wanted(name):
        return not options.names or any(
            fnmatch.fnmatch(name, p) or name.startswith(p + '.') for p in options.names)
    cases = [case for case in program_cases() if wanted(case.name)]
    hungry = [case for case in program_cases(Exhaust, 'exhaust')
              if wanted(case.name) and options.on == 'jargoon']
    exercises = [case for case in program_cases(Exercise, 'exercise') if wanted(case.name)]
    killing = [case for case in program_cases(Kill, 'kill') if wanted(case.name)]
    others = {name: function for name, function in OTHERS.items() if wanted(name)
              and (options.on == 'jargoon' or function is not planted_leak_is_seen)}
    if options.list:
        names = [case.name for case in cases + hungry + exercises + killing] + list(others)
        print(''.join(name + '\n' for name in names), end='')
        return
    if options.on == 'jargoon' and not os.path.exists(paths.built('linuxserver/linuxserver')):
        tap.skip_all('linuxserver has not been built')
    out = tap.Tap()

    def report(case):
        out.line(case.verdict is not False, case.name)
        out.note('\n'.join(case.notes))
    boot(options.on, cases, report)
    boot(options.on, hungry, report, ['--mem', SMALL])
    if exercises or killing:
        out.note(f'JARGOON_SOAK_SEED={SEED}')
    boot(options.on, exercises, report)
    if killing:
        boot(options.on, killing, report,
             guest=KillBoot if defaultroot.cached() else SoakBoot)
    for name, function in others.items():
        out.case(name, function, options.on)
    out.done()


if __name__ == '__main__':
    main()
