"""The rows of the benchmark: their order, which of them the mean counts, and the table.

A Result holds what both systems gave for one row: a list of nanoseconds for one operation, one for each
round, and instructions for one operation. A row that failed on our side counts as WORST.
"""

import statistics

WORST = 20  # the ratio of a row that fails or is missing

# The program's rows, as tests/bench/*.c order them; the last two are measured from outside.
PROGRAM = """null_syscall syscall_invalid forwarded_null clock_gettime sched_yield signal_install signal_self
    open_close stat write1_devnull read1_devzero pread_4k pread_64k pread_1m pwrite_4k write_4k_append
    getdents_100 pipe_rtt pipe_bw_64k unix_rtt futex_pingpong thread_create_join poll_10
    mmap_touch_munmap_4k mmap_touch_munmap_4m page_fault_anon page_fault_cow fork_exit_wait
    vfork_exec_tiny fork_exec_busybox sh_200_true""".split()
BOOT, MEMORY = "boot", "memory"
ROWS = [*PROGRAM, BOOT, MEMORY]
NOT_IN_MEAN = {BOOT, MEMORY, "forwarded_null"}
QUICK_ROWS = """null_syscall forwarded_null open_close stat pread_64k pipe_rtt page_fault_anon
    fork_exit_wait vfork_exec_tiny""".split()

SYSTEMS = ("jargoon", "linux")


class Result:
    """What is known of one row on one system."""

    def __init__(self):
        self.times = []           # nanoseconds for one operation (bytes, for MEMORY), one a round
        self.instructions = None  # for one operation
        self.failure = None       # why it has none

    def median(self):
        return statistics.median(self.times) if self.times and not self.failure else None


def ratio(ours, theirs):
    """Ours by theirs; WORST where ours failed, None where there is nothing to compare with."""
    if theirs is None:
        return None
    return WORST if ours is None else ours / theirs


def mean(rows, results, value):
    """(geometric mean of the ratios of `value`(Result), number of rows in it); (None, 0) without rows."""
    ratios = [ratio(value(results["jargoon"][row]), value(results["linux"][row]))
              for row in rows if row not in NOT_IN_MEAN]
    ratios = [found for found in ratios if found]
    return (statistics.geometric_mean(ratios), len(ratios)) if ratios else (None, 0)


def time_text(nanoseconds):
    if nanoseconds is None:
        return "-"
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}" if nanoseconds < 1000 * size else \
                   f"{nanoseconds / size:.0f} {unit}"
    return f"{nanoseconds:.0f} ns"


def value_text(row, value):
    if row == MEMORY:
        return "-" if value is None else f"{value / 1e6:.1f} MB"
    return time_text(value)


def count_text(count):
    return "-" if count is None else f"{count:,.0f}"


def ratio_text(found):
    return "-" if found is None else f"{found:.2f}"


def lines(rows, results):
    """The table as lines of Markdown, with the means below it."""
    head = ("row", "jargoon", "linux", "ratio", "jargoon instr.", "linux instr.", "ratio")
    table = [head]
    for row in rows:
        ours, theirs = (results[system][row] for system in SYSTEMS)
        table.append((row, "failed" if ours.failure else value_text(row, ours.median()),
                      "failed" if theirs.failure else value_text(row, theirs.median()),
                      ratio_text(ratio(ours.median(), theirs.median())),
                      count_text(ours.instructions), count_text(theirs.instructions),
                      ratio_text(ratio(ours.instructions, theirs.instructions))))
    widths = [max(len(cells[i]) for cells in table) for i in range(len(head))]
    table.insert(1, ["-" * (width - (i > 0)) + (":" if i else "") for i, width in enumerate(widths)])
    found = ["| " + " | ".join(cell.ljust(widths[i]) if i == 0 else cell.rjust(widths[i])
                               for i, cell in enumerate(cells)) + " |" for cells in table]
    found.append("")
    for title, value in (("time", Result.median), ("instructions", lambda r: r.instructions)):
        number, count = mean(rows, results, value)
        if number is not None:
            found.append(f"Geometric mean of the ratios, {title}: {number:.2f} over {count} rows.")
    for system in SYSTEMS:
        found += [f"{row} failed on {system}: {results[system][row].failure}" for row in rows
                  if results[system][row].failure]
    return found


def csv_lines(rows, results):
    """One line for each row, system and round; instructions in lines of their own."""
    yield "row,system,kind,round,value"
    for row in rows:
        for system in SYSTEMS:
            result = results[system][row]
            if result.failure:
                yield f"{row},{system},failed,,"
                continue
            kind = "bytes" if row == MEMORY else "ns"
            for number, value in enumerate(result.times, 1):
                yield f"{row},{system},{kind},{number},{value:.1f}"
            if result.instructions is not None:
                yield f"{row},{system},instructions,,{result.instructions:.1f}"
