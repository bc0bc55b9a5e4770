"""What the user sees while he waits: lines on stderr, one that moves when stderr is a terminal."""

import os
import sys
import time

quiet = False  # set by verbs that must not say anything unless they fail


def write(text):
    """Bytes to stderr as they are; errors do not matter, nobody may be listening."""
    try:
        os.write(2, text.encode("utf-8", "replace"))
    except OSError:
        pass  # nobody is listening; the work goes on


def say(text):
    """One line to the user, whatever `quiet` says only if it is off."""
    if not quiet:
        write(f"jargoon: {text}\n")


def complain(sentence):
    """The one sentence of a failure; never silenced."""
    write(f"jargoon: {sentence}\n")


class Task:
    """One long job: says what it does, shows how far it is, and how long it took.

    On a terminal the line is rewritten at most ten times a second; elsewhere there is a line at the
    start and one at the end, so that a log stays short. A job that is not `slow` says nothing there
    unless it turns out to be.
    """

    def __init__(self, title, slow=False):
        self.title = title
        self.announced = slow
        self.live = not quiet and _is_terminal()
        self.start = self.shown = time.monotonic()
        self.width = 0

    def __enter__(self):
        if self.live:
            self._draw("")
        elif self.announced:
            say(self.title + " ...")
        return self

    def update(self, detail):
        now = time.monotonic()
        if self.live and now - self.shown > 0.1:
            self.shown = now
            self._draw(detail)
        elif not self.live and now - self.shown > (30 if self.announced else 1):
            self.shown = now
            say(self.title + (f": {now - self.start:.0f} s so far" if self.announced else " ..."))
            self.announced = True

    def __exit__(self, kind, *_):
        took = time.monotonic() - self.start
        if self.live:
            self._draw(f"done in {took:.1f} s" if kind is None else "failed")
            write("\n")
        elif kind is None and took > 2:
            say(f"{self.title}: done in {took:.1f} s")

    def _draw(self, detail):
        columns = 80
        try:
            columns = os.get_terminal_size(2).columns or 80
        except OSError:
            pass
        line = f"jargoon: {self.title}" + (f": {detail}" if detail else "")
        line = line[:columns - 1]
        write("\r" + line.ljust(self.width))
        self.width = len(line)


def _is_terminal():
    try:
        return os.isatty(2) and os.environ.get("TERM") != "dumb" and sys.stderr is not None
    except OSError:
        return False
