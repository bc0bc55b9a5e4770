"""Reads a tar archive (ustar, PAX, GNU long names) into a Tree, as a stream and strictly.

The standard library's reader takes a damaged header for the end of the archive; here it is an error,
because half a root file system is worse than none.
"""

import stat

from .errors import Failure
from .roottree import Node, clean, shown

BLOCK = 512
KINDS = {b"0": stat.S_IFREG, b"\0": stat.S_IFREG, b"7": stat.S_IFREG, b"2": stat.S_IFLNK,
         b"3": stat.S_IFCHR, b"4": stat.S_IFBLK, b"5": stat.S_IFDIR, b"6": stat.S_IFIFO}


def is_tar(start):
    return len(start) >= BLOCK and start[257:262] == b"ustar"


def number(field, source):
    """A numeric header field: octal text, or base 256 when the top bit is set."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") - (1 << (8 * len(field) - 1))
        if field[0] & 0x40:
            value -= 1 << (8 * len(field) - 1)
        return value
    text = field.split(b"\0")[0].strip()
    try:
        return int(text, 8) if text else 0
    except ValueError:
        source.broken("a header holds a number that is none")


def nanoseconds(text):
    """PAX times are decimal fractions; floats would lose the last digits."""
    whole, _, fraction = text.partition(b".")
    value = int(whole) * 10**9
    part = int((fraction + b"000000000")[:9]) if fraction else 0
    return value - part if whole.startswith(b"-") else value + part


def pax_records(data, source):
    """The key=value pairs of an extended header."""
    found = {}
    while data:
        length, space, _ = data.partition(b" ")
        size = int(length) if space and length.isdigit() else 0
        record = data[len(length) + 1:size]
        if size > len(data) or not record.endswith(b"\n") or b"=" not in record:
            source.broken("an extended header does not parse")
        key, _, value = record[:-1].partition(b"=")
        found[key.decode("utf-8", "replace")] = value
        data = data[size:]
    return found


def read(source, spool, tree):
    """Reads the archive from `source` (spool.Input) to its end."""
    always, once = {}, {}
    while True:
        header = source.read(BLOCK)
        if header == bytes(BLOCK):
            source.finish()
            return
        total = sum(header[:148]) + 8 * 32 + sum(header[156:])
        if number(header[148:156], source) != total:
            source.broken("a header's checksum is wrong")
        kind, size = header[156:157], number(header[124:136], source)
        if "size" in once and kind not in b"xgLK":
            size = _whole(once["size"], source)
        if size < 0:
            source.broken("a size is negative")
        if kind in (b"x", b"g", b"L", b"K"):
            if size > 1 << 20:
                source.broken("an extended header is too long")
            data = source.read((size + BLOCK - 1) & -BLOCK)[:size]
            if kind == b"x":
                once.update(pax_records(data, source))
            elif kind == b"g":
                always.update(pax_records(data, source))
            else:
                once["path" if kind == b"L" else "linkpath"] = data.split(b"\0")[0]
            continue
        _member(header, kind, size, {**always, **once}, source, spool, tree)
        once = {}


def _whole(text, source):
    try:
        return int(text)
    except ValueError:
        source.broken("an extended header holds a number that is none")


def _member(header, kind, size, extended, source, spool, tree):
    name = header[:100].split(b"\0")[0]
    prefix = header[345:500].split(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    raw = extended.get("path", prefix + b"/" + name if prefix else name)
    path = clean(raw)
    if kind == b"S" or any(key.startswith("GNU.sparse") for key in extended):
        raise Failure(f"{shown(path)} in {source.path} is stored as a sparse file; "
                      "make the archive without --sparse")
    if kind == b"\0" and raw.endswith(b"/"):
        kind = b"5"  # before POSIX, a folder was a file whose name ends in a slash
    link = extended.get("linkpath", header[157:257].split(b"\0")[0])
    if kind == b"1":
        _skip(source, size)
        tree.link(path, clean(link))
        return
    if kind not in KINDS:
        source.broken(f"{shown(path)} is of a kind unknown to tar")
    try:
        uid = int(extended["uid"]) if "uid" in extended else number(header[108:116], source)
        gid = int(extended["gid"]) if "gid" in extended else number(header[116:124], source)
        mtime = (nanoseconds(extended["mtime"]) if "mtime" in extended
                 else number(header[136:148], source) * 10**9)
    except ValueError:
        source.broken("an extended header holds a number that is none")
    mode = KINDS[kind] | number(header[100:108], source) & 0o7777
    node = Node(mode, uid & 0xffffffff, gid & 0xffffffff, min(max(mtime, 0), 1 << 62))
    if stat.S_ISREG(mode):
        node.size = size
        node.content = spool.take(source, size, source.path)
        _skip(source, -size % BLOCK)
    else:
        _skip(source, size)
        if stat.S_ISLNK(mode):
            if not link or b"\0" in link or len(link) > 4095:
                source.broken(f"the symbolic link {shown(path)} has no usable target")
            node.target = link
        elif stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            node.rdev = (number(header[329:337], source) & 0xfff,
                         number(header[337:345], source) & 0xfffff)
    tree.add(path, node)


def _skip(source, size):
    size = (size + BLOCK - 1) & -BLOCK if size >= BLOCK else size
    while size > 0:
        step = min(size, 1 << 20)
        source.read(step)
        size -= step
