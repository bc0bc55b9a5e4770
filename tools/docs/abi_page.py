"""docs/abi.md from abi/jg/: the kernel's calls, rights, object types and errors."""

import re

from definitions import macros, wrap

HEAD = """# The kernel's interface

The kernel's calls, made from `abi/jg/syscalls.def`: change that file, never this page. `abi/jg/stubs.h` has a C function for
each, `jg_NAME()`; arguments with a `struct` are in the header of abi/jg/ that the call names. A call returns a number of its own
or 0, or a negative `JG_ERR_*`. Beside what is said at each call, any call can return BAD_HANDLE (no such handle), WRONG_TYPE (to
another type of object), ACCESS_DENIED (the handle lacks the right), BAD_ADDRESS and INVALID_ARGS.

Only *native* threads (the servers) make these calls. A thread with a level (`jg_thread_set_level`) makes none: each of its system
calls, whatever the number, goes to the level's port.
"""

CALLS = """
## Where a call's arguments travel

On x86-64 (`abi/jg/arch/x86_64/call.h`): number in rax, arguments in rdi rsi rdx r10 r8 r9, result in rax; rcx and r11 are lost.
`channel_call`, `reply_wait` and `reply` carry 8 words in registers besides; `abi/jg/call.h` tells what the words of a call, a trap
and a delivery mean.
"""


def _row(cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _table(heads, rows):
    return "\n".join([_row(heads), "|" + "---|" * len(heads)] + [_row(row) for row in rows])


def _rights(types):
    for name, value, rest in re.findall(r"^#define JG_RIGHT_(\w+) (0x[0-9a-f]+)u *(.*)$", types, re.M):
        yield name, value, rest.strip("/* ") or "another handle may be made of this one"


def _object_types(types):
    return [(number, name.lower()) for name, number in re.findall(r"JG_TYPE_(\w+) = (\d+)", types)
            if name != "NONE"]


def page(root):
    abi = root / "abi" / "jg"
    types = (abi / "types.h").read_text(encoding="utf-8")
    calls = macros(abi / "syscalls.def", "JG_SYSCALL")
    parts = [HEAD]
    parts.append(f"\n## The {len(calls)} calls\n\n" + _table(
        ("number", "call", "what it does"), [(n, f"`{name}`", what) for n, name, _, what, _, _ in calls]))
    parts.append("\n" + CALLS)
    parts.append("\n## Call by call\n")
    for number, name, arguments, what, notes, source in calls:
        known = f"Compare {source}." if source and not source.startswith("DESIGN") else ""
        parts.append("\n" + wrap(f"**{number} `jg_{name}({arguments})`**", width=130) + "  \n"
                     + wrap(" ".join(filter(None, (what, notes, known)))) + "\n")
    parts.append("\n## Rights\n\nA handle carries rights; a copy of it never has more.\n\n" + _table(
        ("right", "bit", "lets its holder"), _rights(types)) + "\n")
    parts.append("\n## Types of objects\n\n" + wrap(", ".join(
        f"{number} {name}" for number, name in _object_types(types)) + ".") + "\n")
    parts.append("\n## Errors\n\n" + _table(("name", "number", "meaning"), [
        (f"`JG_ERR_{name}`", "-" + number, text) for name, number, text
        in macros(abi / "errors.def", "JG_ERROR")]) + "\n")
    return "".join(parts)
