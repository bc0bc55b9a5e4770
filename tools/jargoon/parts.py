"""The parts of a boot image that the build made, by the names that the image gives them."""

import os
import struct

from . import paths
from .errors import Failure

# section -> build output. Order is the order in the image.
ALWAYS = {"bin/init": "init/init", "bin/vfsd": "vfsd/vfsd", "bin/consoled": "consoled/consoled"}
LINUX = {"bin/linuxserver": "linuxserver/linuxserver"}
PID1 = "rootfs/pid1/pid1"
WITH_PERSONALITY = "rootfs/with-personality/with-personality"
KERNEL = "microkernel/jargoon-kernel"


def personality_part(name):
    return LINUX if name == "linux" else {f"bin/{name}": f"personalities/{name}/{name}"}


def _named(level):
    """The personalities of init/manifest: those that stand above another, or the others."""
    names, found = [], {}
    for line in manifest().decode().splitlines():
        words = line.split("#")[0].split()
        if words[:1] in (["personality"], ["server"]):
            names.append(words[1] if words[0] == "personality" else None)
        elif words == ["level"]:
            found[names[-1]] = True
    return [name for name in names if name and found.get(name, False) == level]


def levels():
    return _named(True)


def bases():
    return _named(False)


def outputs():
    """What `run` needs of the build, as paths in the build folder."""
    return [KERNEL, PID1, WITH_PERSONALITY, *ALWAYS.values(), *LINUX.values(),
            *(f"personalities/{name}/{name}" for name in bases() + levels() if name != "linux")]


def servers(stack):
    """The sections of the servers for a run with that stacks.Stack: name -> bytes."""
    chosen = dict(ALWAYS)
    for name in [stack.base, *levels()]:
        if f"bin/{name}" not in stack.files:
            chosen.update(personality_part(name))
    chosen = {section: need(output) for section, output in chosen.items()}
    chosen.update(stack.files)
    return {section: loadable(path) for section, path in chosen.items()}


def loadable(path):
    """The bytes of an ELF up to the end of its last segment: what only a debugger reads, most of the
    file, would cost the guest memory. A file that is no ELF64 is given as it is."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"\x7fELF":
        return data
    try:
        table, = struct.unpack_from("<Q", data, 32)
        entry, count = struct.unpack_from("<HH", data, 54)
        heads = [struct.unpack_from("<IIQQQQ", data, table + i * entry) for i in range(count)]
    except (struct.error, OverflowError):
        return data
    return data[:max((offset + size for kind, _, offset, _, _, size in heads if kind == 1),
                     default=len(data))]


def manifest():
    """init's list of servers and what each is granted, as it stands in the source tree."""
    path = os.path.join(paths.TOP, "init", "manifest")
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        raise Failure(f"the tree is not whole: {path} is missing") from None


def need(output):
    path = paths.built(output)
    if not os.path.exists(path):
        raise Failure(f"the build did not make {output}")
    return path


def system(programs=()):
    """The read-only root beside the user's, as bytes: /pid1, and `programs` as (host, guest) pairs."""
    import stat
    from . import readdir, rootimage
    from .roottree import Tree, clean
    tree = Tree()
    for host, guest in [(need(PID1), "/pid1"), *programs]:
        node = readdir.node_of(host, os.stat(host), (0, 0))
        node.mode = stat.S_IFREG | 0o755
        node.mtime = 0
        tree.add(clean(os.fsencode(guest)), node)
    return rootimage.to_bytes(tree)
