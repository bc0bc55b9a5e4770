"""The roots in which the suite `programs` runs real programs, each of Debian's packages (debianroot.py).

In:   ROOTS, name -> packages; QUICK, the one that the quick part of the suite needs; image(name), cached(name).
"""

from . import debianroot

ROOTS = {
    "programs": ("git", "lua5.4", "mount", "procps", "python3", "sqlite3", "stress-ng"),
    "tools": ("bc", "bzip2", "cpio", "curl", "file", "gawk", "gcc", "less", "libc6-dev", "lsof", "m4", "make",
              "mount", "openssl", "perl", "procps", "psmisc", "rsync", "screen", "strace", "tmux", "vim",
              "xz-utils", "zstd"),
}
QUICK = "programs"


def image(name):
    """The JGROOT, from the cache or assembled now."""
    return debianroot.image(name, ROOTS[name])


def cached(name):
    """The JGROOT if it is in the cache, else None; nothing is fetched."""
    return debianroot.cached(ROOTS[name])
