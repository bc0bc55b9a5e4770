"""Which accelerator QEMU should use.

`auto` believes in KVM only after a guest of two instructions has ended under it: a device file that
opens says little on nested or locked-down hosts, where the first run may hang. The answer is kept
for as long as the host runs.
"""

import os
import struct

from . import paths
from .errors import Failure

PROBE_SECONDS = 3


def choose(wanted):
    """"tcg" or "kvm"."""
    if wanted == "tcg" or (wanted == "auto" and not os.access("/dev/kvm", os.R_OK | os.W_OK)):
        return "tcg"
    if kvm_works():
        return "kvm"
    if wanted == "kvm":
        raise Failure("kvm does not work here: use --accel tcg")
    return "tcg"


def kvm_works():
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    note = os.path.join(paths.cache_dir("accel"), "kvm")
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
    except OSError:
        boot = ""
    try:
        with open(note, encoding="ascii") as file:
            known_boot, _, answer = file.read().strip().partition(" ")
            if boot and known_boot == boot:
                return answer == "yes"
    except OSError:
        pass
    works = probe("kvm")
    with paths.Replacing(note) as file:
        file.write(f"{boot} {'yes' if works else 'no'}\n".encode())
    return works


def probe(accel):
    """Runs the tiny guest; True if it ended as it should within the time limit."""
    from . import collect
    fd = os.memfd_create("probe", os.MFD_CLOEXEC)
    os.write(fd, tiny_kernel())
    options = collect.options_for(f"/proc/self/fd/{fd}", None, accel=accel)
    outcome = collect.collect(options, timeout=PROBE_SECONDS, keep=[fd])
    return outcome.qemu_status == 2 * 0x10 + 1


def tiny_kernel():
    """An ELF with a PVH note whose code writes 0x10 to isa-debug-exit, built by hand."""
    base, entry = 0x100000, 0x100000
    code = b"\xb0\x10\xe6\xf4\xf4\xeb\xfd"  # mov al,0x10; out 0xf4,al; hlt; jmp to hlt
    note = struct.pack("<III4sI", 4, 4, 18, b"Xen\0", entry)
    header = 64 + 2 * 56
    note_at, code_at = header, 0x1000
    elf = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, entry, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, code_at, base, base, len(code), len(code), 0x1000)
    notes = struct.pack("<IIQQQQQQ", 4, 4, note_at, 0, 0, len(note), len(note), 4)
    return (elf + load + notes + note).ljust(code_at, b"\0") + code
