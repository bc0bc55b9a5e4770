"""QEMU's command line, and starting it so that it dies with us and never sees the terminal.

In:   Options, command(), spawn(). The ports are sockets of ours, given by descriptor number.

Start-up, measured to the end of a run that does nothing (see docs/running.md): qboot instead of SeaBIOS
saves 70 ms of QEMU's 230, and devices that nobody asked for cost more than the machine type. qboot gives
PCI devices no addresses; our consoled gives them its own.
"""

import os

from .errors import Failure, reason
from .paths import which

BINARY = "qemu-system-x86_64"

# Port number on the virtio-serial device -> name. Number 0 is reserved for a virtio console.
PORTS = {1: "stdin", 2: "stdout", 3: "stderr", 4: "control", 5: "log"}
# Beside them: "terminal" is COM1, "debug" is port 0xe9.
CHANNELS = ("terminal", "debug", *PORTS.values())

QUICK = "qboot.rom"  # part of Debian's qemu-system-data
FIRMWARE_FOLDERS = ("/usr/share/qemu", "/usr/local/share/qemu", "/usr/share/qboot")

PANIC_STATUS = 33  # QEMU's, after the kernel wrote 0x10 to isa-debug-exit


class Options:
    """What to start. Fields not given have the defaults of `./jargoon run`."""

    def __init__(self, kernel, initrd, **changes):
        self.kernel = kernel      # path
        self.initrd = initrd      # path or None, may be /proc/self/fd/N of an inherited descriptor
        self.append = None        # kernel command line
        self.memory = 256 << 20   # bytes
        self.accel = "tcg"        # tcg or kvm
        self.cpu = os.environ.get("JARGOON_CPU") or "max"
        self.firmware = QUICK     # file name for -bios, or None for QEMU's own choice
        self.icount = False
        self.gdb = None           # path of a socket for gdb; the guest then waits for it
        self.extra = ()           # more arguments, for tests
        for name, value in changes.items():
            if name not in self.__dict__:
                raise TypeError(name)
            setattr(self, name, value)


def binary():
    """QEMU's path: $JARGOON_QEMU, else the one that is installed."""
    found = os.environ.get("JARGOON_QEMU") or which(BINARY)
    if not found:
        raise Failure(f"{BINARY} is not installed: run ./jargoon setup")
    return found


def command(options, chardevs):
    """The argument vector. `chardevs` maps each of CHANNELS to a -chardev body without the id,
    such as "socket,fd=7"; a channel that is not in it is not connected ("null")."""
    words = [binary(), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
             "-machine", "q35,usb=off,vmport=off,smbus=off,sata=off,hpet=off",
             "-accel", _accel(options), "-cpu", options.cpu,
             "-m", f"{options.memory >> 10}k", "-smp", "1"]
    if options.icount:
        # A run then repeats byte for byte: time is the count of instructions.
        words += ["-icount", "shift=0,sleep=off", "-seed", "1",
                  "-rtc", "base=2026-01-01T00:00:00,clock=vm"]
    firmware = find_firmware(options.firmware)
    if firmware:
        words += ["-bios", firmware]
    words += ["-kernel", options.kernel]
    if options.initrd:
        words += ["-initrd", options.initrd]
    if options.append:
        words += ["-append", options.append]
    for channel in CHANNELS:
        words += ["-chardev", _chardev(channel, chardevs.get(channel, "null"))]
    words += ["-serial", "chardev:terminal",
              "-device", "isa-debugcon,iobase=0xe9,chardev=debug",
              "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
              "-device", "virtio-serial-pci,id=ports,disable-legacy=on,max_ports=8"]
    for number, name in PORTS.items():
        words += ["-device",
                  f"virtserialport,bus=ports.0,nr={number},chardev={name},name=jargoon.{name}"]
    words += coverage_words()
    if options.gdb:
        words += ["-S", "-gdb", f"unix:{options.gdb},server=on,wait=off"]
    return words + list(options.extra)


def coverage_words():
    """For a build that counts lines: where the kernel writes the counters as the machine ends, a file in
    $JARGOON_COVERAGE (see coverage.py). Nothing without that."""
    folder = os.environ.get("JARGOON_COVERAGE")
    if not folder:
        return []
    import time
    name = os.path.join(folder, f"{os.getpid()}-{time.monotonic_ns()}.guest")
    return ["-chardev", f"file,id=coverage,path={name}",
            "-device", "isa-debugcon,iobase=0x402,chardev=coverage"]


def find_firmware(name):
    """The path of that firmware, or None for the one that QEMU takes by itself."""
    for folder in FIRMWARE_FOLDERS if name else ():
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    return None


def _chardev(channel, body):
    kind, _, rest = body.partition(",")
    return ",".join(part for part in (kind, f"id={channel}", rest) if part)


def _accel(options):
    # One thread is what one CPU needs, and icount refuses more. A small translation cache is
    # allocated faster; ours never fills it.
    return "kvm" if options.accel == "kvm" else "tcg,thread=single"


def spawn(words, keep, stderr):
    """Starts QEMU in a session of its own, with /dev/null as its stdin and stdout, `stderr` as that.

    Descriptors in `keep` are inherited under their own numbers. Returns the process id.
    A session of its own has no terminal, so nothing typed can stop it and nothing it does can change
    the terminal's modes. setpriv makes the kernel kill QEMU when we die, however we die; in the
    millisecond before it has done so, a SIGKILL of us could leave a QEMU behind.
    """
    setpriv = which("setpriv")
    if setpriv:
        words = [setpriv, "--pdeathsig", "KILL", "--", *words]
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    for fd in keep:
        os.set_inheritable(fd, True)
    try:
        import signal
        return os.posix_spawn(
            words[0], words, os.environ, setsid=True, setsigmask=[],
            setsigdef=[signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE],
            file_actions=[(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1),
                          (os.POSIX_SPAWN_DUP2, stderr, 2)])
    except OSError as error:
        raise Failure(f"cannot start {words[0]}: {reason(error)}") from None
    finally:
        os.close(null)
        for fd in keep:
            os.set_inheritable(fd, False)
