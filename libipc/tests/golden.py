#!/usr/bin/env python3
"""Compares what ipcgen writes and what it says with what is kept in golden/ and errors/.

    golden.py IPCGEN [--update]

golden/NAME.idl      the headers NAME_client.h and NAME_server.h beside it, byte for byte, twice
errors/NAME.idl      the messages in NAME.txt, exit status 1, and no header
"""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
failures = 0


def compare(name, kept, made, update):
    global failures
    if update:
        kept.write_text(made)
        return
    if not kept.exists() or kept.read_text() != made:
        print(f"not ok - {name}: differs from {kept.name}; golden.py --update shows how")
        failures += 1
        return
    print(f"ok - {name}")


def run(ipcgen, idl, client, server):
    return subprocess.run([ipcgen, idl.name, client, server], cwd=idl.parent, text=True,
                          capture_output=True, timeout=20)


def check_golden(ipcgen, idl, out, update):
    global failures
    first = out / "a_client.h", out / "a_server.h"
    again = out / "b_client.h", out / "b_server.h"
    for client, server in (first, again):
        done = run(ipcgen, idl, client, server)
        if done.returncode != 0 or done.stderr:
            print(f"not ok - {idl.name}: status {done.returncode}\n{done.stderr}")
            failures += 1
            return
    for one, two, kind in zip(first, again, ("client", "server")):
        if one.read_text() != two.read_text():
            print(f"not ok - {idl.name}: two runs differ")
            failures += 1
        compare(f"{idl.name} {kind}", idl.with_name(f"{idl.stem}_{kind}.h"), one.read_text(), update)


def check_errors(ipcgen, idl, out, update):
    global failures
    client, server = out / "e_client.h", out / "e_server.h"
    done = run(ipcgen, idl, client, server)
    if done.returncode != 1 or client.exists() or server.exists():
        print(f"not ok - {idl.name}: status {done.returncode}, or something was written")
        failures += 1
    compare(f"{idl.name} messages", idl.with_suffix(".txt"), done.stderr, update)


def main():
    ipcgen = os.path.abspath(sys.argv[1])
    update = "--update" in sys.argv
    with tempfile.TemporaryDirectory() as out:
        for idl in sorted((HERE / "golden").glob("*.idl")):
            check_golden(ipcgen, idl, pathlib.Path(out), update)
        for idl in sorted((HERE / "errors").glob("*.idl")):
            check_errors(ipcgen, idl, pathlib.Path(out), update)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
