"""A root file system of Debian's own binary packages, for the tests of real programs (glibc, dynamic).

In:   image(name, packages) -> a JGROOT, assembled on first use; cached(name, packages) -> it, or None.
Life: apt resolves and fetches what the packages depend on (aptsources.Apt: nothing counts as installed). The
      packages are unpacked into a tree in memory, as usr-merged Debian has it; no script of theirs runs, so what
      those would make is made here. Documentation is left out. The image is kept by the hash of its recipe.
"""

import glob
import os
import stat
import subprocess
import tempfile

from . import aptsources, paths, progress, readtar, roots, spool
from .errors import Failure
from .roottree import Node, Tree

RECIPE = "1"  # raise when the steps below change
# Without these nothing works; debootstrap's least of all, less what only package management needs.
BASE = ("base-files", "base-passwd", "bash", "coreutils", "dash", "debianutils", "diffutils", "findutils",
        "grep", "gzip", "hostname", "libc-bin", "mawk", "ncurses-base", "sed", "tar", "util-linux")
LEFT_OUT = tuple(f"usr/share/{name}/".encode() for name in
                 ("doc", "man", "info", "locale", "lintian", "bug", "X11", "doc-base", "menu", "i18n"))
MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
LINKS = {"bin/sh": "dash", "etc/mtab": "/proc/mounts"}
ALTERNATIVES = {"awk": ("gawk", "mawk"), "cc": ("gcc",), "vim": ("vim.basic",), "pager": ("less",)}  # the first that is there
FILES = {"etc/hostname": "debian\n", "etc/hosts": "127.0.0.1 localhost\n",
         "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n"}
TIME = 1767225600 * 10**9  # of what is made here


def image(name, packages):
    """The JGROOT with these packages, from the cache or made now (a minute, and a network)."""
    made = cached(packages)
    if made:
        return made
    with paths.Lock("debian-root", "another jargoon is assembling a root of Debian's; waiting"):
        return cached(packages) or _made(name, packages)


def cached(packages):
    return roots.cached(_key(packages))


def _key(packages):
    return paths.fingerprint(repr((RECIPE, roots.FORMAT, BASE, sorted(packages), LEFT_OUT, LINKS, ALTERNATIVES, FILES)))


def _made(name, packages):
    with tempfile.TemporaryDirectory(dir=paths.cache_dir("roots"), prefix=f".{name}-") as folder:
        archives = _fetched([*BASE, *packages], folder)
        contents, tree = spool.Spool(folder), DebianTree()
        try:
            with progress.Task(f"unpacking {len(archives)} packages", slow=True) as task:
                for archive in archives:
                    task.update(os.path.basename(archive))
                    unpack(archive, folder, contents, tree)
                complete(tree)
                task.update(f"{len(tree.names)} names")
                return roots.store(tree, _key(packages))
        finally:
            contents.close()


def _fetched(packages, folder):
    """The paths of the packages and of all that they depend on."""
    lines = ["deb" + line[len("deb-src"):] for line in aptsources.entries()]
    archives = os.path.join(folder, "archives")
    os.makedirs(os.path.join(archives, "partial"))
    with aptsources.Apt(folder, lines, "Debian's packages") as own:
        own.run("-o", f"Dir::Cache::Archives={archives}", "--no-install-recommends", "--download-only",
                "--yes", "install", *packages)
    return sorted(glob.glob(os.path.join(archives, "*.deb")))


def unpack(archive, folder, contents, tree):
    """Adds the files of one .deb to `tree`; `folder` is for a moment's file."""
    with tempfile.NamedTemporaryFile(dir=folder) as plain:
        done = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], stdin=subprocess.DEVNULL, stdout=plain,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode:
            why = done.stderr.decode(errors="replace").strip()
            raise Failure(f"cannot unpack {os.path.basename(archive)}: {why}")
        source = spool.Input(plain.name)
        try:
            readtar.read(source, contents, tree)
        finally:
            source.close()


class DebianTree(Tree):
    """A Tree in which packages for a split /usr land in the merged one, without documentation."""

    def __init__(self):
        super().__init__()
        for name in MERGED:
            self.names[b"usr/" + name.encode()] = Node(stat.S_IFDIR | 0o755, mtime=TIME)
            self.names[name.encode()] = Node(stat.S_IFLNK | 0o777, mtime=TIME, target=b"usr/" + name.encode())
        self.names[b"usr"] = Node(stat.S_IFDIR | 0o755, mtime=TIME)

    def add(self, path, node):
        if path.startswith(LEFT_OUT) and not path.endswith(b"/copyright"):
            return
        there = self.names.get(path)
        if node.is_dir() and there is not None and stat.S_ISLNK(there.mode):
            return
        super().add(path, node)

    def link(self, path, target):
        if not path.startswith(LEFT_OUT):
            super().link(path, target)


def complete(tree):
    """What the packages' scripts would have made."""
    for name, target in LINKS.items():
        _link(tree, name, target)
    for name, programs in ALTERNATIVES.items():
        there = [program for program in programs if tree.find(f"usr/bin/{program}".encode())]
        if there:
            _link(tree, f"usr/bin/{name}", there[0])
    for name, text in FILES.items():
        _put(tree, name, text.encode())
    for name in ("passwd", "group"):  # base-passwd's script copies them from there
        master = tree.find(f"usr/share/base-passwd/{name}.master".encode())
        if master:
            tree.add(f"etc/{name}".encode(), master)


def _link(tree, name, target):
    tree.add(name.encode(), Node(stat.S_IFLNK | 0o777, mtime=TIME, target=target.encode()))


def _put(tree, name, data):
    tree.add(name.encode(), Node(stat.S_IFREG | 0o644, size=len(data), content=data, mtime=TIME))
