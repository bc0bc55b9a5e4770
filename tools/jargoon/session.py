"""A guest attached to our own stdin, stdout and stderr, each decided alone.

In:   plan() says what each of the three is; attach() runs the guest with them.
A terminal becomes the guest's terminal (COM1); anything else is a stream over its own port, byte by
byte, with backpressure, end-of-file as a half close, and a reader that goes as a closed port.
"""

import os
import signal
import socket

from . import cli, progress
from .errors import STATUS_FAILED, Failure
from .loop import IN, Copier, Descriptor
from .machine import Guest
from .terminal import HELP, EscapeKeys, Terminal

LEFT = 130  # the status after Ctrl-A x, as after Ctrl-C


def plan():
    """What the guest's stdin, stdout and stderr are: {"stdin": "tty" | "stream" | "null", ...}."""
    kinds = {}
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        if fd in cli.missing_descriptors:
            kinds[name] = "null" if fd == 0 else "stream"
        else:
            kinds[name] = "tty" if os.isatty(fd) else "stream"
    return kinds


def terminal_fd(kinds):
    """The descriptor of the terminal that shows the guest's, or None. stdout before the others."""
    for fd, name in ((1, "stdout"), (2, "stderr"), (0, "stdin")):
        if kinds[name] == "tty":
            return fd
    return None


class Session:
    def __init__(self, options, kinds, log, timeout=None, keep=(), hint=False):
        self.kinds = kinds
        self.log = log
        self.guest = Guest(options, log, timeout, keep)
        self.loop = self.guest.loop
        self.terminal = Terminal(0) if kinds["stdin"] == "tty" else None
        self.keyboard = self.screen = None
        self.hint = hint
        shown = terminal_fd(kinds)
        self.sized = Terminal(shown) if shown is not None else None
        self.told_size = self.sized.size() if self.sized else None  # the config section says it

    def run(self):
        """Returns (exit status, sentence or None); the terminal is restored when it does."""
        if self.log.echo:
            self.log.echo = self._echo
        try:
            with self.guest:
                self._watch_signals()
                self._connect()
                return self.guest.run()
        finally:
            if self.terminal:
                self.terminal.release()
            if self.screen and self.screen.last not in (b"", b"\n", b"\r") and self.kinds["stderr"] == "tty":
                self.newline_wanted = True

    newline_wanted = False

    def _connect(self):
        guest = self.guest
        for name, fd in (("stdout", 1), ("stderr", 2)):
            if self.kinds[name] == "stream":
                self._output(name, name, fd)
            else:
                self._discard(name)
        if self.sized:
            self.screen = self._output("terminal", "terminal", self.sized.fd)
        else:
            self._discard("terminal")
        if self.kinds["stdin"] == "stream":
            port = guest.machine.channel("stdin")
            Copier(self.loop, Descriptor(0, writing=False), port, lambda _error: port.half_close())
        else:
            guest.machine.channel("stdin").half_close()
        if self.terminal:
            self._take_terminal()

    def _output(self, channel, name, fd):
        """Copies the guest's `channel` to our `fd`; a reader that goes closes the guest's side."""
        def done(error):
            if error:
                self.guest.machine.hang_up(channel)
            self.guest.check_end()
        try:
            if fd in cli.missing_descriptors:
                raise BrokenPipeError
            copier = Copier(self.loop, self.guest.machine.channel(channel),
                            Descriptor(fd, writing=True), done)
        except BrokenPipeError:
            self.guest.machine.hang_up(channel)
            return None
        self.guest.outputs.append(copier)
        return copier

    def _discard(self, channel):
        """A channel that this run does not use: whatever arrives is dropped, nothing waits."""
        from .loop import Drain
        self.guest.outputs.append(Drain(self.loop, self.guest.machine.channel(channel),
                                        lambda data: None, self.guest.check_end))

    # The terminal as input.

    def _take_terminal(self):
        """Claims it now or, in the background, later."""
        if not self.terminal.claim():
            self.loop.after(0.2, self._take_terminal)
            return
        if self.keyboard is None:
            self.keys = EscapeKeys(lambda: self.guest.end(LEFT, None))
            self.keyboard = Copier(self.loop, Descriptor(0, writing=False),
                                   self.guest.machine.channel("terminal"), self._keyboard_done,
                                   self._typed)
            if self.hint:
                progress.write(f"jargoon: {HELP}\r\n")
        else:
            self.keyboard.resume()
        self._resized()
        self.loop.after(0.2, self._check_foreground)

    def _check_foreground(self):
        """If a shell moved us to the background, stop reading; it has set the modes that it wants."""
        if self.terminal.saved is None:
            return
        if self.terminal.in_foreground():
            self.loop.after(0.2, self._check_foreground)
        else:
            self.keyboard.pause()
            self.terminal.saved = None
            self.loop.after(0.2, self._take_terminal)

    def _typed(self, data):
        out = self.keys.pass_on(data)
        if self.keys.held:
            self.loop.after(1, self._expire)
        return out

    def _expire(self):
        data = self.keys.expire()
        if data and not self.keyboard.done:
            self.keyboard.give(data)

    def _keyboard_done(self, error):
        if not error:  # the terminal hung up
            self.guest.end(128 + signal.SIGHUP, None)

    # Signals, through a socket so that the loop wakes.

    def _watch_signals(self):
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        self.wakeup = ours, theirs
        handled = [signal.SIGCONT, signal.SIGUSR1]
        if self.sized:
            handled.append(signal.SIGWINCH)
        if self.terminal:
            handled.append(signal.SIGTSTP)
        for number in handled:
            signal.signal(number, lambda _number, _frame: None)
        self.loop.watch(ours.fileno(), IN, self._signalled)

    def _signalled(self, _events):
        numbers = self.wakeup[0].recv(256)
        if signal.SIGUSR1 in numbers:
            self.guest.dump()
        if signal.SIGTSTP in numbers:
            self._stop()
        if signal.SIGWINCH in numbers or signal.SIGCONT in numbers:
            self._resized()

    def _stop(self):
        """SIGTSTP from outside: leave the terminal to the shell, stop, and take it back later."""
        if self.keyboard:
            self.keyboard.pause()
        self.terminal.release()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._take_terminal()

    def _resized(self):
        if self.sized:
            size = self.sized.size()
            if size != self.told_size:
                self.told_size = size
                self.guest.tell("winsize %d %d" % size)

    def _echo(self, line):
        """A line of the log on stderr; in raw mode the terminal needs its carriage return."""
        if self.terminal and self.terminal.saved is not None and self.kinds["stderr"] == "tty":
            line = line.replace(b"\n", b"\r\n")
        try:
            os.write(2, line)
        except OSError:
            pass


def attach(options, kinds, log, timeout=None, keep=(), hint=False):
    """Runs the guest on our descriptors and returns the exit status, having said why if it failed."""
    session = Session(options, kinds, log, timeout, keep, hint)
    status, sentence = session.run()
    if sentence:
        if session.newline_wanted:
            progress.write("\n")
        if status == STATUS_FAILED:
            path = log.save()
            if path:
                sentence += f" (log: {os.path.relpath(path)})"
        raise Failure(sentence, status)
    return status
