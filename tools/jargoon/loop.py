"""One poll() loop and what hangs on it: copying byte streams with backpressure, timers, signals.

In:   Loop, Copier, the endpoints below. One thread does everything; nothing here blocks.
Life: a Copier ends when its source has ended and all is written (`on_done(None)`), or when its sink's
      reader has gone (`on_done(error)`).
"""

import errno
import os
import select
import socket
import stat
import time

IN, OUT = select.POLLIN, select.POLLOUT
GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL
CHUNK = 64 << 10
# What a pipe that polls writable always takes without blocking (POSIX: PIPE_BUF).
PIPE_BUF = 4096


class Loop:
    def __init__(self):
        self.poll = select.poll()
        self.handlers = {}  # fd -> function(events)
        self.timers = []    # [when, function]
        self.stopped = False

    def watch(self, fd, events, handler):
        """Calls handler(events) when one of `events`, an error or a hang-up is on `fd`."""
        self.handlers[fd] = handler
        self.poll.register(fd, events)

    def ignore(self, fd):
        if self.handlers.pop(fd, None):
            self.poll.unregister(fd)

    def after(self, seconds, function):
        """Calls `function` once; returns a timer for cancel()."""
        timer = [time.monotonic() + seconds, function]
        self.timers.append(timer)
        return timer

    def cancel(self, timer):
        if timer in self.timers:
            self.timers.remove(timer)

    def stop(self):
        self.stopped = True

    def run(self):
        while not self.stopped:
            wait = None
            if self.timers:
                wait = max(0, min(timer[0] for timer in self.timers) - time.monotonic())
            for fd, events in self.poll.poll(None if wait is None else wait * 1000 + 1):
                handler = self.handlers.get(fd)
                if handler:
                    handler(events)
            now = time.monotonic()
            for timer in [timer for timer in self.timers if timer[0] <= now]:
                if timer in self.timers:
                    self.timers.remove(timer)
                    timer[1]()


class Socket:
    """Our end of one of QEMU's channels."""

    def __init__(self, end):
        end.setblocking(False)
        self.end = end
        self.fd = end.fileno()

    def read(self):
        try:
            return self.end.recv(CHUNK)
        except BlockingIOError:
            return None
        except ConnectionError:
            return b""

    def write(self, data):
        try:
            return self.end.send(data)
        except BlockingIOError:
            return 0

    def half_close(self):
        """The other side reads end-of-file; what it still writes is still read."""
        try:
            self.end.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.end.close()


class Descriptor:
    """One of the user's descriptors. Its O_NONBLOCK flag is shared with his shell, so it stays as it
    is: a pipe or terminal is opened once more through /proc, which gives a description of our own."""

    def __init__(self, fd, writing):
        self.limit = CHUNK
        mode = os.fstat(fd).st_mode
        self.sender = None
        self.fd = None
        if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            try:
                self.fd = os.open(f"/proc/self/fd/{fd}", (os.O_WRONLY if writing else os.O_RDONLY)
                                  | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            except OSError as error:
                if error.errno == errno.ENXIO and writing:
                    raise BrokenPipeError(errno.EPIPE, "nobody reads the pipe") from None
        if self.fd is None:
            self.fd = os.dup(fd)
            if stat.S_ISSOCK(mode) and writing:
                self.sender = socket.socket(fileno=self.fd)
            elif not stat.S_ISREG(mode):
                self.limit = PIPE_BUF

    def read(self):
        try:
            return os.read(self.fd, CHUNK)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno == errno.EIO:  # a terminal whose other end has gone
                return b""
            raise

    def write(self, data):
        try:
            if self.sender:
                return self.sender.send(data, socket.MSG_DONTWAIT)
            return os.write(self.fd, data[:self.limit])
        except BlockingIOError:
            return 0

    def half_close(self):
        pass  # the user's own descriptor closes when we end

    def close(self):
        os.close(self.fd)


class Memory:
    """A sink that keeps what it is given, at most `limit` bytes; the rest only counts."""

    def __init__(self, limit):
        self.limit = limit
        self.data = bytearray()
        self.lost = 0

    def __call__(self, data):
        room = max(0, self.limit - len(self.data))
        self.data += data[:room]
        self.lost += max(0, len(data) - room)


class Copier:
    """source -> sink, both with fd, read() and write(); holds at most one chunk."""

    def __init__(self, loop, source, sink, on_done, change=None):
        self.loop = loop
        self.source = source
        self.sink = sink
        self.on_done = on_done
        self.change = change    # function(bytes) -> bytes on everything that passes
        self.pending = memoryview(b"")
        self.ended = False      # the source has ended
        self.done = False
        self.total = 0
        self.last = b""         # the last byte that was written
        self._arrange()

    def _arrange(self):
        """Either the sink must take the rest of the chunk, or the source may give the next one."""
        if self.pending:
            self.loop.ignore(self.source.fd)
            self.loop.watch(self.sink.fd, OUT, self._writable)
        else:
            self.loop.watch(self.source.fd, IN, self._readable)
            self.loop.watch(self.sink.fd, 0, self._writable)  # still hears of a reader that goes

    def _readable(self, _events):
        data = self.source.read()
        if data is None:
            return
        if not data:
            self.finish()
            return
        self.give(self.change(data) if self.change else data)

    def give(self, data):
        """Writes `data` as if the source had given it, behind what is pending."""
        self.pending = memoryview(bytes(self.pending) + data) if self.pending else memoryview(data)
        self._write()

    def finish(self):
        """No more from the source; ends when the rest is written."""
        self.ended = True
        self.loop.ignore(self.source.fd)
        if not self.pending:
            self._end(None)

    def _writable(self, events):
        if events & OUT:
            self._write()
        elif events & GONE:
            self._end(BrokenPipeError(errno.EPIPE, "the reader has gone"))

    def _write(self):
        if self.done:
            return
        try:
            while self.pending:
                written = self.sink.write(self.pending)
                if not written:
                    break
                self.last = bytes(self.pending[written - 1:written])
                self.pending = self.pending[written:]
                self.total += written
        except OSError as error:
            self._end(error)
            return
        if self.ended and not self.pending:
            self._end(None)
        elif not self.ended:
            self._arrange()
        else:
            self.loop.watch(self.sink.fd, OUT, self._writable)

    def pause(self):
        self.loop.ignore(self.source.fd)

    def resume(self):
        if not self.done and not self.ended:
            self._arrange()

    def _end(self, error):
        if not self.done:
            self.done = True
            self.loop.ignore(self.source.fd)
            self.loop.ignore(self.sink.fd)
            self.pending = memoryview(b"")
            self.on_done(error)


class Drain:
    """source -> a function that takes every chunk at once; always reads, so nobody waits for us."""

    def __init__(self, loop, source, take, on_done=None):
        self.loop = loop
        self.source = source
        self.take = take
        self.on_done = on_done
        self.done = False
        loop.watch(source.fd, IN, self._readable)

    def _readable(self, _events):
        data = self.source.read()
        if data is None:
            return
        if data:
            self.take(data)
            return
        self.done = True
        self.loop.ignore(self.source.fd)
        if self.on_done:
            self.on_done()
