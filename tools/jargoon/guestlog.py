"""The guest's log: what the kernel writes to port 0xe9 and the servers to their log port.

Life: kept in memory, the newest part of it; written to build/run/last.log when a run fails, and to
      stderr line by line with --verbose. A guest that logs without end costs no more than LIMIT.
"""

import os

from . import paths

LIMIT = 1 << 20
LINES = 10000  # that are remembered, to tell what came twice


class Log:
    def __init__(self, echo=None):
        """`echo` is a function(bytes) that shows a whole line at once, or None."""
        self.echo = echo
        self.text = bytearray()
        self.partial = {}  # channel -> the line that has begun
        self.once = {}     # line -> how often one of "debug" and "log" is ahead of the other with it

    def take(self, channel, data):
        """Takes bytes of "debug", "log" or anything else. The kernel's lines come both ways, early
        ones by port 0xe9, all by the log port; each is kept once."""
        lines = (self.partial.get(channel, b"") + data).split(b"\n")
        self.partial[channel] = lines.pop()[-LIMIT:]
        for line in lines:
            line = line.rstrip(b"\r") + b"\n"
            if not self._seen(channel, line):
                self._line(line)

    def _seen(self, channel, line):
        """Whether the other way has brought this very line already."""
        side = {"debug": 1, "log": -1}.get(channel, 0)
        ahead = self.once.get(line, 0)
        if ahead * side >= 0:
            if side and len(self.once) < LINES:
                self.once[line] = ahead + side
            return False
        self.once[line] = ahead + side
        if not self.once[line]:
            del self.once[line]
        return True

    def finish(self):
        """The guest has ended: a line that was begun counts."""
        for line in self.partial.values():
            if line:
                self._line(line + b"\n")
        self.partial = {}

    def _line(self, line):
        self.text += line
        if len(self.text) > 2 * LIMIT:
            del self.text[:-LIMIT]
        if self.echo:
            self.echo(line)

    def last_line_with(self, word):
        """The newest line that contains `word`, in any case; text or None."""
        for line in reversed(self.text.splitlines()):
            if word in line.lower():
                return line.decode("utf-8", "replace").strip()
        return None

    def save(self):
        """Writes the log where a failed run's can be found; returns the path, None if that failed."""
        path = os.path.join(paths.run_dir(), "last.log")
        try:
            with open(path, "wb") as file:
                file.write(self.text)
            return path
        except OSError:
            return None
