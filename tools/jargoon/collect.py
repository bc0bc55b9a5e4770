"""Runs a guest unattended and keeps all that it wrote: for tests and tools.

In:   collect(options, ...) -> Outcome. Works for our kernel and for any other guest that has the same
      virtio ports, such as the reference guest.
"""

from . import qemu
from .guestlog import Log
from .loop import Copier, Drain, Memory
from .machine import Guest


class Outcome:
    """status and sentence as ./jargoon run would report them; the rest are bytes."""

    def __init__(self, status, sentence, kept, log, guest):
        self.status = status
        self.sentence = sentence
        self.stdout = bytes(kept["stdout"].data)
        self.stderr = bytes(kept["stderr"].data)
        self.terminal = bytes(kept["terminal"].data)
        self.lost = sum(sink.lost for sink in kept.values())  # bytes beyond the limit
        self.log = bytes(log.text)
        self.ready = guest.verdict.ready
        self.qemu_status = guest.machine.status
        self.qemu_errors = guest.machine.error_text()


class _Source:
    """Bytes as an endpoint for a Copier, by way of an unnamed file."""

    def __init__(self, data):
        import os
        self.fd = os.memfd_create("stdin", os.MFD_CLOEXEC)
        view = memoryview(data)
        while view:
            view = view[os.write(self.fd, view):]
        os.lseek(self.fd, 0, os.SEEK_SET)

    def read(self):
        import os
        return os.read(self.fd, 64 << 10)


def collect(options, stdin=b"", timeout=60, limit=16 << 20, keep=(), on_output=None, close=(),
            log=None):
    """Starts QEMU with `options` (qemu.Options), feeds `stdin`, returns the Outcome at its end.

    timeout    seconds until it is killed; the status is then 124.
    limit      bytes kept of each output.
    keep       descriptors that QEMU inherits (a boot image in memory).
    on_output  function(guest, name, data) called for each piece of stdout, stderr and terminal; it
               may call guest.type(bytes) to type on the terminal and guest.end(status, sentence).
    close      names of outputs whose reader is gone from the start.
    """
    log = log or Log()
    kept = {name: Memory(limit) for name in ("stdout", "stderr", "terminal")}
    with Guest(options, log, timeout, keep) as guest:
        keyboard = guest.machine.channel("terminal")
        guest.type = keyboard.write
        for name, sink in kept.items():
            if name in close:
                guest.machine.hang_up(name)
                continue

            def take(data, name=name, sink=sink):
                sink(data)
                if on_output:
                    on_output(guest, name, data)
            guest.outputs.append(
                Drain(guest.loop, guest.machine.channel(name), take, guest.check_end))
        port = guest.machine.channel("stdin")
        Copier(guest.loop, _Source(stdin), port, lambda _error: port.half_close())
        status, sentence = guest.run()
        return Outcome(status, sentence, kept, log, guest)


def options_for(kernel, initrd, **changes):
    """qemu.Options, so that callers need this module only."""
    return qemu.Options(kernel, initrd, **changes)
