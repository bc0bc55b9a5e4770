"""Where archive readers put the files' bytes until the image is written: one unnamed temporary file.

Nothing is unpacked under its own name on the host, so owners, devices and odd names cost nothing
and can do no harm.
"""

import os
import tempfile

from .errors import Failure, reason

LIMIT = 3 << 30  # more than fits below 4 GiB in a guest; also stops decompression bombs


class Spool:
    def __init__(self, folder):
        self.file = tempfile.TemporaryFile(dir=folder)
        self.size = 0

    def take(self, stream, size, what):
        """Copies `size` bytes from `stream` (with a read(n) that fails when short) to the end.

        Returns what Node.content wants.
        """
        start = self.size
        if start + size > LIMIT:
            raise Failure(f"{what} holds more than {LIMIT >> 30} GiB, which fits no guest")
        try:
            left = size
            while left:
                chunk = stream.read(min(left, 1 << 20))
                self.file.write(chunk)
                left -= len(chunk)
            self.file.flush()
        except OSError as error:
            raise Failure(f"cannot keep the contents of {what}: {reason(error)}") from None
        self.size += size
        return (self.file, start) if size else None

    def close(self):
        self.file.close()


class Input:
    """A plain or gzip-compressed file as a stream whose read(n) gives exactly n bytes or fails.

    Every way in which the input can be broken ends as one Failure that names the file.
    """

    def __init__(self, path):
        self.path = path
        try:
            self.file = open(path, "rb")
            magic = self.file.read(6)
            self.file.seek(0)
            self.total = os.fstat(self.file.fileno()).st_size
        except OSError as error:
            raise Failure(f"cannot read {path}: {reason(error)}") from None
        for signature, name in ((b"\xfd7zXZ", "xz"), (b"BZh", "bzip2"), (b"\x28\xb5\x2f\xfd", "zstd")):
            if magic.startswith(signature):
                raise Failure(f"{path} is compressed with {name}: give it plain or as gzip")
        self.stream = self.file
        if magic.startswith(b"\x1f\x8b"):
            import gzip
            self.stream = gzip.GzipFile(fileobj=self.file)
        self.pushed = b""

    def some(self, size):
        """At most `size` bytes; b"" at the end, where gzip's checksum has been compared too."""
        import zlib
        if self.pushed:
            chunk, self.pushed = self.pushed[:size], self.pushed[size:]
            return chunk
        try:
            return self.stream.read(size)
        except EOFError:
            self.broken("its compressed data ends too early")
        except (OSError, zlib.error) as error:
            self.broken(f"its compressed data is damaged ({error})"
                        if self.stream is not self.file else reason(error))

    def read(self, size):
        parts, left = [], size
        while left:
            chunk = self.some(left)
            if not chunk:
                self.broken("it ends too early")
            parts.append(chunk)
            left -= len(chunk)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def peek(self, size):
        chunk = self.some(size)
        while len(chunk) < size:
            more = self.some(size - len(chunk))
            if not more:
                break
            chunk += more
        self.pushed = chunk + self.pushed
        return chunk

    def finish(self):
        """Reads the rest, so that a damaged end is seen."""
        while self.some(1 << 20):
            pass

    def broken(self, why):
        raise Failure(f"{self.path} is damaged: {why}") from None

    def close(self):
        self.file.close()
