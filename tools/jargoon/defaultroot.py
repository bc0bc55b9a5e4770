"""The default root file system: musl and BusyBox from source, in Alpine's shape.

In:   image() -> path of its JGROOT, built on first use.
Life: sources come through apt (sources.py); for Debian 12's versions their hashes are pinned here.
      What is compiled is kept by the hash of its recipe, what is only put together by that of its files:
      a change in rootfs/default/skeleton costs no compilation. One builds, another waits.
"""

import os
import stat

from . import paths, progress, readdir, roots
from .errors import Failure, reason
from .roottree import Node, Tree, clean

RECIPE = "4"  # raise when the steps of compile_all() change
HERE = os.path.join(paths.TOP, "rootfs", "default")
LOADER = "ld-musl-x86_64.so.1"
PINS = {
    "musl_1.2.3.orig.tar.gz": "7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4",
    "busybox_1.35.0.orig.tar.bz2": "faeeb244c35a348a334f4a59e44626ee870fb07b6884d68c10ae8bc19f83a694",
}
# Kernel headers that BusyBox wants and musl does not bring. Never /usr/include itself.
KERNEL_HEADERS = {"linux": ("/usr/include/linux",), "mtd": ("/usr/include/mtd",),
                  "asm-generic": ("/usr/include/asm-generic",),
                  "asm": ("/usr/include/x86_64-linux-gnu/asm", "/usr/include/asm")}
FOLDERS = {"dev": 0o755, "home": 0o755, "media": 0o755, "mnt": 0o755, "opt": 0o755, "proc": 0o555,
           "root": 0o700, "run": 0o755, "srv": 0o755, "sys": 0o555, "tmp": 0o1777, "usr/lib": 0o755,
           "usr/local/bin": 0o755, "usr/share": 0o755, "var/log": 0o755, "var/tmp": 0o1777}
TIME = 1767225600 * 10**9  # every file's time, so that equal inputs give equal images


def image():
    """The JGROOT, from the cache or built now."""
    path = _noted()
    if not path:
        path, key = _made()
        with paths.Replacing(_note()) as file:
            file.write(f"{_stamp()} {key}".encode())
    return path


def cached():
    """The JGROOT if it is in the cache, else None; nothing is built."""
    return _noted() or roots.cached(_keys()[0])


def _noted():
    """What the note of the last start says, if nothing that the root is made from has changed."""
    try:
        with open(_note(), encoding="ascii") as file:
            seen, _, key = file.read().partition(" ")
        return roots.cached(key) if seen == _stamp() else None
    except OSError:
        return None


def _note():
    return os.path.join(paths.cache_dir("default-root"), "seen")


def _stamp():
    """A fingerprint of the times and sizes of what the root is made from, this file included."""
    seen = [(path, status.st_size, status.st_mtime_ns, status.st_ino)
            for path, status in readdir.walk(HERE)]
    status = os.stat(__file__)
    return paths.fingerprint(repr((HERE, seen, status.st_size, status.st_mtime_ns, roots.recipe())))


def _keys():
    """(of the image, of what is compiled), by the contents of what they are made from."""
    compiled_key = _hash([os.path.join(HERE, "busybox.config")], RECIPE + repr(sorted(PINS.items())))
    skeleton = [os.path.join(HERE, "skeleton", os.fsdecode(path))
                for path, status in readdir.walk(os.path.join(HERE, "skeleton"))
                if stat.S_ISREG(status.st_mode)]
    return _hash(skeleton, roots.recipe() + compiled_key + repr(FOLDERS)), compiled_key


def _made():
    """(path, key) of the image, compiled now if it is not in the cache."""
    key, compiled_key = _keys()
    path = roots.image_path(key)
    if not os.path.exists(path):
        with paths.Lock("default-root", "another jargoon is building the default root; waiting"):
            if not os.path.exists(path):
                roots.store(_tree(compiled(compiled_key)), key)
    return path, key


def _hash(files, more):
    import hashlib
    digest = hashlib.sha256(more.encode())
    for path in files:
        with open(path, "rb") as file:
            digest.update(repr((os.path.relpath(path, HERE), file.read())).encode())
    return digest.hexdigest()


def compiled(key):
    """The folder with `busybox`, `libc.so` and `applets`; compiled now if it is not in the cache."""
    folder = os.path.join(paths.cache_dir("default-root"), key)
    if os.path.exists(os.path.join(folder, "applets")):
        return folder
    import shutil
    from . import setup
    setup.packages()
    musl_and_busybox = archives()
    work = os.path.join(paths.cache_dir("default-root"), "work")
    shutil.rmtree(work, ignore_errors=True)
    try:
        compile_all(work, *musl_and_busybox)
        os.rename(os.path.join(work, "out"), folder)
    except OSError as error:
        raise Failure(f"cannot build the default root: {reason(error)}") from None
    shutil.rmtree(work, ignore_errors=True)
    return folder


def archives():
    """The source archives of musl and BusyBox, verified."""
    from . import sources
    return [sources.archive("musl", PINS, ["busybox"]), sources.archive("busybox", PINS)]


def compile_all(work, musl, busybox):
    """Compiles both below `work`; the results are in work/out."""
    import shutil
    os.makedirs(os.path.join(work, "out"))
    with open(os.path.join(paths.cache_dir("default-root"), "build.log"), "wb") as log:
        with progress.Task("building musl", slow=True) as task:
            prefix = build_musl(Steps(work, task, log), musl)
            shutil.copy(os.path.join(prefix, "lib", "libc.so"), os.path.join(work, "out", "libc.so"))
            Steps(work, task, log).run("strip", "--strip-unneeded", "out/libc.so")
        with progress.Task("building BusyBox", slow=True) as task:
            _busybox(Steps(work, task, log), busybox, prefix)


class Steps:
    """Runs programs below the work folder; the first that fails ends everything."""

    def __init__(self, work, task, log):
        self.work, self.task, self.log = work, task, log
        # Nothing of the user's environment should find its way into the result.
        self.env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": work, "LC_ALL": "C",
                    "KCONFIG_NOTIMESTAMP": "1", "SOURCE_DATE_EPOCH": str(TIME // 10**9)}

    def run(self, *words, cwd="."):
        from . import apt
        status, lines = apt.run_shown(list(words), self.task, os.path.join(self.work, cwd), self.env,
                                      self.log)
        if status:
            progress.write("\n".join(lines[-15:]) + "\n")
            raise Failure(f"building the default root failed at `{' '.join(words)[:70]}`: "
                          f"see {self.log.name}")

    def unpack(self, archive, folder):
        os.makedirs(os.path.join(self.work, folder))
        self.run("tar", "-xf", archive, "-C", folder, "--strip-components=1", "--no-same-owner")


def jobs():
    return f"-j{len(os.sched_getaffinity(0))}"


def build_musl(steps, archive):
    """Builds musl into a prefix of ours, never touching /lib; returns the prefix."""
    prefix = os.path.join(steps.work, "musl")
    steps.unpack(archive, "musl-src")
    steps.run("./configure", f"--prefix={prefix}", "--syslibdir=/lib", cwd="musl-src")
    steps.run("make", jobs(), cwd="musl-src")
    steps.run("make", "install", f"LDSO_PATHNAME={prefix}/lib/{LOADER}", cwd="musl-src")
    for name, places in KERNEL_HEADERS.items():
        place = next((place for place in places if os.path.isdir(place)), None)
        if place:
            os.symlink(place, os.path.join(prefix, "include", name))
    return prefix


def build_busybox(steps, archive, prefix, changes):
    """Builds BusyBox in busybox-src below the work folder, with what the file `changes` says of its
    configuration; returns the words with which make knows the compilers."""
    steps.unpack(archive, "busybox-src")
    compilers = (f"CC={prefix}/bin/musl-gcc", "HOSTCC=gcc")
    steps.run("make", "defconfig", *compilers, cwd="busybox-src")
    config = os.path.join(steps.work, "busybox-src", ".config")
    with open(config, encoding="utf-8") as file:
        text = file.read()
    with open(changes, encoding="utf-8") as file:
        text = changed_config(text, file.read())
    with open(config, "w", encoding="utf-8") as file:
        file.write(text)
    steps.run("make", jobs(), *compilers, cwd="busybox-src")
    return compilers


def _busybox(steps, archive, prefix):
    compilers = build_busybox(steps, archive, prefix, os.path.join(HERE, "busybox.config"))
    steps.run("make", "install", *compilers, "CONFIG_PREFIX=" + os.path.join(steps.work, "installed"),
              cwd="busybox-src")
    import shutil
    applets = []
    installed = os.path.join(steps.work, "installed")
    for path, status in readdir.walk(installed):
        if stat.S_ISLNK(status.st_mode) and path != b"linuxrc":
            applets.append(os.fsdecode(path))
    shutil.copy(os.path.join(installed, "bin", "busybox"), os.path.join(steps.work, "out", "busybox"))
    with open(os.path.join(steps.work, "out", "applets"), "w", encoding="ascii") as file:
        file.write("\n".join(applets) + "\n")


def changed_config(text, changes):
    """BusyBox's .config with the lines of `changes` in place of those of the same options."""
    import re
    for line in changes.splitlines():
        match = re.match(r"(?:# )?(CONFIG_\w+)(?:=| is not set)", line)
        if match:
            text = re.sub(rf"^(?:# )?{match[1]}(?:=.*| is not set)\n", "", text, flags=re.M)
            text += line + "\n"
    return text


def _tree(folder):
    tree = Tree()
    for name, mode in FOLDERS.items():
        tree.add(name.encode(), Node(stat.S_IFDIR | mode, mtime=TIME))
    _file(tree, b"bin/busybox", os.path.join(folder, "busybox"), 0o755)
    _file(tree, f"lib/{LOADER}".encode(), os.path.join(folder, "libc.so"), 0o755)
    links = {"lib/libc.musl-x86_64.so.1": LOADER, "usr/bin/ldd": f"/lib/{LOADER}",
             "etc/mtab": "/proc/mounts"}
    with open(os.path.join(folder, "applets"), encoding="ascii") as file:
        links.update((name, "/bin/busybox") for name in file.read().split())
    for name, target in links.items():
        tree.add(name.encode(), Node(stat.S_IFLNK | 0o777, mtime=TIME, target=target.encode()))
    skeleton = os.path.join(HERE, "skeleton")
    for path, status in readdir.walk(skeleton):
        if stat.S_ISREG(status.st_mode):
            _file(tree, clean(path), os.path.join(os.fsencode(skeleton), path),
                  0o640 if path.endswith(b"shadow") else 0o644)
    for node in tree.names.values():
        node.mtime = TIME
    return tree


def _file(tree, path, host, mode):
    node = readdir.node_of(host, os.stat(host), (0, 0))
    node.mode = stat.S_IFREG | mode
    tree.add(path, node)
