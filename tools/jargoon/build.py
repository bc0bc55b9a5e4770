"""The build, when it is needed: meson once, ninja when a source is newer than the last success.

In:   ensure("run") builds what a run needs, ensure("all") everything; both are cheap when nothing
      changed, because they compare times instead of asking ninja.
Life: build/.jargoon-NAME is the stamp of the last success; its time is when that build began.
"""

import os
import time

from . import parts, paths, progress
from .errors import Failure

# What `run` does not depend on.
NOT_FOR_RUN = {"tests", "docs", "boot"}
SOURCE_SUFFIXES = (".c", ".h", ".S", ".s", ".def", ".idl", ".ld", ".lds", ".build", ".in", ".txt", ".py")


def ensure(what="all", force=False):
    """Builds "run" or "all" if it is not up to date. Only one of us builds at a time."""
    if not force and up_to_date(what):
        return
    from . import setup
    setup.packages()
    with paths.Lock("build-" + paths.fingerprint(os.path.realpath(paths.build_dir()))[:16],
                    "another jargoon is building; waiting"):
        if force or not up_to_date(what):
            began = time.time()
            _configure()
            _ninja(_targets() if what == "run" else [])
            _stamp(what, began)


def stamp_path(what):
    return os.path.join(paths.build_dir(), ".jargoon-" + what)


def up_to_date(what):
    try:
        built = os.stat(stamp_path(what)).st_mtime_ns
    except OSError:
        return False
    if what == "run" and not all(os.path.exists(paths.built(name)) for name in parts.outputs()):
        return False
    return newest_source(what) < built


def newest_source(what):
    """The newest time of any source or of a folder with sources (so that a removal counts)."""
    newest, todo = 0, []
    for entry in os.scandir(paths.TOP):
        if entry.is_dir(follow_symlinks=False):
            if os.path.exists(os.path.join(entry.path, "meson.build")) or entry.name == "abi":
                if not (what == "run" and entry.name in NOT_FOR_RUN):
                    todo.append(entry.path)
        elif entry.name.startswith("meson"):
            newest = max(newest, entry.stat().st_mtime_ns)
    python = os.path.join(paths.TOP, "tools", "jargoon")
    while todo:
        folder = todo.pop()
        newest = max(newest, os.stat(folder).st_mtime_ns)
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                if entry.path != python and entry.name != "__pycache__":
                    todo.append(entry.path)
            elif entry.name.endswith(SOURCE_SUFFIXES):
                newest = max(newest, entry.stat(follow_symlinks=False).st_mtime_ns)
    return newest


def _stamp(what, began):
    path = stamp_path(what)
    with open(path, "w", encoding="ascii"):
        pass
    os.utime(path, (began, began))


def _configure():
    from . import apt
    build = paths.build_dir()
    if os.path.exists(os.path.join(build, "build.ninja")):
        return
    with progress.Task("configuring the build", slow=True) as task:
        status, lines = apt.run_shown(["meson", "setup", build, paths.TOP], task)
    if status:
        _show(lines)
        raise Failure("meson could not configure the build; its last words are above")


def _targets():
    """Those of parts.outputs() that the build knows. A part that needs a tool which was installed
    later is found by configuring again."""
    from . import apt
    wanted = parts.outputs()
    known = _known_targets()
    if any(name not in known for name in wanted):
        with progress.Task("configuring the build again") as task:
            status, lines = apt.run_shown(
                ["meson", "setup", "--reconfigure", paths.build_dir(), paths.TOP], task)
        if status:
            _show(lines)
            raise Failure("meson could not configure the build; its last words are above")
        known = _known_targets()
    return [name for name in wanted if name in known]


def _known_targets():
    known = set()
    with open(os.path.join(paths.build_dir(), "build.ninja"), encoding="utf-8") as file:
        for line in file:
            if line.startswith("build "):
                known.update(line[6:].split(":", 1)[0].split())
    return known


def _ninja(targets):
    import re
    from . import apt
    with progress.Task("building") as task:
        status, lines = apt.run_shown(["ninja", "-C", paths.build_dir(), *targets], task)
    if status:
        _show([line for line in lines if not re.match(r"\[\d+/\d+\] (Compiling|Linking|Gen)", line)])
        raise Failure("the build failed; the compiler's words are above")


def _show(lines):
    progress.write("\n".join(lines[-60:]) + "\n")
