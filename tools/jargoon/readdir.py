"""Reads a folder of the host into a Tree: owners, modes, links, devices and times as they are."""

import os
import stat

from .errors import Failure, reason
from .roottree import Node, clean, shown


class HostFile:
    """Stands for an open file until its bytes are wanted, so that thousands are not open at once."""

    def __init__(self, path):
        self.path = path
        self.file = None

    def fileno(self):
        if self.file is None:
            HostFile.close_last()
            try:
                self.file = open(self.path, "rb")
            except OSError as error:
                raise Failure(f"cannot read {os.fsdecode(self.path)}: {reason(error)}") from None
            HostFile.last = self
        return self.file.fileno()

    last = None

    @classmethod
    def close_last(cls):
        if cls.last:
            cls.last.file.close()
            cls.last.file = None
            cls.last = None


def node_of(path, status, owner=None):
    """A Node from lstat's result. `owner` replaces uid and gid."""
    uid, gid = owner or (status.st_uid, status.st_gid)
    node = Node(status.st_mode, uid, gid, max(status.st_mtime_ns, 0))
    if stat.S_ISREG(status.st_mode):
        node.size = status.st_size
        node.content = (HostFile(path), 0) if status.st_size else None
    elif stat.S_ISLNK(status.st_mode):
        node.target = os.readlink(path)
    elif stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        node.rdev = (os.major(status.st_rdev), os.minor(status.st_rdev))
    return node


def read(folder, tree, at=b"", owner=None):
    """Adds everything in `folder`, itself included, under the path `at` of the tree."""
    nodes = {}
    for path, status in walk(folder):
        inside = clean(at + b"/" + path)
        if stat.S_ISSOCK(status.st_mode):
            tree.skipped.append(f"the socket {shown(inside)} was left out")
            continue
        node = node_of(os.path.join(os.fsencode(folder), path), status, owner)
        if status.st_nlink > 1 and not node.is_dir():
            node = nodes.setdefault((status.st_dev, status.st_ino), node)
        tree.add(inside, node)


def walk(folder):
    """Yields (path, lstat) for `folder` (b"") and all below it, parents first, names sorted."""
    top = os.fsencode(folder)
    todo = [b""]
    while todo:
        path = todo.pop()
        try:
            status = os.lstat(os.path.join(top, path)) if path else os.stat(top)
            yield path, status
            if stat.S_ISDIR(status.st_mode):
                names = sorted(os.listdir(os.path.join(top, path)), reverse=True)
                todo += [os.path.join(path, name) for name in names]
        except OSError as error:
            raise Failure(f"cannot read {os.fsdecode(os.path.join(top, path))}: "
                          f"{reason(error)}") from None
