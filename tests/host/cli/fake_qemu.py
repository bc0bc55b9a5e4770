#!/usr/bin/python3 -EsS
"""Stands for QEMU in tests of the session: has its sockets, does what -append says, no machine."""

import os
import signal
import socket
import sys
import time


def channel(name):
    for word in sys.argv:
        parts = word.split(",")
        if parts[0] == "socket" and f"id={name}" in parts:
            fd = next(part[3:] for part in parts if part.startswith("fd="))
            return socket.socket(fileno=int(fd))
    return None


stdin, stdout, stderr, control, log, terminal, debug = (channel(name) for name in (
    "stdin", "stdout", "stderr", "control", "log", "terminal", "debug"))
mode = sys.argv[sys.argv.index("-append") + 1]


def end(line):
    control.sendall(line.encode() + b"\n")
    sys.exit(0)


if mode == "cat":
    while data := stdin.recv(1 << 16):
        stdout.sendall(data)
    end("exit 0")
elif mode == "split":
    log.sendall(b"a line of a server\n")
    debug.sendall(b"a line of the kernel\nhalf a line")
    stdout.sendall(b"to stdout")
    stderr.sendall(b"to stderr")
    end("exit 7")
elif mode == "early":
    end("exit 3")
elif mode == "burst":
    stdout.sendall(bytes(range(256)) * 4096 * 8)
    end("exit 0")
elif mode == "flood":
    stdout.settimeout(20)
    try:
        while True:
            stdout.sendall(bytes(4096))
    except (BrokenPipeError, ConnectionResetError):
        stderr.sendall(b"saw EPIPE")
        end("exit 141")
elif mode == "hang":
    stdout.sendall(b"pid %d\n" % os.getpid())
    time.sleep(60)
elif mode == "panic":
    debug.sendall(b"booting\nPANIC: page table on fire\nregisters\n")
    sys.exit(33)
elif mode == "silent":
    sys.exit(0)
elif mode == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
elif mode == "broken":
    sys.exit("qemu: no such option")
elif mode == "fail":
    end("fail the root has no shell")
elif mode == "lingering":
    control.sendall(b"exit 0\n")
    time.sleep(60)
elif mode == "terminal":
    # Echoes what is typed in brackets; q ends with 5; control lines are shown.
    import select
    terminal.sendall(b"ready\r\n")
    while True:
        ready, _, _ = select.select([terminal, control], [], [])
        if control in ready:
            terminal.sendall(b"<" + control.recv(100).strip() + b">")
        if terminal in ready:
            data = terminal.recv(100)
            terminal.sendall(b"[" + data + b"]")
            if b"q" in data:
                end("exit 5")
