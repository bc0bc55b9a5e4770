"""The official Alpine minirootfs, pinned by hash: from $JARGOON_ALPINE, the cache, or the network.

In:   archive() -> path of the verified tar.gz. JARGOON_ALPINE_URL replaces the folder it is fetched from.
"""

import hashlib
import os

from . import paths, progress
from .errors import Failure, reason

NAME = "alpine-minirootfs-3.20.3-x86_64.tar.gz"
SHA256 = "d4e6fd67dcf75e40c451560ac7265166c2b72a0f38ddc9aae756a7de3d1efa0c"
URL = "https://dl-cdn.alpinelinux.org/alpine/v3.20/releases/x86_64"
SECONDS = 30  # without a byte, until the network counts as absent


def archive():
    given = os.environ.get("JARGOON_ALPINE")
    if given:
        if os.path.isdir(given):
            given = os.path.join(given, NAME)
        _verify(given, "$JARGOON_ALPINE")
        return given
    cached = os.path.join(paths.cache_dir("alpine"), NAME)
    if not os.path.exists(cached):
        with paths.Lock("alpine", "another jargoon is fetching Alpine; waiting"):
            if not os.path.exists(cached):
                _download(cached)
    _verify(cached, "the cache")
    return cached


def _stamp(path):
    status = os.stat(path)
    return f"{os.path.realpath(path)} {status.st_ino} {status.st_size} {status.st_mtime_ns}"


def _verify(path, origin):
    """Compares the hash; the comparison's outcome is remembered by path, size and time."""
    note = os.path.join(paths.cache_dir("alpine"), "verified")
    try:
        stamp = _stamp(path)
    except OSError as error:
        raise Failure(f"{path} (from {origin}) cannot be read: {reason(error)}") from None
    try:
        with open(note, encoding="utf-8") as file:
            if file.read() == stamp + " " + SHA256:
                return
    except OSError:
        pass
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    if digest.hexdigest() != SHA256:
        raise Failure(f"{path} (from {origin}) is not the official {NAME}: its SHA-256 is "
                      f"{digest.hexdigest()}, not {SHA256}")
    with paths.Replacing(note) as file:
        file.write((stamp + " " + SHA256).encode())


def _download(where):
    import http.client
    import urllib.error
    import urllib.request
    url = (os.environ.get("JARGOON_ALPINE_URL") or URL).rstrip("/") + "/" + NAME
    try:
        with progress.Task(f"downloading {NAME}") as task, paths.Replacing(where) as file:
            digest, got = hashlib.sha256(), 0
            with urllib.request.urlopen(url, timeout=SECONDS) as answer:
                for chunk in iter(lambda: answer.read(64 << 10), b""):
                    digest.update(chunk)
                    file.write(chunk)
                    got += len(chunk)
                    task.update(f"{got >> 10} KiB")
                    if got > 64 << 20:
                        raise Failure(f"{url} sends more than Alpine's root file system has")
            if digest.hexdigest() != SHA256:
                raise Failure(f"what {url} sent is not the official file: its SHA-256 is "
                              f"{digest.hexdigest()}, not {SHA256}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = error if hasattr(error, "code") else getattr(error, "reason", error)
        raise Failure(f"Alpine could not be downloaded from {url} ({why}): put {NAME} with the SHA-256 "
                      f"{SHA256} at {where}, or set JARGOON_ALPINE to its path") from None
