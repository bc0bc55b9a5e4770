"""Makes the pages of docs/ that are made: abi.md, syscalls.md, reading.md.

    python3 tools/docs/generate.py            writes them
    python3 tools/docs/generate.py --check    says (TAP) which are out of date, and whether architecture.md names what
                                              there is; this is the test `docs` in suite host
"""

import sys
from pathlib import Path

import abi_page
import names_check
import reading_page
import syscalls_page
from definitions import Malformed

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "python3 tools/docs/generate.py"
PAGES = {"abi.md": abi_page, "syscalls.md": syscalls_page, "reading.md": reading_page}


def check(name, maker):
    """None, or the sentence that says what is wrong with a page."""
    try:
        new = maker.page(ROOT)
    except Malformed as error:
        return f"docs/{name} cannot be made: {error}"
    path = ROOT / "docs" / name
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    if getattr(maker, "same", str.__eq__)(old, new):
        return None
    return f"docs/{name} is out of date: run `{COMMAND}` and commit what it writes"


def check_all():
    found = [(f"{name} is up to date", check(name, maker)) for name, maker in PAGES.items()]
    found.append(("architecture.md names what there is", names_check.problem(ROOT)))
    print(f"1..{len(found)}")
    for number, (name, problem) in enumerate(found, 1):
        print(f"{'not ok' if problem else 'ok'} {number} - docs: {name}")
        if problem:
            print(f"# {problem}")
    return 1 if any(problem for _, problem in found) else 0


def write_all():
    for name, maker in PAGES.items():
        try:
            text = maker.page(ROOT)
        except Malformed as error:
            print(f"docs/{name} cannot be made: {error}", file=sys.stderr)
            return 1
        (ROOT / "docs" / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    sys.exit(check_all() if sys.argv[1:] else write_all())
