#!/usr/bin/env python3
"""Takes the worked example out of docs/ipc.md, generates, compiles and runs it.

    doc_example.py IPCGEN CC ROOT
"""
import pathlib
import re
import subprocess
import sys
import tempfile

FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror"]


def blocks(text):
    """The fenced blocks whose first line is a comment with a file name."""
    found = {}
    for body in re.findall(r"^```\w+\n(.*?)^```", text, re.S | re.M):
        name = re.match(r"(?:// |/\* )(\w+\.\w+)", body)
        if name:
            found[name.group(1)] = body
    return found


def main():
    ipcgen, cc, root = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    lib = root / "libipc"
    files = blocks((root / "docs" / "ipc.md").read_text())
    wanted = {"notes.idl", "notes_server.c", "notes_client.c", "notes_loop.c"}
    if set(files) != wanted:
        print(f"docs/ipc.md has {sorted(files)}, wanted {sorted(wanted)}")
        return 1
    if files["notes.idl"] != (lib / "tests" / "golden" / "notes.idl").read_text():
        print("golden/notes.idl is not the example of docs/ipc.md")
        return 1
    with tempfile.TemporaryDirectory() as name:
        out = pathlib.Path(name)
        (out / "ipc").mkdir()
        for file, body in files.items():
            (out / file).write_text(body)
        subprocess.run([ipcgen, out / "notes.idl", out / "ipc" / "notes_client.h",
                        out / "ipc" / "notes_server.h"], check=True, timeout=20)
        headers = [f"-I{lib / 'include'}", f"-I{root / 'abi'}", f"-I{out}"]
        program = out / "notes"
        subprocess.run([cc, *FLAGS, f"-I{lib / 'tests' / 'shim'}", *headers, f"-I{lib / 'tests'}",
                        out / "notes_server.c", out / "notes_client.c",
                        lib / "tests" / "notes_main.c", lib / "tests" / "fake.c", "-o", program],
                       check=True, timeout=60)
        subprocess.run([program], check=True, timeout=20)
        subprocess.run([cc, *FLAGS, "-ffreestanding", *headers, "-c", out / "notes_loop.c",
                        "-o", out / "loop.o"], check=True, timeout=60)
    print("ok - the worked example of docs/ipc.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
