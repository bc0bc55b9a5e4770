"""A person at a terminal: types into a command that runs on a pty, and reads what comes."""

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from tap import Failed

PATIENCE = 20


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))


class Person:
    """Use as a context manager: leaving it ends the command."""

    def __init__(self, command, rows=24, columns=80, stdout=None, environment=None):
        """With `stdout` (a descriptor), only stdin and stderr are the terminal."""
        self.us, self.terminal = pty.openpty()
        set_size(self.us, rows, columns)
        self.modes = termios.tcgetattr(self.terminal)
        self.seen = ''   # everything that ever came
        self.at = 0      # what expect() has not consumed begins here

        def own_terminal():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen(
            command, stdin=self.terminal, stdout=self.terminal if stdout is None else stdout,
            stderr=self.terminal, start_new_session=True, preexec_fn=own_terminal,
            env={**os.environ, 'TERM': 'xterm', **(environment or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self.us)
        os.close(self.terminal)

    def type(self, text):
        data = text.encode() if isinstance(text, str) else text
        while data:
            _, ready, _ = select.select([], [self.us], [], PATIENCE)
            if not ready:
                raise Failed('the terminal takes no more input')
            data = data[os.write(self.us, data):]

    def read(self, seconds):
        """Takes what comes within the time; False when nothing did."""
        ready, _, _ = select.select([self.us], [], [], max(0, seconds))
        if not ready:
            return False
        try:
            data = os.read(self.us, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        self.seen += data.decode(errors='replace')
        return bool(data)

    def expect(self, pattern, seconds=PATIENCE):
        """Waits until `pattern` comes behind what was expected before; returns the match."""
        until = time.monotonic() + seconds
        while True:
            match = re.compile(pattern, re.S | re.M).search(self.seen, self.at)
            if match:
                self.at = match.end()
                return match
            left = until - time.monotonic()
            if left <= 0:
                raise Failed(f'waited {seconds} s for {pattern!r}; behind what was known came\n'
                             f'{self.seen[self.at:][-1500:]!r}')
            if not self.read(min(left, 0.5)) and self.process.poll() is not None:
                if not self.read(0.1) and not re.compile(pattern, re.S | re.M).search(
                        self.seen, self.at):
                    raise Failed(f'the command ended with {self.process.returncode} before '
                                 f'{pattern!r}; last came\n{self.seen[self.at:][-1500:]!r}')

    def quiet(self, seconds=0.3):
        """Reads until nothing has come for that long; returns what is not yet expected."""
        while self.read(seconds):
            pass
        return self.seen[self.at:]

    def resize(self, rows, columns):
        set_size(self.us, rows, columns)
        os.kill(self.process.pid, signal.SIGWINCH)

    def wait(self, seconds=PATIENCE):
        """The command's exit status."""
        until = time.monotonic() + seconds
        while self.process.poll() is None:
            self.read(0.1)
            if time.monotonic() > until:
                raise Failed(f'the command did not end; last came\n{self.seen[self.at:][-1500:]!r}')
        while self.read(0.05):
            pass
        return self.process.returncode

    def modes_now(self):
        return termios.tcgetattr(self.terminal)
