"""What tests/lib/guest.py runs: `run`, on either system, also with a root image made by a test."""

import os

from . import paths, run as run_verb

USAGE = "%(prog)s [OPTION...] [-- COMMAND ARG...]"
STAGE1 = "tools/reference/stage1"
REFERENCE_MEMORY = 512 << 20


def add_arguments(parser):
    run_verb.add_arguments(parser)
    parser.add_argument("--on", choices=("jargoon", "linux"), default="jargoon")
    parser.add_argument("--image", help="a root image (JGROOT) that is used as it is")


def run(options):
    from . import accel, guestconfig, guestlog, qemu, roots, session, stacks
    stack = stacks.Stack(options.personality)
    root = options.image or roots.prepare(options.rootfs)
    kinds = session.plan()
    shown = session.terminal_fd(kinds)
    config = guestconfig.make(
        options.command, run_verb.environment(options.env, shown is not None),
        personality=stack.base, levels=stack.levels, verbose=options.verbose, kernel=options.kernel_option,
        winsize=session.Terminal(shown).size() if shown is not None else None, **kinds)
    if options.add:
        root = _with_additions(root, options.add)
    if options.on == "linux":
        kernel, image, append = _reference(root, config)
        memory = max(options.mem, REFERENCE_MEMORY)
    else:
        image, _ = run_verb.boot_image(root, config, stack)
        kernel, append, memory = paths.built(run_verb.KERNEL), None, options.mem
    machine = qemu.Options(kernel, f"/proc/self/fd/{image}", append=append, memory=memory,
                           accel=accel.choose(options.accel), icount=options.icount)
    if options.on == "linux":
        machine.firmware = None  # Linux leaves the devices' addresses to the firmware
    return session.attach(machine, kinds, guestlog.Log(echo=bool(options.verbose)),
                          options.timeout, [image])


def _with_additions(root, additions):
    """The path of an unnamed image with `additions` on top of `root`; it lives as long as we do."""
    from . import roots
    fd = os.memfd_create("jargoon-test-root", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(fd), "w+b") as file:
        roots.with_additions(root, [roots.parse_addition(text) for text in additions], file)
    return f"/proc/self/fd/{fd}"


def _reference(root, config):
    """(kernel, descriptor of the initial RAM file system, command line) of the reference guest."""
    from . import parts, reference
    from .errors import Failure
    try:
        folder = reference.kernel()
    except reference.Unavailable as why:
        raise Failure(f"no reference guest: {why}") from None
    image = os.memfd_create("jargoon-reference", os.MFD_CLOEXEC)
    contents = [_bytes(path) for path in (parts.need(STAGE1), parts.need(parts.PID1), root)]
    with os.fdopen(os.dup(image), "wb") as file:
        file.write(reference.initramfs(folder, *contents, config))
    return str(folder / "vmlinuz"), image, reference.COMMAND_LINE


def _bytes(path):
    with open(path, "rb") as file:
        return file.read()
