"""The guest's log: what the kernel writes to port 0xe9 and the servers to their log port.

Life: kept in memory, the newest part of it; written to build/run/last.log when a run fails, and to
      stderr line by line with --verbose. A guest that logs without end costs no more than LIMIT.
"""

import os

from . import paths

LIMIT = 1 << 20


class Log:
    def __init__(self, echo=None):
        """`echo` is a function(bytes) that shows a whole line at once, or None."""
        self.echo = echo
        self.text = bytearray()
        self.partial = {}  # channel -> the line that has begun

    def take(self, channel, data):
        lines = (self.partial.get(channel, b"") + data).split(b"\n")
        self.partial[channel] = lines.pop()[-LIMIT:]
        for line in lines:
            self._line(line.rstrip(b"\r") + b"\n")

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
