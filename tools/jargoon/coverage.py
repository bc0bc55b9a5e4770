"""The verb `coverage`: which lines of ours the tests run, on the host and in guests.

A build of its own (build-coverage/, clang, -Dcoverage=true) runs the tests. Host programs write their
profiles themselves; the kernel writes its own counters and the servers' when a guest powers off
(microkernel/coverage/dump.c). llvm-profdata adds all up, llvm-cov knows the lines.
"""

import glob
import json
import os
import subprocess

from . import paths, profile, progress
from .errors import Failure

SUMMARY = "tell which lines the tests run"
USAGE = "%(prog)s [OPTION...] [SUITE or NAME...]"
DESCRIPTION = """Builds all of it once more, with counters, in build-coverage/; runs the tests there (all suites, or
those that are named, as `./jargoon test` takes them); and prints, folder by folder and file by file,
how many lines ran. Needs clang and llvm. Guests that do not power off by themselves do not count."""
EPILOG = """Exit status: 0 when each folder has --least percent or more, 1 when one has less, 125 when it
could not begin. That a test fails is said, and does not matter here."""

FOLDERS = ("microkernel", "linuxserver", "vfsd", "consoled", "libipc")
GUEST = {"jargoon-kernel": "microkernel/jargoon-kernel", "init": "init/init", "vfsd": "vfsd/vfsd",
         "consoled": "consoled/consoled", "linux": "linuxserver/linuxserver"}


def add_arguments(parser):
    parser.add_argument("--least", type=float, default=75, metavar="PERCENT",
                        help="what each folder must have (default: 75)")
    parser.add_argument("--report", action="store_true",
                        help="run nothing: tell of the last run again")
    parser.add_argument("--more", action="store_true", help="add to what the last run has counted")
    parser.add_argument("--html", metavar="FOLDER", help="write the sources with their counts, too")
    parser.add_argument("--json", metavar="FILE", help="write the numbers, too")
    parser.add_argument("names", metavar="NAME", nargs="*", help="suites or tests")


def run(options):
    os.environ["JARGOON_BUILD"] = os.path.join(paths.TOP, "build-coverage")
    counts = paths.ensure_dir(paths.built("counts"))
    if not options.report:
        _build()
        if not options.more:
            for old in glob.glob(os.path.join(glob.escape(counts), "*")):
                os.unlink(old)
        _test(options.names, counts)
    objects = _merge(counts)
    if options.html:
        _llvm("llvm-cov", "show", "-format=html", f"-output-dir={options.html}", *objects, *_folders())
    files = _lines(objects)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({name: {"lines": lines, "ran": ran} for name, (lines, ran) in files.items()},
                      file, indent=1)
    return _report(files, options.least)


def _tool(name):
    for candidate in (name, name + "-14"):
        found = paths.which(candidate)
        if found:
            return found
    raise Failure(f"{name} is not installed (Debian: apt install clang llvm)")


def _llvm(name, *arguments):
    done = subprocess.run([_tool(name), *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().split("\n")
        raise Failure(f"{name} failed: {words[-1]}")
    return done.stdout


def _build():
    from . import apt, build
    _tool("llvm-profdata")
    folder = paths.build_dir()
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        environment = {**os.environ, "CC": _tool("clang")}
        with progress.Task("configuring a build that counts lines", slow=True) as task:
            status, lines = apt.run_shown(
                ["meson", "setup", "-Dcoverage=true", folder, paths.TOP], task, env=environment)
        if status:
            progress.write("\n".join(lines[-20:]) + "\n")
            raise Failure("meson could not configure the build; its last words are above")
    build.ensure("all")


def _test(names, counts):
    environment = {**os.environ, "JARGOON_COVERAGE": counts,
                   "LLVM_PROFILE_FILE": os.path.join(counts, "host-%4m.profraw")}
    done = subprocess.run([os.path.join(paths.TOP, "jargoon"), "test", *names],
                          stdin=subprocess.DEVNULL, env=environment, check=False)
    if done.returncode:
        progress.say("some tests failed; what they ran counts all the same")


def _merge(counts):
    """Adds all profiles up in one file. Returns llvm-cov's arguments: that file, and the programs."""
    total, guests = {}, 0
    for path in sorted(glob.glob(os.path.join(glob.escape(counts), "*.guest"))):
        guests += 1
        for name, counters in profile.guest_counters(path):
            if name in GUEST:
                profile.add(total.setdefault(name, []), counters)
    for name, counters in total.items():
        profile.write(paths.built(GUEST[name]), counters, os.path.join(counts, name + ".profraw"))
    raw = glob.glob(os.path.join(glob.escape(counts), "*.profraw"))
    if not raw:
        raise Failure("nothing has been counted yet: run ./jargoon coverage")
    progress.say(f"adding up {guests} guests and {len(raw) - len(total)} host profiles")
    merged = paths.built("coverage.profdata")
    _llvm("llvm-profdata", "merge", "-sparse", "-failure-mode=all", "-o", merged, *raw)
    programs = [paths.built(path) for path in GUEST.values()] + _host_programs()
    return [f"-instr-profile={merged}", programs[0],
            *(word for program in programs[1:] for word in ("-object", program))]


def _host_programs():
    """Programs of the host tests and the stub generator: those that the build made with counters."""
    found = []
    for base in ("tests/host", "libipc"):
        for folder, _, names in os.walk(paths.built(base)):
            for name in names:
                path = os.path.join(folder, name)
                if os.access(path, os.X_OK) and _is_program(path):
                    found.append(path)
    return sorted(found)


def _is_program(path):
    with open(path, "rb") as file:
        if file.read(4) != b"\x7fELF":
            return False
    try:
        return bool(profile.sections(path))
    except Failure:
        return False


def _folders():
    return [os.path.join(paths.TOP, folder) for folder in FOLDERS]


def _lines(objects):
    """name -> (lines, lines that ran) of our sources. A header's count too."""
    told = json.loads(_llvm("llvm-cov", "export", "-summary-only", *objects, *_folders()))
    found = {}
    for file in told["data"][0]["files"]:
        name = os.path.relpath(os.path.realpath(file["filename"]), paths.TOP)
        if name.partition("/")[0] in FOLDERS and "/tests/" not in name \
                and not name.startswith("microkernel/coverage/"):
            lines = file["summary"]["lines"]
            found[name] = (lines["count"], lines["covered"])
    return found


def _percent(lines, ran):
    return 100 * ran / lines if lines else 100


def _report(files, least):
    poor = False
    for folder in FOLDERS:
        chosen = {name: count for name, count in files.items() if name.startswith(folder + "/")}
        lines, ran = (sum(count[i] for count in chosen.values()) for i in (0, 1))
        percent = _percent(lines, ran)
        poor |= percent < least
        print(f"{folder + '/':14}{percent:6.1f} %  {ran} of {lines} lines"
              + (f", less than {least:g} %" if percent < least else ""))
        for name, count in sorted(chosen.items(), key=lambda item: _percent(*item[1])):
            print(f"    {_percent(*count):6.1f} %  {count[1]:5} of {count[0]:5}  {name}")
    return 1 if poor else 0
