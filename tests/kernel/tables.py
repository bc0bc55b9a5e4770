#!/usr/bin/env python3
"""Reads the page tables that the kernel made out of a guest's memory, and prints TAP.

Use:  tables.py KERNEL
What counts is what the processor would allow: the rights of all four levels together. The kernel is booted without an image,
so that it panics with its own tables loaded; without the device that ends the machine it then stays as it is.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from run import PAGE, qemu  # noqa: E402

MEMORY = 64 << 20
SECONDS = 30
PRESENT, WRITE, USER, LARGE, NX = 1, 2, 4, 0x80, 1 << 63
FRAME = 0x000ffffffffff000
IMAGE = 0xffffffff80000000


def panicked(kernel):
    """The memory of a guest whose kernel has panicked, and the root of its page tables."""
    command = qemu(kernel, "", MEMORY >> 20)[:-2]
    at = command.index("isa-debug-exit,iobase=0xf4,iosize=4")
    del command[at - 1:at + 1]
    with tempfile.TemporaryDirectory(prefix="ktables-") as folder:
        log, memory = os.path.join(folder, "log"), os.path.join(folder, "memory")
        command[command.index("-debugcon") + 1] = "file:" + log
        process = subprocess.Popen([*command, "-monitor", "stdio"], text=True, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        end = time.monotonic() + SECONDS
        while "kernel panic" not in text_of(log) and time.monotonic() < end:
            time.sleep(0.05)
        said = process.communicate(f'stop\ninfo registers\npmemsave 0 {MEMORY} "{memory}"\nquit\n', timeout=SECONDS)[0]
        root = re.search(r"CR3=([0-9a-f]+)", said)
        with open(memory, "rb") as file:
            return file.read(), int(root[1], 16)


def text_of(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def leaves(memory, table, level=3, va=0, rights=WRITE | USER, nx=0):
    """(address, size, frame, rights) of each mapping in the kernel's half; rights with NX as all levels say."""
    for slot, entry in enumerate(struct.unpack_from("<512Q", memory, table)):
        at = va | slot << (12 + 9 * level)
        if not entry & PRESENT or level == 3 and slot < 256:
            continue
        r, n = rights & entry, nx | entry & NX
        if level == 0 or entry & LARGE:
            span = PAGE << (9 * level)
            yield at | 0xffff << 48, span, entry & FRAME & -span, r | n
        else:
            yield from leaves(memory, entry & FRAME, level - 1, at, r, n)


def symbols(kernel):
    lines = subprocess.run(["nm", kernel], capture_output=True, text=True, check=True).stdout.splitlines()
    return {words[2]: int(words[0], 16) for words in map(str.split, lines) if len(words) == 3}


def problems(maps, symbol):
    """Yields for each case its name and what is wrong."""
    text = (symbol["kernel_start"], symbol["text_end"])
    run = [m for m in maps if not m[3] & NX]
    yield "what can be executed is the kernel's text, all of it", \
        [hex(m[0]) for m in run if not text[0] <= m[0] < text[1]] or \
        sum(m[1] for m in run) != text[1] - text[0]
    frozen = {m[2] for m in run}
    yield "no address allows writing what another one executes", \
        [hex(m[0]) for m in maps if m[3] & WRITE and any(m[2] <= frame < m[2] + m[1] for frame in frozen)]
    constant = {va - IMAGE for va in range(text[1], symbol["rodata_end"], PAGE)}
    yield "no address allows writing what is read-only", \
        [hex(m[0]) for m in maps if m[3] & WRITE and any(m[2] <= frame < m[2] + m[1] for frame in constant)]
    yield "nothing of it is the user's", [hex(m[0]) for m in maps if m[3] & USER]
    guard = symbol["kernel_stack_guard"] - IMAGE
    yield "the page below the stack is nowhere", \
        [hex(m[0]) for m in maps if m[2] <= guard < m[2] + m[1]]


def main():
    kernel = sys.argv[1]
    memory, root = panicked(kernel)
    failed = False
    print("TAP version 13")
    for number, (name, wrong) in enumerate(problems(list(leaves(memory, root)), symbols(kernel)), 1):
        failed |= bool(wrong)
        if wrong:
            print(f"# {wrong}"[:400])
        print(f"{'not ' if wrong else ''}ok {number} - tables: {name}")
    print(f"1..{number}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
