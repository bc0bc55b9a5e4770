"""Makes memory/golden.inc: what the reference guest answers to ten thousand calls on memory.

    record.py [--on jargoon|linux] [SET...] >golden.inc

With numbers of sets, these are shown in full instead, on the standard error.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]

import run  # noqa: E402

PROGRAM = 'memory-golden'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--on', choices=('jargoon', 'linux'), default='linux')
    parser.add_argument('sets', nargs='*')
    options = parser.parse_args()
    chosen = [case for case in run.select_cases(['golden']) if case.source.binary == PROGRAM]
    with tempfile.NamedTemporaryFile(prefix='jargoon-record-') as image:
        image.write(run.make_root(chosen))
        image.flush()
        status = subprocess.run(
            [sys.executable, str(HERE.parent / 'lib' / 'guest.py'), '--on', options.on, '--image',
             image.name, '--timeout', '300', '--', f'/tests/{PROGRAM}', 'helper:record',
             *options.sets], stdin=subprocess.DEVNULL, check=False).returncode
    sys.exit(status)


if __name__ == '__main__':
    main()
