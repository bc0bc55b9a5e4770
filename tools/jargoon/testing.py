"""The verb `test`: builds, runs the suites through Meson, and adds up every single case.

Meson counts a program as one test; our drivers print one TAP line for each case, and that is what is
counted here, from Meson's own log. Single cases of the suites that run in a guest go to their driver
directly. The last line is always `N passed, N failed` and `, N skipped` if some were.
"""

import os
import re

from . import paths
from .errors import Failure

SUMMARY = "run the tests"
USAGE = "%(prog)s [OPTION...] [SUITE or NAME...]"
DESCRIPTION = """Builds everything and runs the tests: all suites, or those that are named. A NAME may
be a suite (host, kernel, linux, shell, personalities, busybox, programs, soak), a test as --list shows it,
or a family such as `pipe`; * and ? match. `soak`, `busybox` and `programs` by name
run the whole of it; as one of all suites, a tenth, and what is quick. `fresh` runs README's commands in a minimal Debian (root)."""
EPILOG = """Exit status: 0 when nothing failed, 1 when something did, 125 when it could not begin."""

SUITES = ("host", "kernel", "linux", "shell", "personalities", "busybox", "programs", "soak")
# Suites whose drivers take the names of their cases: suite -> driver.
DRIVERS = {suite: f"tests/{suite}/run.py" for suite in ("linux", "shell", "personalities", "busybox", "programs", "soak")}
QUICK = ("busybox", "programs")  # of which Meson knows the quick part only
BUSYBOX = ("busybox", "applet", "ash", "hush")  # its families
REASONS_SHOWN = 40


def add_arguments(parser):
    parser.add_argument("--list", action="store_true", help="print the names and run nothing")
    parser.add_argument("--on", choices=("jargoon", "linux"),
                        help="linux: the reference guest, a real Linux with our programs")
    parser.add_argument("--no-build", action="store_true", help="run what has been built")
    parser.add_argument("names", metavar="NAME", nargs="*", help="suites or tests")


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = self.known = 0
        self.failures, self.skips = [], []

    def tap(self, text, program):
        """Adds the cases of one driver's output; returns how many there were."""
        before = self.passed + self.failed + self.skipped + self.known
        for line in text.splitlines():
            match = re.match(r"\s*(not )?ok\b *\d* *(?:- )?([^#]*)(?:# *(\w+) *(.*))?", line)
            if match:
                self._case(not match[1], match[2].strip() or program, (match[3] or "").upper(),
                           match[4] or "")
            elif re.match(r"1\.\.0\b", line):
                self._case(True, program, "SKIP", line.partition("SKIP")[2].strip())
            elif line.startswith("Bail out!"):
                self.failed += 1
                self.failures.append(f"{program}: {line}")
        return self.passed + self.failed + self.skipped + self.known - before

    def _case(self, good, name, directive, reason):
        if directive == "SKIP":
            self.skipped += 1
            self.skips.append(f"{name}: {reason}")
        elif directive == "TODO" and not good:
            self.known += 1
        elif good:
            self.passed += 1
        else:
            self.failed += 1
            self.failures.append(name)

    def meson(self, entry):
        """Adds one line of Meson's testlog.json."""
        result, name = entry["result"], entry["name"].partition(" / ")[2] or entry["name"]
        text = entry.get("stdout") or ""
        is_tap = re.search(r"^(not ok|ok|1\.\.\d)", text, re.M)
        failed_before = self.failed
        cases = self.tap(text, name) if is_tap else 0
        if result in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS"):
            if self.failed == failed_before:
                self.failed += 1
                self.failures.append(f"{name} ({result.lower()})")
        elif not cases:
            self._case(True, name, "SKIP" if result == "SKIP" else "", "")

    def report(self):
        for title, lines in (("skipped", self.skips), ("failed", self.failures)):
            for line in lines[:REASONS_SHOWN]:
                print(f"{title}: {line}")
            if len(lines) > REASONS_SHOWN:
                print(f"{title}: and {len(lines) - REASONS_SHOWN} more")
        if self.known:
            print(f"known failures: {self.known} (KNOWN_FAILURES in tests/linux, shell, busybox and programs)")
        # Known failures are no passes; who only reads the last line must not think so.
        skipped = self.skipped + self.known
        print(f"{self.passed} passed, {self.failed} failed"
              + (f", {skipped} skipped" if skipped else ""), flush=True)
        return 1 if self.failed or not self.passed else 0


def run(options):
    if "fresh" in options.names:
        return _fresh(options)
    os.environ["JARGOON_BUILD"] = paths.build_dir()
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    if options.on:
        os.environ["JARGOON_TEST_ON"] = options.on
    if not options.no_build:
        _prepare(options)
    known = _meson_tests()
    suites, programs, cases = _sort(options.names, known)
    if options.list:
        return _list(suites, programs, cases, known)
    if "soak" in options.names:
        os.environ["JARGOON_SOAK_SCALE"] = "1"
    for suite in QUICK:
        if suite in suites:
            suites.remove(suite)
            cases[suite] = []
    count = Count()
    if options.on:
        # Only the drivers know both systems.
        for suite in suites or ([] if programs or cases else ["linux", "shell"]):
            if suite not in DRIVERS:
                raise Failure(f"the suite `{suite}` does not run in the reference guest")
            cases.setdefault(suite, [])
        suites = programs = []
    if suites or programs or not (cases or options.on):
        _run_meson(suites, programs, count)
    for suite, names in cases.items():
        _run_driver(suite, names, options.on, count)
    return count.report()


def _prepare(options):
    """The build, and what the suites use beside it. Without a network they skip what they must."""
    from . import build, progress
    if not _sources_unchanged():
        _reconfigure()
    build.ensure("all")
    wanted = set(options.names) or set(SUITES)
    if options.list or not wanted - {"host", "kernel"}:
        return
    from . import busyboxtests, defaultroot, reference
    try:
        reference.kernel()
    except reference.Unavailable as why:
        progress.say(f"no reference guest: {why}")
    try:
        defaultroot.image()
    except Failure as failure:
        progress.say(f"no default root: {failure.sentence}")
    if any(name.partition(".")[0] in BUSYBOX for name in wanted):
        try:
            busyboxtests.folder()
        except Failure as failure:
            progress.say(f"no tests of BusyBox: {failure.sentence}")
    _prepare_programs(options)


def _prepare_programs(options):
    """The roots with real programs: all of them when asked for by name, else that of the quick part."""
    from . import progress, programroots, tcc
    cases = [name for name in options.names if _cases_named("programs", [name])]
    if options.names and "programs" not in options.names and not cases:
        return
    try:
        for root in programroots.ROOTS if options.names else [programroots.QUICK]:
            programroots.image(root)
        tcc.PROGRAM.compiled()
    except Failure as failure:
        progress.say(f"no real programs: {failure.sentence}")


def _sources_unchanged():
    """Meson finds the Linux tests when it configures: has the list changed since?"""
    now = "\n".join(sorted(_driver_module("linux", "cases").listing()))
    note = paths.built(".linux-tests")
    try:
        with open(note, encoding="utf-8") as file:
            if file.read() == now:
                return True
    except OSError:
        pass
    if os.path.isdir(paths.build_dir()):
        with open(note, "w", encoding="utf-8") as file:
            file.write(now)
    return not os.path.exists(paths.built("build.ninja"))


def _driver_module(suite, name):
    import importlib.util
    path = os.path.join(paths.TOP, "tests", suite, name + ".py")
    spec = importlib.util.spec_from_file_location(f"jargoon_test_{suite}_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _reconfigure():
    _call(["meson", "setup", "--reconfigure", paths.build_dir(), paths.TOP], quiet=True)


def _call(command, quiet=False):
    import subprocess
    done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE if quiet else None, text=quiet)
    if quiet and done.returncode:
        print(done.stdout)
        raise Failure(f"{command[0]} failed; its words are above")
    return done


def _meson_tests():
    """name -> suites, of every test that the build knows."""
    import json
    import subprocess
    done = subprocess.run(["meson", "introspect", "--tests", paths.build_dir()],
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise Failure("there is no build: leave out --no-build")
    return {test["name"]: [suite.rpartition(":")[2] for suite in test["suite"]]
            for test in json.loads(done.stdout)}


def _driver(suite, *arguments):
    import sys
    return [sys.executable, os.path.join(paths.TOP, DRIVERS[suite]), *arguments]


def _cases_named(suite, names):
    """The cases of that suite that the names mean, as its driver understands them."""
    import subprocess
    if not os.path.exists(os.path.join(paths.TOP, DRIVERS[suite])):
        return []
    done = subprocess.run(_driver(suite, "--list", *names), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode().split() if done.returncode == 0 else []


def _sort(names, known):
    """([suites], [Meson tests], {suite: [names of cases]}) that the names mean."""
    import fnmatch
    suites, programs, cases = [], [], {}
    for name in names:
        if name in SUITES:
            suites.append(name)
            continue
        matching = [test for test in known if fnmatch.fnmatchcase(test, name)]
        found = matching
        programs += matching
        if not matching:
            for suite in DRIVERS:
                if _cases_named(suite, [name]):
                    cases.setdefault(suite, []).append(name)
                    found = True
        if not found:
            raise Failure(f"there is no suite and no test `{name}`: see ./jargoon test --list")
    return suites, programs, cases


def _list(suites, programs, cases, known):
    all_of_it = not (suites or programs or cases)
    for test, of in sorted(known.items(), key=lambda pair: (pair[1], pair[0])):
        if all_of_it or test in programs or set(of) & set(suites):
            if of[0] not in DRIVERS:
                print(f"{of[0]}: {test}")
    for suite in DRIVERS:
        if all_of_it or suite in suites or suite in cases:
            for case in _cases_named(suite, cases.get(suite, [])):
                print(f"{suite}: {case}")
    return 0


def _run_meson(suites, programs, count):
    import json
    log = paths.built("meson-logs/testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    command = ["meson", "test", "-C", paths.build_dir(), "--no-rebuild", "--print-errorlogs"]
    for suite in suites:
        command += ["--suite", suite]
    done = _call(command + programs)
    try:
        with open(log, encoding="utf-8") as file:
            entries = [json.loads(line) for line in file]
    except OSError:
        raise Failure(f"meson test ran nothing (status {done.returncode})") from None
    for entry in entries:
        count.meson(entry)


def _run_driver(suite, names, system, count):
    import subprocess
    arguments = ["--on", system] if system else []
    process = subprocess.Popen(_driver(suite, *arguments, *names), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True, errors="replace")
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    failed_before = count.failed
    count.tap("".join(lines), suite)
    if process.wait() and count.failed == failed_before:
        count.failed += 1
        count.failures.append(f"{suite}: status {process.returncode}")


def _fresh(options):
    if len(options.names) > 1:
        raise Failure("`fresh` goes alone")
    from . import setup
    setup.packages(extra=__import__("jargoon.apt", fromlist=["apt"]).FRESH_PACKAGES)
    return _driver_module("fresh", "run").main()
