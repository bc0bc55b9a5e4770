"""Where a case runs: which system, which root, and how a command is started there."""

import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.insert(0, str(TOP / 'tools'))

from jargoon import defaultroot, paths, reference  # noqa: E402
from tap import Failed, Skip  # noqa: E402

ALPINE = 'alpine-minirootfs-3.20.3-x86_64.tar.gz'
PATIENCE = 60


class Result:
    def __init__(self, status, out, err, seconds):
        self.status, self.out, self.err, self.seconds = status, out, err, seconds

    def __repr__(self):
        return (f'status {self.status} after {self.seconds:.1f} s\nstdout {self.out[-1500:]!r}\n'
                f'stderr {self.err[-1500:]!r}')

    def check(self, status=None, out=None, err=None):
        """Fails when it is not what is asked for; bytes."""
        for what, got, wanted in (('status', self.status, status), ('stdout', self.out, out),
                                  ('stderr', self.err, err)):
            if wanted is not None and got != wanted:
                raise Failed(f'{what} is not {wanted!r}\n{self}')
        return self


def alpine_path():
    """The Alpine archive, or Skip: tests download nothing."""
    for place in (os.environ.get('JARGOON_ALPINE'), TOP.parent / 'shared' / 'rootfs' / ALPINE,
                  os.path.join(paths.cache_dir('alpine'), ALPINE)):
        if place and os.path.exists(place):
            return str(place)
    raise Skip('no Alpine root: JARGOON_ALPINE names none')


class World:
    def __init__(self, on, root):
        self.on, self.root = on, root

    def available(self):
        """Raises Skip when it cannot be used here."""
        if self.on == 'linux':
            try:
                reference.kernel()
            except reference.Unavailable as why:
                raise Skip(f'no reference guest: {why}') from None
        for name in ('microkernel/jargoon-kernel', 'linuxserver/linuxserver'):
            if self.on == 'jargoon' and not os.path.exists(paths.built(name)):
                raise Skip(f'{name} has not been built')
        if self.root == 'default' and not defaultroot.cached():
            raise Skip('the default root has not been made')
        self.root_options()

    def root_options(self):
        return ['--rootfs', alpine_path()] if self.root == 'alpine' else []

    def command(self, *command, options=(), root=True):
        """What to execute on the host for `command` in the guest."""
        if self.on == 'linux':
            start = [sys.executable, str(HERE / 'guest.py'), '--on', 'linux']
        else:
            start = [str(TOP / 'jargoon'), 'run']
        return (start + (self.root_options() if root else []) + list(options)
                + (['--', *command] if command else []))

    def run(self, *command, stdin=b'', options=(), root=True, seconds=PATIENCE):
        """Runs to its end; stdin may be bytes or a file."""
        start = time.monotonic()
        given = {'input': stdin} if isinstance(stdin, bytes) else {'stdin': stdin}
        try:
            done = subprocess.run(self.command(*command, options=options, root=root),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                                  timeout=seconds, **given)
        except subprocess.TimeoutExpired as late:
            raise Failed(f'no end after {seconds} s\nstdout {(late.stdout or b"")[-1000:]!r}\n'
                         f'stderr {(late.stderr or b"")[-1000:]!r}\n{last_log()}') from None
        return Result(done.returncode, done.stdout, done.stderr, time.monotonic() - start)


def last_log(lines=40):
    """The end of the guest's log, as ./jargoon left it."""
    try:
        with open(os.path.join(paths.run_dir(), 'last.log'), encoding='utf-8',
                  errors='replace') as file:
            return 'last log:\n' + ''.join(file.readlines()[-lines:])
    except OSError:
        return 'no log'
