"""docs/syscalls.md from linuxserver/sys/table.def and the list of Linux 6.1's numbers."""

from pathlib import Path

from callers import callers
from definitions import Malformed, macros, wrap

TESTS_SHOWN = 3
NUMBERS = Path(__file__).with_name("linux-6.1-x86_64.txt")

HEAD = """# Linux system calls

Made from `linuxserver/sys/table.def`, which also makes the dispatcher: change that file, never this page. The yardstick is
Linux 6.1 on x86-64, which has {total} numbers in use. Here {there} exist: {full} full, {partial} partial.

- **full**: as Linux 6.1, as far as we know; a difference is a bug. A note tells what a program may notice all the same.
- **partial**: the note says what is missing; that part gives the errno that Linux gives for what it does not know.
- All others return ENOSYS. linuxserver counts them, and logs the first time that each number is asked for
  (`./jargoon run --verbose` shows it). `int 0x80` returns ENOSYS for every number: i386 programs do not run.

The last column links the Linux tests that make the call, at most {shown}, those that make it most often first.
{untested}

| number | name | support | known gaps | tests |
|---|---|---|---|---|
"""

MISSING = """
## What is missing

These {count} return ENOSYS:

{names}

So do these {never}, as they do on Linux 6.1 itself:

{never_names}.
"""


def linux_numbers(text):
    """{number: (name, whether Linux implements it)}"""
    numbers = {}
    for line in text.splitlines():
        words = line.split()
        if words and words[0] != "#":
            numbers[int(words[0])] = (words[1], len(words) == 2)
    return numbers


def links(sources):
    shown = ", ".join(f"[{source.removesuffix('.c')}](../tests/linux/{source})" for source in sources[:TESTS_SHOWN])
    return shown + (f" and {len(sources) - TESTS_SHOWN} more" if len(sources) > TESTS_SHOWN else "")


def page(root):
    linux = linux_numbers(NUMBERS.read_text(encoding="utf-8"))
    rows, count, seen = [], {"FULL": 0, "PARTIAL": 0}, set()
    for number, name, _, support, note in macros(root / "linuxserver/sys/table.def", "CALL"):
        number = int(number)
        if linux.get(number, ("nothing",))[0] != name:
            raise Malformed(f"table.def: {number} is `{linux.get(number, ('nothing',))[0]}` on Linux, not `{name}`")
        if support not in count or number in seen:
            raise Malformed(f"table.def: {name}: support `{support}` is unknown, or {number} is there twice")
        if support == "PARTIAL" and not note:
            raise Malformed(f"table.def: {name} is PARTIAL, and no note says what is missing")
        seen.add(number)
        count[support] += 1
        rows.append((number, name, support.lower(), note))
    missing = {n: entry for n, entry in linux.items() if n not in seen}
    ours = [f"{name}~{n}" for n, (name, there) in sorted(missing.items()) if there]
    never = [name for _, (name, there) in sorted(missing.items()) if not there]
    tests = callers(root, [name for _, name, _, _ in rows])
    none = [name for _, name, _, _ in rows if not tests[name]]
    untested = f"No test makes these {len(none)}: {', '.join(none)}." if none else "Each call has one."
    head = HEAD.format(shown=TESTS_SHOWN, untested=wrap(untested), total=sum(there for _, there in linux.values()),
                       there=len(rows), full=count["FULL"], partial=count["PARTIAL"])
    table = "".join(f"| {number} | {name} | {support} | {note} | {links(tests[name])} |\n"
                    for number, name, support, note in rows)
    return head + table + MISSING.format(
        count=len(ours), names=wrap(", ".join(ours) + ".").replace("~", " "), never=len(never),
        never_names=wrap(", ".join(never)))
