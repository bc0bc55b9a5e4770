"""Debian packages through the host's own apt: what is missing, how to become root, waiting for locks.

In:   missing(), install(), install_line(). Nothing here asks a question unless sudo must and may.
"""

import os
import re
import subprocess
import sys
import time

from . import progress
from .errors import Failure
from .paths import which

# package, a command or file that proves it, what it is for
PACKAGES = [
    ("qemu-system-x86", "qemu-system-x86_64", "the machine that the system runs on"),
    ("gcc", "gcc", "compiles kernel, servers and roots"),
    ("libc6-dev", "/usr/include/stdio.h", "compiles the generator and the host tests"),
    ("binutils", "ld", "links them"),
    ("make", "make", "builds musl and BusyBox"),
    ("meson", "meson", "the build system"),
    ("ninja-build", "ninja", "the build system's worker"),
    ("musl-tools", "musl-gcc", "compiles the small Linux programs of ours"),
    ("linux-libc-dev", "/usr/include/linux/types.h", "kernel headers for BusyBox"),
    ("bzip2", "bzip2", "unpacks BusyBox's sources"),
    ("xz-utils", "xz", "unpacks Debian packages"),
]
FRESH_PACKAGES = [("debootstrap", "debootstrap", "the minimal system of `./jargoon test fresh`")]
LOCK_SECONDS = 600


def present(proof):
    if proof.startswith("/"):
        return os.path.exists(proof)
    # Administrators' folders too: not everybody has them in PATH.
    return which(proof, "/usr/local/sbin:/usr/sbin:/sbin") is not None


def missing(packages=None):
    """Those (package, proof, why) whose proof is not there."""
    return [entry for entry in packages or PACKAGES if not present(entry[1])]


def install_line(packages):
    names = " ".join(entry[0] for entry in packages)
    return f"apt-get install -y --no-install-recommends {names}"


def system_name():
    """("debian", "12", "Debian GNU/Linux 12 (bookworm)") from os-release, empty where unknown."""
    fields = {}
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            with open(path, encoding="utf-8") as file:
                fields = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
            break
        except OSError:
            continue
    return tuple(fields.get(key, "").strip('"') for key in ("ID", "VERSION_ID", "PRETTY_NAME"))


def note_support():
    """Says so where we have not been tested."""
    name, version, shown = system_name()
    machine = os.uname().machine
    if (name, version, machine) != ("debian", "12", "x86_64"):
        progress.say(f"{shown or 'this system'} on {machine} is not tested (Debian 12 on x86_64 is); "
                     "doing what I can")


def install(packages, may_install=True):
    """Installs what is listed, or fails with the line that would. Two at once wait for each other."""
    line = install_line(packages)
    for name, _, why in packages:
        progress.say(f"needs the package {name}: {why}")
    if not may_install:
        raise Failure(f"packages are missing; install them with: {line}")
    if not which("apt-get"):
        raise Failure("there is no apt-get here; install by other means: "
                      + " ".join(entry[0] for entry in packages))
    root = _become_root(line)
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    with progress.Task("updating apt's lists", slow=True) as task:
        _apt([*root, *environment, "apt-get", "-q", "update"], task, "apt-get update")
    with progress.Task(f"installing {len(packages)} packages through apt", slow=True) as task:
        _apt([*root, *environment, "apt-get", "-q", "-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}",
              "-o", "Dpkg::Use-Pty=0", "-o", "Dpkg::Options::=--force-confold",
              *line.split()[1:]], task, "apt-get install")
    left = missing(packages)
    if left:
        raise Failure("apt installed the packages, but this is still missing: "
                      + ", ".join(entry[1] for entry in left))


def _become_root(line):
    """The words to put before a command that needs root."""
    if os.geteuid() == 0:
        return []
    if not which("sudo"):
        raise Failure(f"packages are missing and there is no sudo; as root, run: {line}")
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if subprocess.run(["sudo", "-n", "true"], **quiet).returncode == 0:
        return ["sudo", "-n"]
    if may_ask():
        progress.say("sudo will ask for your password, to install packages")
        if subprocess.run(["sudo", "-v"]).returncode == 0:
            return ["sudo"]
    raise Failure(f"packages are missing and sudo wants a password; run: sudo {line}")


def may_ask():
    """Whether a question may be put to the user."""
    try:
        return os.isatty(0) and os.isatty(2) and os.environ.get("CI") != "true"
    except OSError:
        return False


def _apt(words, task, what):
    """Runs apt, shows its last line as progress; waits while another holds the lists' lock, for which
    apt itself has no time limit."""
    limit = time.monotonic() + LOCK_SECONDS
    while True:
        status, lines = run_shown(words, task)
        if status == 0:
            return
        held = any(re.search(r"Could not get lock|Unable to lock", line) for line in lines)
        if not held or time.monotonic() > limit:
            tail = "\n".join("  " + line for line in lines[-15:])
            progress.write(f"{tail}\n")
            raise Failure(f"{what} failed; its last words are above")
        task.update("waiting for another apt to finish")
        time.sleep(2)


def run_shown(words, task, cwd=None, env=None, log=None):
    """Runs a program without input; its output lines go to task.update() and, all, to `log` (a file).

    Returns (exit status, its last 200 lines)."""
    sys.stdout.flush()
    lines = []
    try:
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, cwd=cwd, env=env) as process:
            try:
                for raw in process.stdout:
                    if log:
                        log.write(raw)
                    line = raw.decode("utf-8", "replace").rstrip()
                    if line:
                        lines = lines[-199:] + [line]
                        task.update(line)
            except BaseException:
                process.terminate()
                raise
    except OSError as error:
        raise Failure(f"cannot run {words[0]}: {error.strerror}") from None
    return process.returncode, lines
