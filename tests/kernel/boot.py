#!/usr/bin/env python3
"""Boots the kernel with boot images that are damaged in one way each, and prints TAP.

Use:  boot.py KERNEL KTEST
Each must end in a panic (status 33) with the sentence that names what is wrong, within seconds; never in a
fault of the kernel's own.
"""

import os
import signal
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from run import PAGE, boot_image, qemu  # noqa: E402

SECONDS = 30


def patched(image, offset, layout, *values):
    image = bytearray(image)
    struct.pack_into(layout, image, offset, *values)
    return bytes(image)


def cases(elf):
    whole = boot_image([("bin/init", elf)])
    segments = struct.unpack_from("<Q", elf, 32)[0]
    entry = 16  # of the first section in the image's head: name 40, offset, size

    def with_elf(content):
        return boot_image([("bin/init", content)])

    yield "no image", None, "no boot image"
    yield "an empty image", b"", "boot image"
    yield "another magic", patched(whole, 0, "<8s", b"NOTBOOT\0"), "not one of ours"
    yield "a count that cannot be", patched(whole, 8, "<I", 0xffffffff), "is corrupt"
    yield "no bin/init", boot_image([("bin/other", elf)]), "no bin/init"
    yield "a section behind the end", patched(whole, entry + 40, "<Q", 1 << 40), "outside it"
    yield "a section that wraps around", patched(whole, entry + 40, "<QQ", PAGE, (1 << 64) - PAGE), \
        "outside it"
    yield "a truncated image", whole[:len(whole) // 2], "outside it"
    yield "an empty program", with_elf(b""), "static ELF64 executable"
    yield "a program that is text", with_elf(b"#!/bin/sh\n" * 100), "static ELF64 executable"
    yield "a program header table behind the end", with_elf(patched(elf, 32, "<Q", 1 << 50)), \
        "static ELF64 executable"
    yield "a program for another word size", with_elf(patched(elf, 4, "<B", 1)), \
        "static ELF64 executable"
    yield "a segment behind the file", with_elf(patched(elf, segments + 8, "<Q", 1 << 40)), "corrupt"
    yield "a segment in the kernel", with_elf(patched(elf, segments + 16, "<Q", 0xffffffff80000000)), \
        "corrupt"
    yield "a segment larger than memory", with_elf(patched(elf, segments + 40, "<Q", 1 << 60)), "corrupt"
    yield "a segment both writable and executable", with_elf(patched(elf, segments + 4, "<I", 7)), \
        "writable and executable"
    yield "an entry point in the kernel", with_elf(patched(elf, 24, "<Q", 0xffffffff80000000)), "corrupt"
    yield "an entry point in nothing", with_elf(patched(elf, 24, "<Q", 0x1000)), "init ended"


def boot(kernel, image):
    """The log and QEMU's status."""
    with tempfile.NamedTemporaryFile(prefix="kboot-") as file:
        command = qemu(kernel, file.name, 64)
        if image is None:
            del command[-2:]
        else:
            file.write(image)
            file.flush()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output = process.communicate(timeout=SECONDS)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.communicate()[0].decode(errors="replace"), None
        return output.decode(errors="replace"), process.returncode


def main():
    kernel, ktest = sys.argv[1:3]
    with open(ktest, "rb") as file:
        elf = file.read()
    failed = False
    number = 0
    print("TAP version 13")
    for number, (name, image, sentence) in enumerate(cases(elf), 1):
        log, status = boot(kernel, image)
        panics = [line for line in log.splitlines() if line.startswith("kernel panic: ")]
        good = status == 33 and len(panics) == 1 and sentence in panics[0]
        if not good:
            failed = True
            print(f"# status {status}, wanted a panic with: {sentence}")
            for line in log.splitlines()[-12:]:
                print(f"# {line}")
        print(f"{'' if good else 'not '}ok {number} - boot: {name}", flush=True)
    print(f"1..{number}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
