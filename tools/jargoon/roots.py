"""From what --rootfs names to a JGROOT in the cache, and additions on top of one.

In:   prepare(argument) -> path of a JGROOT; with_additions(path, additions) -> (name, path or fd).
Life: an image is named by the hash of what it was made from. A second, tiny file remembers which hash
      belongs to which path, size and times, so that a warm start reads no archive at all.
"""

import os
import stat

from . import paths
from .errors import Failure, reason

FORMAT = "4"  # a part of every hash: raise it when rootimage.py writes something else


def prepare(argument):
    """The JGROOT for --rootfs `argument` (None: the default root), made if it is not in the cache."""
    if argument is None:
        from . import defaultroot
        return defaultroot.image()
    if argument == "alpine":
        from . import alpine
        argument = alpine.archive()
    try:
        status = os.stat(argument)
    except OSError as error:
        raise Failure(f"cannot read the root file system {argument}: {reason(error)}") from None
    if stat.S_ISDIR(status.st_mode):
        key = _folder_key(argument)
        return cached(key) or _import_folder(argument, key)
    if not stat.S_ISREG(status.st_mode):
        raise Failure(f"{argument} is neither a folder nor an archive file")
    note = os.path.join(paths.cache_dir("roots", "seen"), _stamp(argument, status))
    try:
        with open(note, encoding="ascii") as file:
            known = cached(file.read(64))
        if known:
            return known
    except OSError:
        pass
    return _import_archive(argument, note)


def _stamp(path, status):
    words = (recipe(), os.path.realpath(path), status.st_dev, status.st_ino, status.st_size,
             status.st_mtime_ns, status.st_ctime_ns)
    return paths.fingerprint(repr(words))


def _folder_key(folder):
    """A hash over names and lstat results: reading no content keeps a warm start fast."""
    import hashlib
    from . import readdir
    digest = hashlib.sha256(recipe().encode())
    for path, status in readdir.walk(folder):
        digest.update(repr((path, status.st_mode, status.st_uid, status.st_gid, status.st_size,
                            status.st_mtime_ns, status.st_ctime_ns, status.st_ino,
                            status.st_rdev)).encode())
    return digest.hexdigest()


def image_path(key):
    return os.path.join(paths.cache_dir("roots"), key + ".jgroot")


def cached(key):
    """The image of that key if it is whole; its time is set, so that old ones can be told."""
    path = image_path(key)
    try:
        os.utime(path)
        return path
    except OSError:
        return None


def recipe():
    """What every hash of an image begins with: how it is written, and the tools that it is given."""
    digest = paths.fingerprint(FORMAT)
    for host, _ in tools():
        with open(host, "rb") as file:
            digest = paths.fingerprint(digest + paths.fingerprint(repr(file.read())))
    return digest


def tools():
    """(host, guest) paths of what every root with a /usr/bin gets, unless it has its own."""
    from . import parts
    built = paths.built(parts.WITH_PERSONALITY)
    return [(built, b"usr/bin/with-personality")] if os.path.exists(built) else []


def store(tree, key):
    """Writes `tree` into the cache under `key`; returns its path. Old ones make room."""
    from . import readdir, rootimage
    _prune()
    for host, guest in tools():
        folder = tree.find(os.path.dirname(guest))
        if folder and folder.is_dir() and not tree.find(guest):
            node = readdir.node_of(host, os.stat(host), (0, 0))
            node.mode = stat.S_IFREG | 0o755
            tree.add(guest, node)
    path = image_path(key)
    with paths.Replacing(path) as file:
        rootimage.write(tree, file)
    return path


def _prune():
    """Removes images that no run has used for a month."""
    import time
    for entry in os.scandir(paths.cache_dir("roots")):
        if entry.name.endswith(".jgroot") and time.time() - entry.stat().st_mtime > 30 * 86400:
            os.unlink(entry.path)


def _import_archive(path, note):
    import hashlib
    from . import progress
    with paths.Lock("roots", "another jargoon is importing a root file system; waiting"):
        digest = hashlib.sha256(recipe().encode())
        with open(path, "rb") as file:
            for chunk in iter(lambda: file.read(1 << 20), b""):
                digest.update(chunk)
        key = digest.hexdigest()
        made = cached(key)
        if not made:
            with progress.Task(f"importing {path}") as task:
                made = _read_archive(path, key, task)
    with paths.Replacing(note) as file:
        file.write(key.encode())
    return made


def _read_archive(path, key, task):
    from . import progress, readcpio, readtar, spool
    from .roottree import Tree
    source, tree = spool.Input(path), Tree()
    store_at = spool.Spool(paths.cache_dir("roots"))
    try:
        start = source.peek(512)
        if readcpio.is_cpio(start):
            readcpio.read(source, store_at, tree)
        elif readtar.is_tar(start):
            readtar.read(source, store_at, tree)
        elif readcpio.is_other_cpio(start):
            raise Failure(f"{path} is a cpio archive of an old kind: make it with `cpio -H newc`")
        elif len(start) < 512:
            raise Failure(f"{path} is too short to be a root file system")
        else:
            raise Failure(f"{path} is neither a tar nor a cpio (newc) archive")
        if len(tree.names) < 2:
            raise Failure(f"{path} is an archive with nothing in it")
        task.update(f"{len(tree.names)} names, {store_at.size >> 20} MiB")
        made = store(tree, key)
    finally:
        source.close()
        store_at.close()
    for sentence in tree.skipped:
        progress.say(sentence)
    return made


def _import_folder(folder, key):
    from . import progress, readdir
    from .roottree import Tree
    tree = Tree()
    with progress.Task(f"importing {folder}"):
        readdir.read(folder, tree)
        made = store(tree, key)
    for sentence in tree.skipped:
        progress.say(sentence)
    return made


def with_additions(image, additions, file):
    """Writes to the open binary `file` the JGROOT `image` with files of the host on top.

    `additions` are (host path, guest path) pairs, or (bytes, guest path, mode). Files and folders of
    the host come in owned by root, and a guest path that ends in `/` is a folder to put it into.
    """
    from . import readdir, rootimage
    from .roottree import Node, Tree, clean
    with open(image, "rb") if image else _nothing() as base:
        tree = rootimage.read(base, image) if image else Tree()
        for addition in additions:
            if isinstance(addition[0], bytes):
                data, where, mode = addition
                tree.add(clean(os.fsencode(where)),
                         Node(stat.S_IFREG | mode, size=len(data), content=data or None))
                continue
            host, where = addition
            inside = clean(os.fsencode(where))
            found = tree.find(inside)
            if where.endswith("/") or (found and found.is_dir() and not os.path.isdir(host)):
                inside += (b"/" if inside else b"") + os.fsencode(os.path.basename(host.rstrip("/")))
            if os.path.isdir(host):
                readdir.read(host, tree, inside, owner=(0, 0))
            else:
                try:
                    status = os.stat(host)
                except OSError as error:
                    raise Failure(f"cannot add {host}: {reason(error)}") from None
                if not stat.S_ISREG(status.st_mode):
                    raise Failure(f"cannot add {host}: it is neither a file nor a folder")
                tree.add(inside, readdir.node_of(os.path.abspath(host), status, (0, 0)))
        rootimage.write(tree, file)


def parse_addition(text):
    """(host path, guest path) of one --add FILE[:GUESTPATH]; the default is a name in /root."""
    host, colon, guest = text.partition(":")
    if colon and os.path.exists(text):
        host, guest = text, ""  # a file whose own name has a colon
    if not host or not os.path.exists(host):
        raise Failure(f"cannot add {host or text}: no such file")
    if guest and not guest.startswith("/"):
        raise Failure(f"--add {text}: the path in the guest must begin with a slash")
    return host, guest or "/root/" + os.path.basename(os.path.abspath(host))


class _nothing:
    def __enter__(self):
        return None

    def __exit__(self, *_):
        pass
