"""Whether what docs/architecture.md names is in the code: functions as `name()`, files as path/name.c."""

import re

from reading_page import sources

PAGE = "docs/architecture.md"


def problem(root):
    """None, or the sentence that says what is not there."""
    text = (root / PAGE).read_text(encoding="utf-8")
    functions = set(re.findall(r"`([a-z_][\w]*)\(\)`", text))
    files = set(re.findall(r"[\w/]+\.(?:c|h|S|def|idl|py)\b", text))
    paths = sources(root)
    known = set()
    for path in paths:
        known.update(re.findall(r"\b[a-z_]\w*(?=\()", path.read_text(encoding="utf-8", errors="replace")))
    missing = sorted(name + "()" for name in functions - known)
    missing += sorted(name for name in files if not any(f"/{path}".endswith(f"/{name}") for path in map(str, paths)))
    return f"{PAGE} names what is not in the code (any more): {', '.join(missing)}" if missing else None
