"""Runs the Linux tests in a guest: one boot for all of them, one TAP line each.

    run.py [--on jargoon|linux] [--list] [NAME...]

NAME is a case ("pipe.close_gives_eof"), a family ("pipe") or a glob. Results of the reference guest
are cached for each case by the hash of kernel, pid 1, runner and program. When a guest ends or hangs
in the middle of a case, that case has failed, and another guest runs the rest.
KNOWN_FAILURES names cases that are expected to fail on jargoon, with the reason.
"""

import argparse
import fnmatch
import hashlib
import io
import json
import os
import pathlib
import select
import signal
import stat
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'lib'), str(HERE.parents[1] / 'tools'), str(HERE)]

import cases  # noqa: E402
import tap  # noqa: E402
from jargoon import paths, reference, rootimage  # noqa: E402
from jargoon.errors import Failure  # noqa: E402
from jargoon.roottree import Node, Tree  # noqa: E402

MUSL = '/usr/lib/x86_64-linux-musl/libc.so'
BOOT_SECONDS = 30
MOST_BOOTS = 40
LOG_TAIL = 200
DUMP_SECONDS = 1
PASSWD = b'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'


class Case:
    def __init__(self, name, seconds, source):
        self.name, self.seconds, self.source = name, seconds, source
        self.verdict = None  # True, False or 'SKIP why'
        self.notes = []


def select_cases(patterns):
    found = [Case(name, seconds, source) for source in cases.sources()
             for name, seconds in source.cases()]
    if not patterns:
        return found
    return [case for case in found if any(
        fnmatch.fnmatch(case.name, p) or case.name.startswith(p + '.') for p in patterns)]


def built(name):
    return pathlib.Path(paths.built('tests/linux')) / name


def program_bytes(name):
    try:
        return built(name).read_bytes()
    except OSError:
        raise Failure(f'the build did not make tests/linux/{name}') from None


def file_node(data, mode=0o755):
    return Node(stat.S_IFREG | mode, size=len(data), content=data or None)


def make_root(chosen, files=None):
    """The root image for these cases, as bytes; `files` are more of them, path -> bytes."""
    tree = Tree()
    for folder, mode in (('tests', 0o755), ('dev', 0o755), ('proc', 0o555), ('root', 0o700),
                         ('tmp', 0o1777), ('etc', 0o755), ('lib', 0o755), ('bin', 0o755)):
        tree.add(folder.encode(), Node(stat.S_IFDIR | mode))
    tree.add(b'etc/passwd', file_node(PASSWD, 0o644))
    tree.add(b'etc/group', file_node(b'root:x:0:\nnobody:x:65534:\n', 0o644))
    if os.path.exists(MUSL):
        tree.add(b'lib/ld-musl-x86_64.so.1', file_node(pathlib.Path(MUSL).read_bytes()))
        tree.add(b'lib/libc.musl-x86_64.so.1',
                 Node(stat.S_IFLNK | 0o777, target=b'ld-musl-x86_64.so.1'))
        tree.add(b'lib/libc.so', Node(stat.S_IFLNK | 0o777, target=b'ld-musl-x86_64.so.1'))
    tree.add(b'tests/runner', file_node(program_bytes('runner')))
    libraries = [source for source in cases.sources() if source.flavour == 'so']
    for source in {case.source.binary: case.source for case in chosen}.values():
        tree.add(source.guest[1:].encode(), file_node(program_bytes(source.binary)))
    for source in libraries:
        tree.add(source.guest[1:].encode(), file_node(program_bytes(source.binary)))
    lines = [f'{case.name} {case.source.guest} {case.seconds}\n' for case in chosen]
    tree.add(b'tests/list', file_node(''.join(lines).encode(), 0o644))
    for path, data in (files or {}).items():
        tree.add(path.encode(), file_node(data, 0o644))
    out = io.BytesIO()
    rootimage.write(tree, out)
    return out.getvalue()


class Boot:
    """One guest that works through a list of cases."""

    def __init__(self, on, chosen, report, files=None, options=()):
        """`options` are more of guest.py's."""
        self.on, self.waiting, self.report = on, list(chosen), report
        self.files, self.options = files, list(options)
        self.current = None
        self.partial = b''

    def write_root(self, file):
        file.write(make_root(self.waiting, self.files))

    runner = ('/tests/runner', '/tests/list')
    boot_seconds = BOOT_SECONDS

    def run(self):
        """Returns the cases that it did not come to; the one it died in has failed."""
        with tempfile.NamedTemporaryFile(prefix='jargoon-linux-tests-') as image, \
                tempfile.TemporaryFile() as self.log:
            self.write_root(image)
            image.flush()
            total = self.boot_seconds + sum(case.seconds for case in self.waiting)
            self.process = subprocess.Popen(
                [sys.executable, str(HERE.parent / 'lib' / 'guest.py'), '--on', self.on,
                 '--image', image.name, '--verbose', '--timeout', str(total), *self.options, '--',
                 *self.runner],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
            why = self._watch()
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            if self.waiting:
                self._blame(why)
        return self.waiting

    def _watch(self):
        """Takes lines until the end; says why it ended."""
        patience = self.boot_seconds
        while True:
            ready, _, _ = select.select([self.process.stdout], [], [], patience)
            if not ready:
                self._dump()
                return f'no word from the guest for {patience} seconds'
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return f'the guest ended with status {self.process.wait()}'
            *lines, self.partial = (self.partial + data).split(b'\n')
            for line in lines:
                self._line(line.decode(errors='replace'))
            patience = (self.current.seconds if self.current else 0) + BOOT_SECONDS

    def _line(self, line):
        words = line.split()
        if line.startswith('# begin '):
            self._finish()
            self.current = next((c for c in self.waiting if c.name == words[2]), None)
        elif line.startswith(('ok ', 'not ok ')) and self.current:
            skip = line.partition('# SKIP')[2]
            self.current.verdict = f'SKIP{skip}' if skip else line.startswith('ok ')
        elif line.startswith('# late ') and self.current:
            self.current.notes += self._dump()
        elif line.startswith('# ') and self.current:
            self.current.notes.append(line[2:])
        elif line.startswith('1..'):
            self._finish()
        else:
            print('# guest: ' + ''.join(c for c in line if c.isprintable()), flush=True)

    def _finish(self):
        if self.current and self.current.verdict is not None:
            self.waiting.remove(self.current)
            self.report(self.current)
        self.current = None

    def _dump(self):
        """Lets our system say what every thread does; the lines that it adds to its log."""
        if self.on != 'jargoon':
            return []
        before = os.fstat(self.log.fileno()).st_size
        self.process.send_signal(signal.SIGUSR1)
        time.sleep(DUMP_SECONDS)
        return os.pread(self.log.fileno(), 200000, before).decode(errors='replace').splitlines()

    def _blame(self, why):
        culprit = self.current or self.waiting[0]
        if culprit.verdict is None:
            culprit.verdict = False
            self.log.seek(0)
            log = self.log.read()[-100000:].decode(errors='replace').splitlines()[-LOG_TAIL:]
            culprit.notes += [why, *log]
        self.waiting.remove(culprit)
        self.report(culprit)


class ReferenceCache:
    """The names of cases that have passed in the reference guest, by what they depend on."""

    def __init__(self):
        folder = reference.kernel()
        self.base = hashlib.sha256(reference.identity(folder).encode())
        for name in ('rootfs/pid1/pid1', 'tools/reference/stage1', 'tests/linux/runner'):
            self.base.update(pathlib.Path(paths.built(name)).read_bytes())
        self.path = reference.cache_folder() / 'passed.json'
        try:
            self.passed = json.loads(self.path.read_text())
        except (OSError, ValueError):
            self.passed = {}

    def key(self, case):
        digest = self.base.copy()
        digest.update(program_bytes(case.source.binary))
        digest.update(case.name.encode())
        return digest.hexdigest()

    def has(self, case):
        return self.key(case) in self.passed

    def add(self, case):
        self.passed[self.key(case)] = case.name

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        keep = dict(list(self.passed.items())[-4000:])
        temporary = self.path.with_suffix(f'.{os.getpid()}')
        temporary.write_text(json.dumps(keep))
        temporary.rename(self.path)


def read_known_failures(folder):
    """name -> reason, of the file KNOWN_FAILURES there. A name may be a glob."""
    found = {}
    path = folder / 'KNOWN_FAILURES'
    for line in path.read_text().splitlines() if path.exists() else []:
        name, _, reason = line.partition(' ')
        if name and not name.startswith('#'):
            found[name] = reason.strip() or 'no reason given'
    return found


def reason_for(name, known):
    return next((why for p, why in known.items() if fnmatch.fnmatch(name, p)), None)


def run_all(on, chosen, out):
    known = read_known_failures(HERE) if on == 'jargoon' else {}
    cache = ReferenceCache() if on == 'linux' else None

    def report(case):
        why = reason_for(case.name, known)
        good = case.verdict is not False
        directive = ''
        if isinstance(case.verdict, str):
            directive = case.verdict
        elif not good and why:
            directive = f'TODO {why}'
        out.line(good, case.name, directive)
        if not good:
            out.note('\n'.join(case.notes))
        elif why and case.verdict is True:
            out.note('passes now: take it out of tests/linux/KNOWN_FAILURES')
        if cache and case.verdict is True:
            cache.add(case)

    todo = chosen
    if cache:
        todo = [case for case in chosen if not cache.has(case)]
        for case in chosen:
            if cache.has(case):
                out.line(True, case.name)
    # Cases that are known to fail come last, so that one that kills the guest costs the least.
    todo.sort(key=lambda case: reason_for(case.name, known) is not None)
    for _ in range(MOST_BOOTS):
        if not todo:
            break
        todo = Boot(on, todo, report).run()
    for case in todo:
        case.verdict = False
        case.notes = ['not run: too many guests have died']
        report(case)
    if cache:
        cache.save()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--on', choices=('jargoon', 'linux'),
                        default=os.environ.get('JARGOON_TEST_ON', 'jargoon'))
    parser.add_argument('--list', action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    chosen = select_cases(options.names)
    if options.list:
        print('\n'.join(case.name for case in chosen))
        return
    if not chosen:
        sys.exit('no such case')
    out = tap.Tap()
    start = time.monotonic()
    try:
        if options.on == 'linux':
            reference.kernel()
        elif not os.path.exists(paths.built('linuxserver/linuxserver')):
            tap.skip_all('linuxserver has not been built')
        run_all(options.on, chosen, out)
    except reference.Unavailable as why:
        tap.skip_all(f'no reference guest: {why}')
    except Failure as failure:
        print(f'Bail out! {failure.sentence}', flush=True)
        sys.exit(1)
    out.note(f'{out.count} cases on {options.on}, {time.monotonic() - start:.0f} s')
    out.done()


if __name__ == '__main__':
    main()
