"""What a run's exit status is, from what the guest said on its control port and how QEMU ended.

The guest says `exit N` or `fail SENTENCE` and powers off; everything else is 125 with a sentence. What it says
with `say SENTENCE` goes to the user and ends nothing.
"""

from . import qemu
from .errors import STATUS_FAILED, STATUS_TIMEOUT


class Verdict:
    def __init__(self):
        self.status = None      # from `exit N`
        self.failure = None     # from `fail SENTENCE`
        self.ready = False      # the guest reached its prompt
        self.overruled = None   # (status, sentence) decided on the host
        self.partial = b""

    def feed(self, data):
        """Takes bytes of the control port; returns the lines that it did not understand."""
        lines = (self.partial + data).split(b"\n")
        self.partial = lines.pop()[-4096:]
        return [line for line in lines if not self._line(line.rstrip(b"\r"))]

    def _line(self, line):
        word, _, rest = line.partition(b" ")
        if word == b"exit" and rest.isdigit() and int(rest) <= 255:
            if self.status is None:  # pid 1's comes first; init's own is for a forced power-off
                self.status = int(rest)
        elif word == b"fail":
            self.failure = self.failure or _printable(rest) or "a server failed and did not say how"
        elif word == b"ready":
            self.ready = True
        else:
            return False
        return True

    def overrule(self, status, sentence):
        """The host ends the run; the first reason counts."""
        self.overruled = self.overruled or (status, sentence)

    def time_out(self, seconds):
        self.overrule(STATUS_TIMEOUT, f"the time limit of {seconds:g} seconds was reached")

    def result(self, qemu_status, qemu_errors, log):
        """(exit status, sentence or None) once QEMU has ended.

        `qemu_status` is its exit code, negative for a signal; `qemu_errors` what it wrote to stderr.
        """
        if self.overruled:
            return self.overruled
        if qemu_status == qemu.PANIC_STATUS:
            line = log.last_line_with(b"panic")
            return STATUS_FAILED, "the kernel panicked" + (f": {line}" if line else "")
        if self.failure:
            return STATUS_FAILED, self.failure
        if qemu_status < 0:
            return STATUS_FAILED, f"QEMU was killed by signal {-qemu_status}"
        if qemu_status > 0:
            said = [line for line in qemu_errors.splitlines() if "warning:" not in line]
            return STATUS_FAILED, f"QEMU failed: {said[-1].strip()}" if said else \
                f"QEMU failed with status {qemu_status}"
        if self.status is None:
            return STATUS_FAILED, "the guest ended without a status"
        return self.status, None


def _printable(raw):
    text = raw.decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "?" for char in text).strip()[:500]
