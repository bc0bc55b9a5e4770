"""JGBOOT, what QEMU hands over as initrd: named sections, each at a page boundary (abi/jg/image.h).

In:   Sections: a dict of name -> bytes, or a path of a file, in order; write(sections, file).
"""

import os
import struct

from .errors import Failure, reason

MAGIC = b"JGBOOT1\0"
HEADER = struct.Struct("<8sII")
ENTRY = struct.Struct("<40sQQQ")
PAGE = 4096
MAX_SECTIONS = 63
assert HEADER.size == 16 and ENTRY.size == 64


def page_up(size):
    return (size + PAGE - 1) & -PAGE


def write(sections, fd):
    """Writes the image to the file descriptor `fd` from its position on; returns its size."""
    if len(sections) > MAX_SECTIONS:
        raise Failure(f"a boot image holds at most {MAX_SECTIONS} sections, not {len(sections)}")
    offset = header_bytes = page_up(HEADER.size + ENTRY.size * len(sections))
    head = [HEADER.pack(MAGIC, len(sections), header_bytes)]
    for name, content in sections.items():
        try:
            size = len(content) if isinstance(content, bytes) else os.stat(content).st_size
        except OSError as error:
            raise Failure(f"the boot image needs {content}: {reason(error)}") from None
        if len(name.encode()) > 40:
            raise Failure(f"the name `{name}` is too long for a section of the boot image")
        head.append(ENTRY.pack(name.encode(), offset, size, 0))
        offset += page_up(size)
    _write_all(fd, b"".join(head).ljust(header_bytes, b"\0"))
    for content in sections.values():
        if isinstance(content, bytes):
            _write_all(fd, content)
            size = len(content)
        else:
            size = _copy_file(content, fd)
        _write_all(fd, bytes(page_up(size) - size))
    return offset


def _write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]


def _copy_file(path, fd):
    """sendfile: the kernel copies from page cache to page cache, 8 MB in 2 ms."""
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = left = os.fstat(source).st_size
        while left:
            sent = os.sendfile(fd, source, None, left)
            if not sent:
                raise Failure(f"{path} became shorter while it was copied")
            left -= sent
        return size
    finally:
        os.close(source)


def in_memory(sections):
    """The image in an unnamed file in memory; returns (fd, size). QEMU opens it by /proc/self/fd."""
    fd = os.memfd_create("jargoon-boot-image", os.MFD_CLOEXEC)
    return fd, write(sections, fd)
