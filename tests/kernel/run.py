#!/usr/bin/env python3
"""Boots the kernel with ktest as bin/init and prints what it says as TAP.

Use:  run.py KERNEL KTEST [FAMILY[.NAME]] [--memory 128] [--seconds 300] [--icount] [--raw]
The tests print TAP on the kernel's log, which QEMU's debugcon writes here; every line has the kernel's
stamp in front, which is taken off. Anything else that the kernel says becomes a comment. A run that does
not end by itself, a panic, or a run without a plan fails.
"""

import argparse
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from jargoon.qemu import coverage_words  # noqa: E402

PAGE = 4096
STAMP = re.compile(r"^\[ *\d+\.\d+\] init: (.*)$")
LOG_LIMIT = 4 << 20


def boot_image(sections):
    """A JGBOOT image (abi/jg/image.h)."""
    offset = head_bytes = PAGE
    head, body = [struct.pack("<8sII", b"JGBOOT1\0", len(sections), head_bytes)], []
    for name, content in sections:
        padded = -(-len(content) // PAGE) * PAGE
        head.append(struct.pack("<40sQQQ", name.encode(), offset, len(content), 0))
        body.append(content.ljust(padded, b"\0"))
        offset += padded
    return b"".join(head).ljust(head_bytes, b"\0") + b"".join(body)


def qemu(kernel, image, memory, icount=False):
    repeatable = ["-icount", "shift=0,sleep=off", "-seed", "1"] if icount else []
    return ["qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-m", str(memory), "-display", "none",
            "-nodefaults", "-no-reboot", "-debugcon", "stdio",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *repeatable,
            "-kernel", kernel, "-initrd", image, *coverage_words()]


class Tap:
    """Turns the log into TAP, and remembers whether it was whole."""

    def __init__(self, raw):
        self.raw = raw
        self.plan = False
        self.failed = False

    def line(self, text):
        match = STAMP.match(text)
        said = match.group(1) if match else "# " + text
        if said.startswith("TAP version") and not self.raw:
            return  # printed already: it must be the very first line
        if self.raw:
            said = text
        if match and re.match(r"1\.\.\d+$", match.group(1)):
            self.plan = True
        if match and match.group(1).startswith(("not ok", "Bail out!")):
            self.failed = True
        print(said, flush=True)


def run(arguments, image):
    tap = Tap(arguments.raw)
    print("TAP version 13", flush=True)
    process = subprocess.Popen(qemu(arguments.kernel, image, arguments.memory,
                                    arguments.icount),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    os.set_blocking(process.stdout.fileno(), False)
    end, pending, size, why = time.monotonic() + arguments.seconds, b"", 0, None
    while why is None:
        chunk = process.stdout.read()
        if chunk:
            pending += chunk
            size += len(chunk)
            *lines, pending = pending.split(b"\n")
            for line in lines:
                tap.line(line.decode(errors="replace").rstrip("\r"))
        elif chunk == b"" and process.poll() is not None:
            why = ""
        else:
            time.sleep(0.02)
        if size > LOG_LIMIT:
            why = "the log has no end"
        if time.monotonic() > end:
            why = f"no end after {arguments.seconds} s"
    if why:
        os.killpg(process.pid, signal.SIGKILL)
    status = process.wait()
    if not why and status:
        why = "kernel panic" if status == 33 else f"QEMU ended with {status}"
    if not why and not tap.plan:
        why = "the tests did not come to their end"
    if why:
        print(f"Bail out! {why}", flush=True)
    return 1 if why or tap.failed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kernel")
    parser.add_argument("ktest")
    parser.add_argument("only", nargs="?", default="")
    parser.add_argument("--memory", type=int, default=128)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--icount", action="store_true", help="1 ns of the guest is 1 instruction")
    parser.add_argument("--raw", action="store_true")
    arguments = parser.parse_args()
    with open(arguments.ktest, "rb") as file:
        sections = [("bin/init", file.read())]
    if arguments.only:
        sections.append(("only", arguments.only.encode()))
    with tempfile.NamedTemporaryFile(prefix="ktest-") as image:
        image.write(boot_image(sections))
        image.flush()
        sys.exit(run(arguments, image.name))


if __name__ == "__main__":
    main()
