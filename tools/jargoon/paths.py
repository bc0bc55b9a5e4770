"""Where things are: the source tree, the build folder, the cache, and how writers keep apart."""

import os

from .errors import Failure, reason

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def build_dir():
    """The Meson build folder: build/, or $JARGOON_BUILD."""
    return os.path.join(TOP, os.environ.get("JARGOON_BUILD") or "build")


def built(name):
    """Path of a build output, such as built("init/init")."""
    return os.path.join(build_dir(), name)


def run_dir():
    """A folder for what a run leaves behind (the last log, gdb's socket); made if missing."""
    return ensure_dir(os.path.join(build_dir(), "run"))


def cache_dir(*parts):
    """A folder in the user's cache, made if missing: $XDG_CACHE_HOME/jargoon or ~/.cache/jargoon."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # the XDG specification: relative paths are to be ignored
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return ensure_dir(os.path.join(base, "jargoon", *parts))


def which(name, more=""):
    """The path of a program in PATH and in the folders `more`, or None. (shutil's costs 12 ms to load.)"""
    for folder in f"{os.environ.get('PATH', os.defpath)}:{more}".split(":"):
        path = os.path.join(folder, name)
        if folder and os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def fingerprint(text):
    """A hash for names in the cache. Without hashlib, which loads OpenSSL for 20 ms."""
    try:
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=32).hexdigest()


def ensure_dir(path):
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise Failure(f"cannot make the folder {path}: {reason(error)}") from None
    return path


class Lock:
    """An exclusive lock among jargoons of one user, by name; `waiting` says that it had to wait.

    The file stays behind on purpose: removing it would let two holders in.
    """

    def __init__(self, name, announce=None):
        self.path = os.path.join(cache_dir("locks"), name)
        self.announce = announce

    def __enter__(self):
        import fcntl
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if self.announce:
                from . import progress
                progress.say(self.announce)
            fcntl.flock(self.fd, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_):
        os.close(self.fd)


class Replacing:
    """Writes a file under a temporary name in its own folder and renames it when all went well.

    `with Replacing(path) as file:` gives a binary file; readers see the old file or the whole new one.
    """

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        import tempfile
        ensure_dir(os.path.dirname(self.path))
        fd, self.temporary = tempfile.mkstemp(prefix=".new-", dir=os.path.dirname(self.path))
        self.file = os.fdopen(fd, "w+b")
        return self.file

    def __exit__(self, kind, *_):
        try:
            self.file.close()
            if kind is None:
                os.chmod(self.temporary, 0o644)
                os.replace(self.temporary, self.path)
                return
        except OSError as error:
            raise Failure(f"cannot write {self.path}: {reason(error)}") from None
        finally:
            if kind is not None or os.path.exists(self.temporary):
                try:
                    os.unlink(self.temporary)
                except OSError:
                    pass
