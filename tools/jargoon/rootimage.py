"""JGROOT, the form in which a root file system travels in the boot image (abi/jg/image.h).

In:   write(tree, file), read(file, tree).
The files' bytes come last and page aligned, so that vfsd can take the pages over without a copy.
"""

import os
import stat
import struct

from .errors import Failure
from .roottree import Node, Tree, shown

MAGIC = b"JGROOT1\0"
HEADER = struct.Struct("<8sIIQQ32x")
RECORD = struct.Struct("<IIIIQIIQQIIHH8x")
PAGE = 4096
CHUNK = 1 << 20
assert HEADER.size == 64 and RECORD.size == 68


def page_up(size):
    return (size + PAGE - 1) & -PAGE


def write(tree, file):
    """Writes `tree` as a JGROOT at `file`'s position 0. The contents are copied in, in tree order."""
    records, contents, where = [], [], 0
    first_name = {}  # id(node) -> 1 + index of the record that holds it
    for path, node in tree.in_order():
        owner = first_name.get(id(node), 0)
        regular = stat.S_ISREG(node.mode)
        target = node.target if stat.S_ISLNK(node.mode) else b""
        data = 0
        if not owner:
            if not node.is_dir():
                first_name[id(node)] = len(records) + 1
            if regular and node.size:
                data = where
                contents.append((path, node))
                where += page_up(node.size)
        length = (RECORD.size + len(path) + len(target) + 7) & -8
        major, minor = node.rdev
        fixed = RECORD.pack(length, node.mode, node.uid, node.gid, node.mtime // 10**9,
                            node.mtime % 10**9, owner, node.size if regular else 0, data,
                            major, minor, len(path), len(target))
        records.append((fixed + path + target).ljust(length, b"\0"))
    index = b"".join(records)
    data_offset = page_up(HEADER.size + len(index))
    file.seek(0)
    file.write(HEADER.pack(MAGIC, len(records), len(index), data_offset, data_offset + where))
    file.write(index.ljust(data_offset - HEADER.size, b"\0"))
    for path, node in contents:
        _copy_content(node, file, path)
        file.write(bytes(page_up(node.size) - node.size))
    file.flush()


def to_bytes(tree):
    """The JGROOT of a small tree (the system section) as bytes."""
    import io
    file = io.BytesIO()
    write(tree, file)
    return file.getvalue()


def _copy_content(node, file, path):
    if isinstance(node.content, bytes):
        file.write(node.content)
        return
    source, offset = node.content
    left = node.size
    while left:
        chunk = os.pread(source.fileno(), min(left, CHUNK), offset)
        if not chunk:
            raise Failure(f"{shown(path)} became shorter while it was copied")
        file.write(chunk)
        offset += len(chunk)
        left -= len(chunk)


def read(file, name):
    """The Tree in the JGROOT `file`, whose contents stay there. `name` is for the sentence."""
    try:
        head = os.pread(file.fileno(), HEADER.size, 0)
        magic, count, index_bytes, data_offset, total = HEADER.unpack(head)
        index = os.pread(file.fileno(), index_bytes, HEADER.size)
        if magic != MAGIC or len(index) != index_bytes or total != os.fstat(file.fileno()).st_size:
            raise ValueError("header")
        tree, nodes, at = Tree(), [], 0
        for _ in range(count):
            (length, mode, uid, gid, seconds, nanoseconds, owner, size, data, major, minor,
             path_len, target_len) = RECORD.unpack_from(index, at)
            path = index[at + RECORD.size:at + RECORD.size + path_len]
            target = index[at + RECORD.size + path_len:at + RECORD.size + path_len + target_len]
            node = nodes[owner - 1] if owner else Node(
                mode, uid, gid, seconds * 10**9 + nanoseconds, size,
                (file, data_offset + data) if size else None, (major, minor), target)
            nodes.append(node)
            tree.names[path] = node
            at += length
        return tree
    except (struct.error, ValueError, IndexError):
        raise Failure(f"{name} is not a root image that this jargoon wrote; remove it") from None
