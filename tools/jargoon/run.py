"""The verb `run`: everything from options to the guest's exit status."""

import os
import re

from . import paths
from .errors import Failure

SUMMARY = "start the system: a shell, or a command of yours"
USAGE = "%(prog)s [OPTION...] [-- COMMAND ARG...]"
DESCRIPTION = """Starts the system in QEMU and leaves you at a shell prompt, or runs COMMAND in it.
Whatever is missing (packages, build, root file system) is made first.

stdin, stdout and stderr are decided each alone: a terminal becomes the guest's
terminal, anything else a byte-exact stream. Ctrl-A x leaves the guest."""
EPILOG = """Exit status: COMMAND's own; 128+n when signal n killed it; 124 after --timeout;
125 when jargoon, a server or the kernel failed; 126 or 127 when COMMAND could
not be run or found; 130 after Ctrl-A x."""

TAKES_COMMAND = True
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
KERNEL = "microkernel/jargoon-kernel"
# Memory that the kernel and the servers need beside the boot image; below it QEMU is not even tried.
LEAST_BESIDE_IMAGE = 6 << 20


def add_arguments(parser):
    parser.add_argument("--rootfs", metavar="PATH", help="a tar or cpio (newc), plain or gzip, or a "
                        "folder, or `alpine`; default: musl and BusyBox, built from source")
    parser.add_argument("--add", metavar="FILE[:GUESTPATH]", action="append", default=[],
                        help="put a file or folder of the host into the root (default: into /root)")
    parser.add_argument("--env", metavar="NAME=VALUE", action="append", default=[],
                        help="an environment variable for COMMAND")
    parser.add_argument("--timeout", metavar="SECONDS", type=seconds, help="end with status 124 then")
    parser.add_argument("--mem", metavar="SIZE", type=size, default=size("256M"),
                        help="memory, such as 40M or 1G (default: 256M)")
    parser.add_argument("--smp", metavar="N", type=int, default=1, help="processors; 1 so far")
    parser.add_argument("--personality", metavar="SPEC", default="linux",
                        help="who understands the program's system calls, and who stands above it, such "
                        "as trace,o=FILE:linux (default: linux; docs/personalities.md)")
    parser.add_argument("--accel", choices=("auto", "tcg", "kvm"), default="auto",
                        help="auto tries kvm within a time limit, else tcg (default: auto)")
    parser.add_argument("--icount", action="store_true",
                        help="count instructions instead of time: runs repeat exactly")
    parser.add_argument("--print-qemu", action="store_true",
                        help="write the boot image, print QEMU's command line, start nothing")
    parser.add_argument("--gdb", action="store_true", help="wait for gdb before the first instruction")
    parser.add_argument("--verbose", action="store_true", help="the guest's log goes to stderr too")
    parser.add_argument("--kernel-option", metavar="WORD", action="append", default=[],
                        help="a test option for the kernel and the servers")
    parser.add_argument("command", metavar="COMMAND", nargs="*", help="what to run instead of a shell")


def seconds(text):
    import argparse
    try:
        value = float(text)
        if 0 < value < 1e9:
            return value
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"`{text}` is no number of seconds")


def size(text):
    import argparse
    match = re.fullmatch(r"([0-9]{1,9})([KMG]?)(?:I?B)?", text.upper())
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(f"`{text}` is no size such as 256M")
    return int(match[1]) << {"K": 10, "M": 20, "": 20, "G": 30}[match[2]]


def environment(assignments, tty):
    """The command's environment: (name, value) pairs, --env last so that it wins."""
    pairs = {"HOME": "/root", "PATH": DEFAULT_PATH}
    if tty or os.environ.get("TERM"):
        pairs["TERM"] = os.environ.get("TERM") or "dumb"
    for text in assignments:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise Failure(f"--env {text}: use NAME=VALUE")
        pairs[name] = value
    return list(pairs.items())


def check(options):
    """What can be refused before anything is built."""
    if options.smp != 1:
        raise Failure(f"--smp {options.smp}: this version runs on one processor only")
    from . import stacks
    stacks.Stack(options.personality)


def sections(root, config, stack=None, system=None):
    """The boot image's sections from what was built: a dict for bootimage.write().

    `root` is the path of a JGROOT or None, `system` a JGROOT as bytes or path (default: pid 1 only).
    """
    from . import parts, stacks
    stack = stack or stacks.Stack("linux")
    found = {"manifest": parts.manifest() + stack.manifest, "config": config}
    found.update(parts.servers(stack))
    found["system"] = system if system is not None else parts.system()
    if root is not None:
        found["root"] = root
    return found


def boot_image(root, config, stack=None, system=None):
    """The image in memory: (fd, size). The path to give to QEMU is /proc/self/fd/FD."""
    from . import bootimage
    return bootimage.in_memory(sections(root, config, stack, system))


def run(options):
    check(options)
    additions = []
    if options.add:
        from . import roots
        additions = [roots.parse_addition(text) for text in options.add]
    from . import build, session
    build.ensure("run")
    from . import accel, guestconfig, guestlog, qemu, roots, stacks
    stack = stacks.Stack(options.personality)
    root = roots.prepare(options.rootfs)
    kinds = session.plan()
    shown = session.terminal_fd(kinds)
    winsize = session.Terminal(shown).size() if shown is not None else None
    config = guestconfig.make(options.command, environment(options.env, shown is not None),
                              personality=stack.base, levels=stack.levels, winsize=winsize,
                              verbose=options.verbose, kernel=options.kernel_option,
                              **({"stdin": "tty", "stdout": "tty", "stderr": "tty"}
                                 if options.print_qemu else kinds))
    scratch = None
    if additions:
        import tempfile
        scratch = tempfile.NamedTemporaryFile(dir=paths.cache_dir("roots"))
        roots.with_additions(root, additions, scratch)
        root = scratch.name
    image, image_size = boot_image(root, config, stack)
    if scratch:
        scratch.close()
    if options.mem < image_size + LEAST_BESIDE_IMAGE:
        raise Failure(f"{options.mem >> 20} MiB of memory are too little: the boot image alone has "
                      f"{image_size / (1 << 20):.1f} MiB; use --mem {suggested(image_size)}M or more")
    machine = qemu.Options(paths.built(KERNEL), f"/proc/self/fd/{image}", memory=options.mem,
                           accel="tcg" if options.icount else accel.choose(options.accel),
                           icount=options.icount)
    if options.print_qemu:
        return print_qemu(machine, image)
    if options.gdb:
        machine.gdb = gdb_socket()
    log = guestlog.Log(echo=bool(options.verbose))
    return session.attach(machine, kinds, log, options.timeout, [image],
                          hint=not options.command and kinds["stdin"] == kinds["stderr"] == "tty")


def suggested(image_size):
    return (image_size + 2 * LEAST_BESIDE_IMAGE >> 20) + 1


def print_qemu(machine, image):
    """A line that can be pasted: the image becomes a file, COM1 is the terminal it is pasted into."""
    import shlex
    from . import qemu
    where = os.path.join(paths.run_dir(), "boot.img")
    os.lseek(image, 0, os.SEEK_SET)
    with paths.Replacing(where) as file:
        left = os.fstat(image).st_size
        while left:
            left -= os.sendfile(file.fileno(), image, None, left)
    machine.initrd = where
    chardevs = {"terminal": "stdio,signal=off",
                "debug": f"file,path={os.path.join(paths.run_dir(), 'debug.log')}",
                "log": f"file,path={os.path.join(paths.run_dir(), 'servers.log')}",
                "control": f"file,path={os.path.join(paths.run_dir(), 'control.txt')}"}
    print(shlex.join(qemu.command(machine, chardevs)), flush=True)
    return 0


def gdb_socket():
    from . import progress
    path = os.path.join(paths.run_dir(), "gdb.sock")
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    progress.say("waiting for gdb; in another terminal:")
    progress.write(f"  gdb {os.path.relpath(paths.built(KERNEL))} "
                   f"-ex 'target remote {os.path.relpath(path)}'\n")
    return path
