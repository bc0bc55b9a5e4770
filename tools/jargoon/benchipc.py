"""`bench ipc`: what a call between processes costs, beside what the emulator needs for its two switches.

Three guests in turn, so that a change of the host's speed meets all of them: the bare kernel of
tests/bench/floor, the kernel's tests (family `ipc`), and the Linux program's umask row; once more each
under -icount. Every figure is the least of many short runs: what else the host does only ever adds to it.
"""

import re

from . import benchguest, benchrows, collect, parts, paths, progress, qemu
from .errors import Failure

FLOOR = "two_tables_8_pages"
ROUNDS = {"full": 5, "quick": 2}
LINE = re.compile(rb"(?:floor|# ipc) (\w+) (\d+) (\d+)")
ROW = "forwarded_null"
SHORT, TRIES = 1500, 600  # microseconds of one measurement: shorter than the host's time slice, so that some fit


def run(options):
    size = "quick" if options.quick else "full"
    rounds = options.rounds or ROUNDS[size]
    bench = benchguest.Bench(options.rootfs, 512 << 20)
    linux = options.on != "jargoon"
    if linux:
        benchguest.available("linux")
    times, counts = {}, {}
    from .bench import conditions
    import os
    before = os.getloadavg()[0]
    with progress.Task("bench ipc", slow=True) as task:
        for number in range(1, rounds + 1):
            task.update(f"round {number} of {rounds}")
            gather(times, bench, linux, False)
        task.update("instructions")
        gather(counts, bench, linux, True)
    least = {name: min(values) for name, values in times.items()}
    exact = {name: values[0] for name, values in counts.items()}
    print("\n".join(csv(times, exact) if options.csv else table(least, exact)))
    if not options.csv:
        print(conditions(rounds, size, before))
    return 0


def gather(found, bench, linux, icount):
    """One round: appends nanoseconds for one operation (instructions, under icount) to each list."""
    for name, value in [*bare(icount), *native(icount), *programs(bench, linux, icount)]:
        found.setdefault(name, []).append(value)


def bare(icount):
    return read("the floor", paths.built("tests/bench/floor/floor"), None, icount)


def native(icount):
    import os
    from . import bootimage
    with open(paths.built("tests/kernel/ktest"), "rb") as file:
        program = file.read()
    image, _ = bootimage.in_memory({"bin/init": program, "only": b"ipc"})
    try:
        return read("the kernel's ipc tests", paths.built(parts.KERNEL), image, icount)
    finally:
        os.close(image)


def read(what, kernel, image, icount):
    options = qemu.Options(kernel, image and f"/proc/self/fd/{image}", memory=128 << 20,
                           cpu=benchguest.CPU, icount=icount)
    outcome = collect.collect(options, timeout=60, keep=[image] if image else ())
    found = [(name.decode(), int(ns) / int(count)) for name, count, ns in LINE.findall(outcome.log)]
    if not found:
        raise Failure(f"{what} said nothing that can be used")
    return found


def programs(bench, linux, icount):
    wanted = [("jargoon", ROW, "umask")]
    if linux:
        wanted.append(("linux", "null_syscall", "linux_null_syscall"))
    for system, row, name in wanted:
        value = bench.program(system, [row], SHORT, icount, lambda row: None,
                              1 if icount else TRIES)[row]
        if isinstance(value, str):
            raise Failure(f"{row} failed on {system}: {value}")
        yield name, value[int(icount)]


TITLES = {
    "two_tables_1_page": "floor: two cr3 loads, 1 page touched a leg",
    FLOOR: "floor: two cr3 loads, 8 pages touched a leg",
    "two_tables_32_pages": "floor: two cr3 loads, 32 pages touched a leg",
    "no_switch_8_pages": "the same pages without cr3",
    "call_8_words": "call of 8 words and its reply, two processes",
    "umask": "umask, toggling, from a static program",
    "linux_null_syscall": "Linux: getppid",
}


def table(times, counts):
    rows = [("", "time", "by the floor", "instructions")]
    for name, title in TITLES.items():
        if name in times:
            rows.append((title, benchrows.time_text(times[name]),
                         benchrows.ratio_text(times[name] / times[FLOOR]),
                         benchrows.count_text(counts[name])))
    widths = [max(len(cells[i]) for cells in rows) for i in range(4)]
    rows.insert(1, ["-" * (width - (i > 0)) + (":" if i else "") for i, width in enumerate(widths)])
    for cells in rows:
        yield "| " + " | ".join(cell.rjust(widths[i]) if i else cell.ljust(widths[i])
                                for i, cell in enumerate(cells)) + " |"
    yield ""
    if "linux_null_syscall" in times:
        yield f"umask by Linux's getppid: {times['umask'] / times['linux_null_syscall']:.1f}."


def csv(times, counts):
    yield "what,kind,round,value"
    for name, values in times.items():
        for number, value in enumerate(values, 1):
            yield f"{name},ns,{number},{value:.1f}"
        yield f"{name},instructions,,{counts[name]:.1f}"
