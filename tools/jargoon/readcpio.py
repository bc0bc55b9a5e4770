"""Reads a cpio archive (newc, with or without checksums) into a Tree, as a stream and strictly."""

import stat

from .errors import Failure
from .roottree import Node, clean, shown

HEADER = 110
MAGICS = (b"070701", b"070702")
OTHERS = (b"070707", b"\xc7\x71", b"\x71\xc7")


def is_cpio(start):
    return start[:6] in MAGICS


def is_other_cpio(start):
    return start[:6] in OTHERS or start[:2] in OTHERS


def read(source, spool, tree):
    """Reads the archive from `source` (spool.Input); several joined, as initramfs allows, are one."""
    while True:
        _archive(source, spool, tree)
        start = source.peek(4)
        while start == bytes(4):
            source.read(4)
            start = source.peek(4)
        if not start:
            return


def _archive(source, spool, tree):
    nodes = {}  # (major, minor, inode) -> node of a file with several names
    while True:
        header = source.read(HEADER)
        if header[:6] not in MAGICS:
            source.broken("a cpio header has no magic number")
        try:
            fields = [int(header[at:at + 8], 16) for at in range(6, HEADER, 8)]
        except ValueError:
            source.broken("a cpio header holds a number that is none")
        (inode, mode, uid, gid, links, mtime, size, major, minor, rmajor, rminor, name_size,
         _check) = fields
        if not 0 < name_size <= 4096:
            source.broken("a cpio header has a name of impossible length")
        name = source.read(name_size)
        source.read(-(HEADER + name_size) % 4)
        if not name.endswith(b"\0"):
            source.broken("a cpio name does not end")
        name = name[:-1]
        if name == b"TRAILER!!!":
            return
        _member(clean(name), mode, Node(mode, uid, gid, mtime * 10**9), size, (rmajor, rminor),
                (major, minor, inode) if links > 1 else None, nodes, source, spool, tree)


def _member(path, mode, node, size, rdev, identity, nodes, source, spool, tree):
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFSOCK:
        tree.skipped.append(f"the socket {shown(path)} was left out")
        source.read(size + -size % 4)
        return
    if kind not in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK,
                    stat.S_IFIFO):
        source.broken(f"{shown(path)} has a mode that is none")
    content = None
    if kind == stat.S_IFLNK:
        node.target = source.read(size) if size <= 4095 else b""
        if not node.target or b"\0" in node.target:
            raise Failure(f"{source.path} is damaged: the symbolic link {shown(path)} "
                          "has no usable target")
    elif kind == stat.S_IFREG:
        content = spool.take(source, size, source.path)
    else:
        source.read(size)
        node.rdev = rdev if kind in (stat.S_IFCHR, stat.S_IFBLK) else (0, 0)
    source.read(-size % 4)
    if identity and kind != stat.S_IFDIR:
        node = nodes.setdefault(identity, node)  # the bytes come with one name, usually the last
    if kind == stat.S_IFREG and size:
        node.size, node.content = size, content
    tree.add(path, node)
