"""One guest of either kind, at work for the benchmark.

In:   Bench(rootfs, memory, cpu): program(system, rows, ...) runs rows of the bench program;
      prompt(system, ...) boots to a shell's prompt and says what that cost.
Both systems get the same root, the same program and the same -cpu; images are made once.
"""

import os
import re
import time

from . import collect, guestconfig, parts, paths, qemu, run as run_verb
from .errors import Failure

# Linux at its best under emulation: no string moves byte by byte, no checks that cost what they cost
# only there, no five-level tables, and no clearing of memory that will be written anyway.
CPU = "max,-erms,-smap,-la57"
LINUX_OPTIONS = " mitigations=off init_on_alloc=0"
PROGRAMS = (("bench", "/bench/bench"), ("tiny", "/bench/tiny"))
PROMPT = re.compile(rb"# (?:\x1b\[6n)?$")
BOOTS_MAX = 12  # guests for one list of rows, when rows kill theirs


class Failed(Exception):
    """The guest did not do what it was started for; the text says what it did instead."""


class Bench:
    def __init__(self, rootfs, memory):
        from . import roots
        self.memory = memory
        self.file = os.memfd_create("jargoon-bench-root", os.MFD_CLOEXEC)
        programs = [(parts.need("tests/bench/" + name), where) for name, where in PROGRAMS]
        with os.fdopen(os.dup(self.file), "w+b") as file:
            roots.with_additions(roots.prepare(rootfs), programs, file)
        self.root = f"/proc/self/fd/{self.file}"

    def options(self, system, config, icount):
        """(qemu.Options, descriptors that it needs)."""
        if system == "linux":
            from . import guest
            kernel, image, append = guest._reference(self.root, config)
            append += LINUX_OPTIONS
        else:
            image, _ = run_verb.boot_image(self.root, config)
            kernel, append = paths.built(run_verb.KERNEL), None
        options = qemu.Options(kernel, f"/proc/self/fd/{image}", append=append, memory=self.memory,
                               cpu=CPU, icount=icount)
        if system == "linux":
            options.firmware = None  # Linux leaves the devices' addresses to the firmware
        return options, image

    def start(self, system, config, icount, **more):
        options, image = self.options(system, config, icount)
        try:
            return collect.collect(options, keep=[image], limit=4 << 20, **more)
        finally:
            os.close(image)

    def program(self, system, rows, budget, icount, told, tries=1):
        """Runs `rows` in that order: {row: (nanoseconds, ticks) for one operation, or a reason}.

        A guest that ends early has failed in the row that it had begun; another one runs the rest.
        told(row) is called when a row begins. Of `tries` the least counts.
        """
        found, waiting = {}, list(rows)
        for _ in range(BOOTS_MAX):
            if not waiting:
                break
            reader = _Reader(told)
            config = guestconfig.make(["/bench/bench", "--budget", str(budget), "--tries", str(tries), *waiting],
                                      run_verb.environment([], False), stdin="null",
                                      stdout="stream", stderr="stream")
            outcome = self.start(system, config, icount, timeout=90 + 30 * len(waiting),
                                 on_output=reader.take)
            found.update(reader.found)
            waiting = [row for row in waiting if row not in found]
            if waiting:
                culprit = reader.current if reader.current in waiting else waiting[0]
                found[culprit] = outcome.sentence or f"the guest ended with status {outcome.status}"
                waiting.remove(culprit)
        found.update((row, "not run: too many guests have ended early") for row in waiting)
        return found

    def prompt(self, system, icount):
        """(nanoseconds from QEMU's start to the prompt, ticks by then, bytes in use)."""
        keyboard = _Keyboard()
        config = guestconfig.make([], run_verb.environment([], True), winsize=(25, 80))
        began = time.monotonic_ns()
        outcome = self.start(system, config, icount, timeout=120, on_output=keyboard.take)
        if keyboard.at is None or not keyboard.figures:
            raise Failed(outcome.sentence or "no prompt was seen")
        free = keyboard.figures.get("MemAvailable", keyboard.figures.get("MemFree"))
        used = None if free is None else self.memory - free * 1024
        return keyboard.at - began, keyboard.figures.get("ticks"), used


class _Reader:
    """Takes the program's lines."""

    def __init__(self, told):
        self.told, self.found, self.current, self.rest = told, {}, None, b""

    def take(self, _guest, name, data):
        if name != "stdout":
            return
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            words = line.decode(errors="replace").split(" ", 3)
            if words[0] == "begin" and len(words) == 2:
                self.current = words[1]
                self.told(words[1])
            elif words[0] == "row" and len(words) == 4:
                self._row(words[1], words[2], words[3])

    def _row(self, row, operations, rest):
        if operations == "fail":
            self.found[row] = rest
            return
        try:
            nanoseconds, ticks = (int(word) for word in rest.split())
            self.found[row] = nanoseconds / int(operations), ticks / int(operations)
        except (ValueError, ZeroDivisionError):
            self.found[row] = f"a line that makes no sense: {rest}"


class _Keyboard:
    """Waits for the prompt on the terminal, asks there what it has cost, and ends the guest."""

    def __init__(self):
        self.seen, self.at, self.figures = b"", None, {}

    def take(self, guest, name, data):
        if name != "terminal":
            return
        self.seen += data
        if self.at is None:
            if PROMPT.search(self.seen):
                self.at = time.monotonic_ns()
                guest.type(b"/bench/bench prompt\n")
        elif b"prompt end" in self.seen:
            for key, value in re.findall(rb"prompt (\w+):? +(\d+)", self.seen):
                self.figures[key.decode()] = int(value)
            guest.end(0, None)


def available(system):
    """Fails with a sentence when that guest cannot be had."""
    if system == "linux":
        from . import reference
        try:
            reference.kernel()
        except reference.Unavailable as why:
            raise Failure(f"no Linux to compare with: {why}") from None
