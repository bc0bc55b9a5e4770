"""Reads the tables that pages are made from: X-macros of C, kept as data.

In:   macros(path, name) for lines such as CALL(0, read, sys_read, FULL, "") or JG_SYSCALL(...).
"""

import re

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([(),])|([^\s"(),]+)|(\s+)')


class Malformed(Exception):
    """A table is not as expected; the text says where."""


def _arguments(text, at, where):
    """The arguments of a macro whose opening parenthesis is at `at`: strings joined, the rest as written."""
    arguments, current, depth = [], "", 0
    while True:
        match = TOKEN.match(text, at)
        if not match:
            raise Malformed(f"{where}: a string or a parenthesis is not closed")
        at = match.end()
        string, mark, word, _ = match.groups()
        if mark == "(":
            depth += 1
            current += "(" if depth > 1 else ""
        elif mark == ")":
            depth -= 1
            if depth == 0:
                return arguments + [current.strip()]
            current += ")"
        elif mark == "," and depth == 1:
            arguments.append(current.strip())
            current = ""
        elif string is not None:
            current += re.sub(r"\\(.)", r"\1", string)
        else:
            current += mark or word or ("" if current.endswith(" ") else " ")


def macros(path, name):
    """The arguments of every `name(...)` that begins a line of a file. Strings keep their inner spaces."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
    found = [_arguments(text, match.end() - 1, f"{path.name}: {name}")
             for match in re.finditer(rf"^{name}\(", text, re.M)]
    if not found:
        raise Malformed(f"{path}: there is no {name}(...) in it")
    return found


def wrap(text, first="", rest="", width=118):
    """Lines of at most `width` columns. Unlike textwrap it never breaks inside `code`."""
    lines, line = [], first
    for word in re.findall(r"(?:`[^`]*`|\S)+", text):
        if len(line) + len(word) + 1 > width and line.strip():
            lines.append(line.rstrip())
            line = rest
        line += word if line in (first, rest) else " " + word
    return "\n".join(lines + [line.rstrip()])
