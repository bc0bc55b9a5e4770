"""The verb `bench`: the same program in our guest and in Linux, in turn, and their ratio.

In:   run(options). `ipc` is another table, in benchipc.
"""

import fnmatch
import os
import sys

from . import benchrows, progress
from .errors import Failure

SUMMARY = "measure against Linux in the same emulator"
USAGE = "%(prog)s [ipc] [OPTION...]"
DESCRIPTION = """Runs one static program in our guest and in Debian's cloud kernel, under the same QEMU
with the same -cpu, in turn, and prints for each row both medians, their ratio, and the
instructions of both (exact: a run of its own under -icount). `bench ipc` prints what a call
between processes costs, beside what the emulator itself needs for it.
See docs/performance.md for how to read it."""
EPILOG = "A row that fails counts as 20. The exit status is 0 when all rows have a figure, else 1."
ROUNDS = {"full": 5, "quick": 2}
# Microseconds that one row is measured for, in time and in instructions (1 GHz there).
BUDGET = {"full": 100000, "quick": 30000}
BUDGET_COUNTED = {"full": 20000, "quick": 5000}


def add_arguments(parser):
    parser.add_argument("what", nargs="?", choices=("rows", "ipc"), default="rows",
                        help="`ipc`: the call path instead of the table")
    parser.add_argument("--rows", metavar="NAME,...", help="only these; globs")
    parser.add_argument("--rounds", metavar="N", type=int, help="rounds of each system (default: 5)")
    parser.add_argument("--quick", action="store_true", help="a few rows, two short rounds")
    parser.add_argument("--csv", action="store_true", help="every measurement, one a line")
    parser.add_argument("--rootfs", metavar="PATH", default="alpine",
                        help="as of run (default: alpine)")
    parser.add_argument("--on", choices=("both", *benchrows.SYSTEMS), default="both",
                        help="one system only: no ratios then")
    parser.add_argument("--no-count", action="store_true", help="leave the instructions out")
    parser.add_argument("--count-only", action="store_true", help="instructions only")


def chosen(options):
    if not options.rows:
        return benchrows.QUICK_ROWS if options.quick else benchrows.ROWS
    patterns = options.rows.split(",")
    found = [row for row in benchrows.ROWS
             if any(fnmatch.fnmatchcase(row, pattern) for pattern in patterns)]
    if not found:
        raise Failure(f"--rows {options.rows}: no such row; they are {', '.join(benchrows.ROWS)}")
    return found


def run(options):
    if options.rounds is not None and not 1 <= options.rounds <= 1000:
        raise Failure(f"--rounds {options.rounds}: use 1 to 1000")
    rows = chosen(options)
    from . import build
    build.ensure("all")
    if options.what == "ipc":
        from . import benchipc
        return benchipc.run(options)
    from . import benchguest
    size = "quick" if options.quick else "full"
    systems = benchrows.SYSTEMS if options.on == "both" else (options.on,)
    for system in systems:
        benchguest.available(system)
    work = Work(benchguest.Bench(options.rootfs, 512 << 20), rows, systems)
    rounds = 0 if options.count_only else options.rounds or ROUNDS[size]
    before = os.getloadavg()[0]
    with progress.Task("bench", slow=True) as task:
        work.task = task
        for number in range(1, rounds + 1):
            for system in systems:
                work.round(system, f"round {number} of {rounds}", BUDGET[size], False)
        if not options.no_count:
            for system in systems:
                work.round(system, "instructions", BUDGET_COUNTED[size], True)
    text = benchrows.csv_lines if options.csv else benchrows.lines
    print("\n".join(text(rows, work.results)))
    if not options.csv:
        print(conditions(rounds, size, before))
    sys.stdout.flush()
    return int(any(work.results[system][row].failure for system in systems for row in rows))


def conditions(rounds, size, before):
    """Under which the figures were taken: who reads them must know."""
    commit = revision()
    return (f"Commit {commit}; {rounds} rounds ({size}), in turn; host load {before:.1f} before and "
            f"{os.getloadavg()[0]:.1f} after, {os.cpu_count()} processors.")


def revision():
    import subprocess
    from . import paths
    try:
        found = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=paths.TOP, check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return found.stdout.decode().strip() or "unknown"
    except OSError:
        return "unknown"


class Work:
    """The rounds, and what they have found."""

    def __init__(self, bench, rows, systems):
        self.bench, self.rows = bench, rows
        self.results = {system: {row: benchrows.Result() for row in rows}
                        for system in benchrows.SYSTEMS}
        self.task = None

    def round(self, system, title, budget, icount):
        from . import benchguest
        results = self.results[system]
        program = [row for row in self.rows if row in benchrows.PROGRAM and not results[row].failure]
        where = f"{title}, {system}"
        if program:
            found = self.bench.program(system, program, budget, icount,
                                       lambda row: self.task.update(f"{where}, {row}"))
            for row, value in found.items():
                if row in results:
                    self._take(results[row], value, icount)
        outside = [row for row in (benchrows.BOOT, benchrows.MEMORY) if row in self.rows]
        if not outside:
            return
        self.task.update(f"{where}, boot")
        try:
            nanoseconds, ticks, used = self.bench.prompt(system, icount)
            values = {benchrows.BOOT: (nanoseconds, ticks), benchrows.MEMORY: (used, None)}
        except benchguest.Failed as why:
            values = dict.fromkeys(outside, str(why))
        for row in outside:
            self._take(results[row], values[row], icount)

    @staticmethod
    def _take(result, value, icount):
        if isinstance(value, str):
            result.failure = value
        elif icount:
            result.instructions = value[1]
        elif value[0] is not None:
            result.times.append(value[0])
