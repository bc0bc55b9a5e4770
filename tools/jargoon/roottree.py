"""A root file system in memory while it is imported: names, nodes, and where each file's bytes are.

In:   Tree.add() from the readers (readtar, readcpio, readdir), rootimage.read() and --add.
Life: filled by one or more readers, checked as it grows, written once by rootimage.write().
Paths are bytes without leading or trailing slash; b"" is the root itself.
"""

import stat

from .errors import Failure

NAME_MAX, PATH_MAX = 255, 4095


class Node:
    """A file of any kind. Two names of one node are hard links.

    `content` is (file object, offset) or bytes for a regular file that is not empty.
    """
    __slots__ = ("mode", "uid", "gid", "mtime", "size", "content", "rdev", "target")

    def __init__(self, mode, uid=0, gid=0, mtime=0, size=0, content=None, rdev=(0, 0), target=b""):
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.mtime = mtime  # nanoseconds
        self.size = size
        self.content = content
        self.rdev = rdev
        self.target = target

    def is_dir(self):
        return stat.S_ISDIR(self.mode)


def shown(path):
    """A path as text for a sentence."""
    return "/" + path.decode("utf-8", "backslashreplace")


def clean(raw):
    """The path in our form, from the many forms archives use; refuses what could mean something else."""
    parts = [part for part in raw.split(b"/") if part not in (b"", b".")]
    if b".." in parts:
        raise Failure(f"the path {shown(raw)} in the root file system contains `..`")
    if b"\0" in raw:
        raise Failure(f"the path {shown(raw)} in the root file system contains a zero byte")
    path = b"/".join(parts)
    if len(path) > PATH_MAX or any(len(part) > NAME_MAX for part in parts):
        raise Failure(f"a path in the root file system is too long: {shown(path)[:60]}...")
    return path


class Tree:
    def __init__(self):
        self.names = {b"": Node(stat.S_IFDIR | 0o755)}
        self.skipped = []  # sentences about what was left out, such as sockets

    def add(self, path, node):
        """Puts `node` at the cleaned `path`, as unpacking over what is there would do."""
        path = self._physical(path)
        old = self.names.get(path)
        if old is not None and old.is_dir() != node.is_dir() and self._has_children(path):
            raise Failure(f"{shown(path)} is a folder with files in it and later something else")
        if path == b"" and not node.is_dir():
            raise Failure("the root of the root file system is not a folder")
        self.names[path] = node

    def link(self, path, target):
        """Makes `path` one more name of the node at `target` (a hard link)."""
        node = self.names.get(self._physical(target))
        if node is None:
            raise Failure(f"{shown(path)} is a hard link to {shown(target)}, which is not there")
        if node.is_dir():
            raise Failure(f"{shown(path)} is a hard link to the folder {shown(target)}")
        self.add(path, node)

    def find(self, path):
        """The node that `path` means, its last symbolic link followed too, or None."""
        try:
            return self.names.get(self._resolve(path, True))
        except Failure:
            return None

    def in_order(self):
        """(path, node) pairs with parents before children."""
        return sorted(self.names.items(), key=lambda pair: pair[0].split(b"/") if pair[0] else [])

    def _has_children(self, path):
        return any(name.startswith(path + b"/") for name in self.names)

    def _physical(self, path):
        """`path` with its folders resolved and made where missing; the last part is taken as it is."""
        head, _, last = path.rpartition(b"/")
        if not head:
            return path
        folder = self._resolve(head, True)
        if folder not in self.names:
            self._make_folders(folder)
        if not self.names[folder].is_dir():
            raise Failure(f"{shown(path)} lies under {shown(head)}, which is not a folder")
        return folder + b"/" + last if folder else last

    def _make_folders(self, path):
        done = b""
        for part in path.split(b"/"):
            done = done + b"/" + part if done else part
            node = self.names.setdefault(done, Node(stat.S_IFDIR | 0o755))
            if not node.is_dir():
                raise Failure(f"{shown(path)} lies under {shown(done)}, which is not a folder")

    def _resolve(self, path, follow_last):
        """Follows symbolic links inside the tree, as chroot would; missing parts stay as they are."""
        node = self.names.get(path)
        if node is not None and node.is_dir():
            return path  # names under links are never stored, so this is physical already
        todo, done, hops = path.split(b"/"), b"", 0
        while todo:
            part = todo.pop(0)
            if part in (b"", b"."):
                continue
            if part == b"..":
                done = done.rpartition(b"/")[0]
                continue
            step = done + b"/" + part if done else part
            node = self.names.get(step)
            if node is not None and stat.S_ISLNK(node.mode) and (todo or follow_last):
                hops += 1
                if hops > 40:
                    raise Failure(f"{shown(path)} goes through a loop of symbolic links")
                if node.target.startswith(b"/"):
                    done = b""
                todo = node.target.split(b"/") + todo
            else:
                done = step
        return done
