"""What the tests share: a cache of their own, small archives, and the session with a QEMU of paper."""

import io
import os
import stat
import subprocess
import sys
import tarfile
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(HERE))), "tools")


class Scratch(unittest.TestCase):
    """A test with a folder that is gone afterwards, which is also its cache."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="jargoon-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.environment = dict(os.environ)
        os.environ["XDG_CACHE_HOME"] = os.path.join(self.folder, "cache")
        self.addCleanup(self._restore)

    def _restore(self):
        os.environ.clear()
        os.environ.update(self.environment)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)


def tar(members, **options):
    """The bytes of a tar of (name, kind, content or link, attributes) members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **options) as archive:
        for name, kind, content, attributes in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            for key, value in attributes.items():
                setattr(info, key, value)
            if kind == tarfile.REGTYPE:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.linkname = content
                archive.addfile(info)
    return out.getvalue()


def cpio(members, trailer=True):
    """The bytes of a newc archive of (name, mode, content, attributes) members."""
    out = b""
    for name, mode, content, attributes in members + ([("TRAILER!!!", 0, b"", {})] if trailer else []):
        fields = [attributes.get(key, default) for key, default in (
            ("ino", 0), ("mode", mode), ("uid", 0), ("gid", 0), ("nlink", 1), ("mtime", 0),
            ("size", len(content)), ("major", 0), ("minor", 0), ("rmajor", 0), ("rminor", 0),
            ("namesize", len(name) + 1), ("check", 0))]
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(out) % 4)
    return out


def contents(path):
    """{path: (kind and mode, content or target or device, uid, gid, mtime)} of a JGROOT."""
    from jargoon import rootimage
    found = {}
    with open(path, "rb") as file:
        tree = rootimage.read(file, path)
        for name, node in tree.in_order():
            what = node.target or None
            if stat.S_ISREG(node.mode):
                what = os.pread(file.fileno(), node.size, node.content[1]) if node.size else b""
            elif stat.S_ISCHR(node.mode) or stat.S_ISBLK(node.mode):
                what = node.rdev
            found[name.decode()] = (node.mode, what, node.uid, node.gid, node.mtime)
    return found


def session(mode, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, more=()):
    """A process that runs a session with fake_qemu.py doing `mode`."""
    environment = {**os.environ, "JARGOON_QEMU": os.path.join(HERE, "fake_qemu.py")}
    return subprocess.Popen([sys.executable, os.path.join(HERE, "driver.py"), mode, *more],
                            stdin=stdin, stdout=stdout, stderr=stderr, env=environment)
