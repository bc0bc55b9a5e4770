"""A QEMU with its channels, from start to exit status.

In:   Machine(options): start(), channel(name), kill(), reap().
      Guest: a machine in a loop, with log, verdict and time limit; who uses it adds the streams.
Life: both ends of every channel are socket pairs made here; QEMU gets its ends by number. A Guest has
      ended when QEMU has and all that it had written is where it should go.
"""

import os
import signal
import socket

from . import progress, qemu
from .errors import STATUS_FAILED
from .loop import IN, Drain, Loop, Socket
from .verdict import Verdict

# After `exit` or `fail` the guest only has to drain and power off.
POWER_OFF_SECONDS = 10
DUMP_SECONDS = 1  # what a guest whose time is over gets, to say what its threads wait for


class Machine:
    def __init__(self, options, keep=()):
        """`keep` are more descriptors that QEMU inherits, such as that of the boot image."""
        self.options = options
        self.keep = list(keep)
        self.pid = self.pidfd = self.status = None
        self.ends = {}

    def start(self):
        theirs = {}
        self.errors = os.memfd_create("qemu-stderr", os.MFD_CLOEXEC)
        for name in qemu.CHANNELS:
            ours, their = socket.socketpair()
            self.ends[name] = ours
            theirs[name] = their
        chardevs = {name: f"socket,fd={end.fileno()}" for name, end in theirs.items()}
        try:
            self.pid = qemu.spawn(qemu.command(self.options, chardevs),
                                  [end.fileno() for end in theirs.values()] + self.keep, self.errors)
        finally:
            for end in theirs.values():
                end.close()
        self.pidfd = os.pidfd_open(self.pid)

    def channel(self, name):
        """One more endpoint on that channel; one for each direction, as a loop watches fd by fd."""
        return Socket(self.ends[name].dup())

    def hang_up(self, name):
        """Closes the channel as far as QEMU can see: its guest finds the port closed."""
        try:
            self.ends[name].shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def kill(self):
        if self.pid is not None and self.status is None:
            try:
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def reap(self):
        """Waits for QEMU's end; returns its exit code, negative for a signal."""
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def error_text(self):
        size = min(os.fstat(self.errors).st_size, 64 << 10)
        return os.pread(self.errors, size, 0).decode("utf-8", "replace")

    def close(self):
        """Kills QEMU if it lives, and lets go of everything."""
        if self.pid is not None and self.pidfd is not None:
            self.kill()
            self.reap()
            os.close(self.pidfd)
            self.pidfd = None
        for end in self.ends.values():
            end.close()


class Guest:
    """A Machine at work. Use as a context manager: leaving it kills QEMU if it still runs."""

    def __init__(self, options, log, timeout=None, keep=()):
        self.machine = Machine(options, keep)
        self.log = log
        self.timeout = timeout
        self.loop = Loop()
        self.verdict = Verdict()
        self.outputs = []   # Copiers and Drains that must be done before the run is
        self.exited = False
        self.grace = None
        self.on_ready = None  # called once, when the guest says that it is ready

    def __enter__(self):
        machine, loop = self.machine, self.loop
        machine.start()
        self.control = machine.channel("control")
        self.control_out = machine.channel("control")
        self.outputs += [
            Drain(loop, self.control, self._control, self.check_end),
            Drain(loop, machine.channel("debug"), lambda data: self.log.take("debug", data),
                  self.check_end),
            Drain(loop, machine.channel("log"), lambda data: self.log.take("log", data),
                  self.check_end)]
        loop.watch(machine.pidfd, IN, self._exited)
        if self.timeout is not None:
            loop.after(self.timeout, self._time_out)
        return self

    def __exit__(self, *_):
        self.machine.close()

    def tell(self, line):
        """Sends a line to the guest's control port; the guest may be gone, or not there yet."""
        try:
            self.control_out.write(line.encode() + b"\n")
        except OSError:
            pass

    def dump(self):
        """Asks the guest to write to its log what every thread does."""
        self.tell("dump")

    def end(self, status, sentence):
        """Ends the run now, from the host's side; what the guest has written already still comes."""
        self.verdict.overrule(status, sentence)
        self.machine.kill()

    def run(self):
        """Runs to the end; returns (exit status, sentence or None)."""
        self.loop.run()
        self.log.finish()
        return self.verdict.result(self.machine.reap(), self.machine.error_text(), self.log)

    def check_end(self, *_):
        """Called whenever something that the end waits for is over."""
        if self.exited and all(output.done for output in self.outputs):
            self.loop.stop()

    def _control(self, data):
        was_ready = self.verdict.ready
        for line in self.verdict.feed(data):
            word, _, sentence = line.partition(b" ")
            if word == b"say":
                progress.complain(sentence.decode("utf-8", "replace"))
                continue
            self.log.take("control", b"control port: unknown line: " + line + b"\n")
        if self.verdict.ready and not was_ready and self.on_ready:
            self.on_ready()
        if self.grace is None and (self.verdict.status is not None or self.verdict.failure):
            self.grace = self.loop.after(POWER_OFF_SECONDS, self._still_on)

    def _still_on(self):
        if any(getattr(output, "pending", b"") for output in self.outputs):
            self.grace = self.loop.after(POWER_OFF_SECONDS, self._still_on)  # a slow reader of ours
        elif not self.exited:
            sentence = self.verdict.failure or (
                f"the guest said that it ended but did not power off for {POWER_OFF_SECONDS} seconds")
            self.end(STATUS_FAILED, sentence)

    def _exited(self, _events):
        self.loop.ignore(self.machine.pidfd)
        self.exited = True
        self.check_end()

    def _time_out(self):
        self.verdict.time_out(self.timeout)
        self.dump()
        self.loop.after(DUMP_SECONDS, self._timed_out)

    def _timed_out(self):
        self.machine.kill()
        # A reader of ours who does not read must not outlast the limit either.
        self.loop.after(1, self.loop.stop)
