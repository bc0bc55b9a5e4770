"""Source archives of Debian's packages, fetched through apt and checked against pinned hashes.

In:   archive(name, pins) -> the path of a package's original source archive.
Life: kept in the cache's folder "sources", which all that compile share.
"""

import glob
import hashlib
import os

from . import aptsources, paths, progress
from .errors import Failure


def archive(name, pins, together=()):
    """The package's archive, verified; fetched now, with the packages `together`, if it is not there.

    `pins` has the hashes of the versions that were tested, by file name; another version is said to be one.
    """
    folder = paths.cache_dir("sources")
    if not _found(name, folder):
        aptsources.fetch([name, *together], folder)
    found = _found(name, folder)
    if not found:
        raise Failure(f"apt brought no source archive of {name}")
    path = found[-1]
    file_name = os.path.basename(path)
    with open(path, "rb") as file:
        actual = hashlib.sha256(file.read()).hexdigest()
    if file_name not in pins:
        progress.say(f"{file_name} is another version than was tested; apt verified it")
    elif actual != pins[file_name]:
        os.unlink(path)
        raise Failure(f"{file_name} has the hash {actual}, not the pinned {pins[file_name]}")
    return path


def _found(name, folder):
    return sorted(path for path in glob.glob(os.path.join(folder, name + "_*.orig.tar.*"))
                  if path.endswith((".gz", ".xz", ".bz2")))
