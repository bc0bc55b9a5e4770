"""Raw profiles of what ran in guests: clang's file format, from an ELF and the counters of a run.

In:   guest_counters(path) reads what microkernel/coverage/dump.c wrote; write(elf, counters, path) makes
      a file for llvm-profdata. Formats: that file's head; LLVM 14's InstrProfData.inc, "raw header".
"""

import struct

from .errors import Failure

COUNTERS, DATA, NAMES = "__llvm_prf_cnts", "__llvm_prf_data", "__llvm_prf_names"
RAW_MAGIC = 0xFF6C70726F667281  # "\\xfflprofr\\x81", for 64-bit pointers
RAW_VERSION = 8
RECORD = 48  # bytes of a function's record in DATA; its number of counters is at 40


def guest_counters(path):
    """Yields (name, [counter]) for each program that is in the file. A file that ends early (the guest
    was killed meanwhile) gives what is whole."""
    with open(path, "rb") as file:
        data = file.read()
    at = max(data.find(b"JGCV"), 0)  # SeaBIOS, where it is used, has written its log to the same port
    try:
        while data[at:at + 4] == b"JGCV":
            length = data[at + 4]
            name = data[at + 5:at + 5 + length].decode("ascii", "replace")
            at += 5 + length
            count, = struct.unpack_from("<I", data, at)
            counters, at = _counters(data, at + 4, count)
            yield name, counters
    except (IndexError, struct.error):
        return


def _counters(data, at, count):
    counters = []
    while len(counters) < count:
        number, at = _number(data, at)
        if number:
            counters.append(number)
        else:
            zeros, at = _number(data, at)
            counters.extend([0] * min(zeros, count - len(counters)))
    return counters, at


def _number(data, at):
    value = shift = 0
    while data[at] & 0x80:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
    return value | data[at] << shift, at + 1


def sections(elf):
    """name -> (address, bytes) of the three sections of an ELF64."""
    with open(elf, "rb") as file:
        data = file.read()
    table, = struct.unpack_from("<Q", data, 40)
    size, count, strings = struct.unpack_from("<HHH", data, 58)
    heads = [struct.unpack_from("<IIQQQQIIQQ", data, table + i * size) for i in range(count)]
    names = heads[strings][4]
    found = {}
    for head in heads:
        start = names + head[0]
        name = data[start:data.index(b"\0", start)].decode("ascii", "replace")
        if name in (COUNTERS, DATA, NAMES):
            found[name] = (head[3], data[head[4]:head[4] + head[5]])
    if len(found) != 3:
        raise Failure(f"{elf} has no counters: it is not from a coverage build")
    return found


def add(sums, counters):
    """Adds a run's counters to those of earlier ones."""
    if len(sums) < len(counters):
        sums.extend([0] * (len(counters) - len(sums)))
    for i, number in enumerate(counters):
        sums[i] += number


def write(elf, counters, path):
    """Writes the raw profile. `counters` may go on behind the program's own."""
    parts = sections(elf)
    at, room = parts[COUNTERS]
    data_at, data = parts[DATA]
    names = parts[NAMES][1]
    count = len(room) // 8
    counters = (counters + [0] * count)[:count]
    padding = -len(names) % 8
    head = struct.pack("<11Q", RAW_MAGIC, RAW_VERSION, 0, len(data) // RECORD, 0, count, 0,
                       len(names), at - data_at & (1 << 64) - 1, parts[NAMES][0], 1)
    with open(path, "wb") as file:
        file.write(head + data + struct.pack(f"<{count}Q", *(n & (1 << 63) - 1 for n in counters))
                   + names + bytes(padding))
