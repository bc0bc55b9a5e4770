"""docs/reading.md from reading.txt: which files to read, in which order, and how long they are.

reading.txt, line by line:  `# TITLE` begins a sitting;  `PATH | SENTENCE` is a file to read;
`## FOLDER | SENTENCE` is one row of the table of folders; other lines are text. Counts are put in here.
A count may lag behind by a tenth or ten lines: same() forgives that, so that not every edit asks for a new page.
"""

import re
import subprocess
from pathlib import Path

from definitions import Malformed, wrap

LIST = Path(__file__).with_name("reading.txt")
CODE = (".c", ".h", ".S", ".py", ".def", ".idl", ".sh", ".ld")

HEAD = """# Reading the system

{sittings} sittings, {files} files, {lines} lines, in an order in which nothing is used much before it is explained. A file's head comment
tells what it is for, its way in, its life and its locks; its header has the contract of each function. Begin with
[architecture.md](architecture.md). This page is made from `tools/docs/reading.txt`: change that file, never this page.
"""


def _lines(path):
    return path.read_text(encoding="utf-8", errors="replace").count("\n")


def sources(root):
    """The project's own files that are code, as git knows them; without git, all that lie there."""
    try:
        listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others",
                                 "--exclude-standard"], check=True, capture_output=True)
        names = [root / name for name in listed.stdout.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [path for path in root.rglob("*") if "build" not in path.relative_to(root).parts[:1]]
    return [path for path in names if path.suffix in CODE and path.is_file()]


def _folders(root, entries):
    """Rows for the table of folders; every source must be in one of them, the deepest that is named."""
    count = {folder: [0, 0] for folder, _ in entries}
    for path in sources(root):
        parts = path.relative_to(root).parts[:-1]
        homes = ("/".join(parts[:n]) for n in range(len(parts), 0, -1))
        home = next((h for h in homes if h in count), None)
        if home is None:
            raise Malformed(f"tools/docs/reading.txt: no `## FOLDER | SENTENCE` for {'/'.join(parts)}/")
        count[home][0] += 1
        count[home][1] += _lines(path)
    for folder, sentence in entries:
        files, lines = count[folder]
        if files:
            yield f"| `{folder}/` | {files} | {lines} | {sentence} |\n"


def _sittings(root, text):
    """Splits the list: [(title, [text lines], [(path, lines, sentence)])], [(folder, sentence)], seen once each."""
    sittings, folders, seen = [], [], set()
    for line in text.splitlines():
        if line.startswith("## "):
            folder, _, sentence = line[3:].partition(" | ")
            folders.append((folder, sentence))
        elif line.startswith("# "):
            sittings.append((line[2:], [], []))
        elif " | " in line:
            name, _, sentence = line.partition(" | ")
            if not (root / name).is_file() or name in seen:
                raise Malformed(f"tools/docs/reading.txt: {name} is not there, or named twice")
            seen.add(name)
            sittings[-1][2].append((name, _lines(root / name), sentence))
        elif line and sittings:
            sittings[-1][1].append(line)
    return sittings, folders


def page(root):
    sittings, folders = _sittings(root, LIST.read_text(encoding="utf-8"))
    files = [file for _, _, listed in sittings for file in listed]
    parts = [HEAD.format(sittings=("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven")[len(sittings)],
                         files=len(files), lines=sum(lines for _, lines, _ in files))]
    for number, (title, words, listed) in enumerate(sittings, 1):
        parts.append(f"\n## {number}. {title}: {sum(lines for _, lines, _ in listed)} lines\n\n"
                     + wrap(" ".join(words)) + "\n\n| file | lines | what to look for |\n|---|---|---|\n")
        parts += [f"| `{name}` | {lines} | {sentence} |\n" for name, lines, sentence in listed]
    parts.append("\n## The folders\n\n| folder | files | lines | what it is |\n|---|---|---|---|\n")
    parts += list(_folders(root, folders))
    return "".join(parts)


def same(old, new):
    """Whether two versions differ at most in numbers, and these by at most a tenth or ten."""
    number = re.compile(r"\b\d+\b")
    if number.sub("0", old) != number.sub("0", new):
        return False
    return all(abs(int(a) - int(b)) <= max(10, int(a) // 10)
               for a, b in zip(number.findall(old), number.findall(new)))
