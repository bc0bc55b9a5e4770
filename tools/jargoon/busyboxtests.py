"""BusyBox's own tests, from the sources of the default root, with a BusyBox that has what they use.

In:   folder() -> what becomes /bb in a guest, built on first use; cached() -> the same, or None.
Life: kept by the hash of the recipe, like the default root. In the folder: `busybox` (static, with the
      default root's musl), `.config`, `links/` (a link for each applet), `testsuite/`, and
      `shell/hush_test/` and `shell/ash_test/`, this with the three little programs that scripts call.
"""

import glob
import os

from . import defaultroot, paths, progress
from .errors import Failure, reason

RECIPE = "1"  # raise when the steps below change
CONFIG = os.path.join(paths.TOP, "tests", "busybox", "busybox.config")
INSIDE = "/bb"  # where the guest has the folder
SHELLS = ("ash", "hush")
HELPERS = ("recho", "zecho", "printenv")


def folder():
    """The folder, from the cache or built now (a minute or two, and apt's help for the sources)."""
    made = cached()
    if made:
        return made
    with paths.Lock("busybox-tests", "another jargoon is building BusyBox's tests; waiting"):
        return cached() or _build()


def cached():
    made = _place()
    return made if os.path.exists(os.path.join(made, "busybox")) else None


def _place():
    with open(CONFIG, encoding="utf-8") as file:
        recipe = repr((RECIPE, file.read(), defaultroot.RECIPE, sorted(defaultroot.PINS.items())))
    return os.path.join(paths.cache_dir("busybox-tests"), paths.fingerprint(recipe)[:32])


def _build():
    import shutil
    from . import setup
    setup.packages()
    musl, busybox = defaultroot.archives()
    work = os.path.join(paths.cache_dir("busybox-tests"), "work")
    shutil.rmtree(work, ignore_errors=True)
    try:
        os.makedirs(work)
        with open(os.path.join(paths.cache_dir("busybox-tests"), "build.log"), "wb") as log:
            with progress.Task("building musl for BusyBox's tests", slow=True) as task:
                prefix = defaultroot.build_musl(defaultroot.Steps(work, task, log), musl)
            with progress.Task("building BusyBox for its tests", slow=True) as task:
                steps = defaultroot.Steps(work, task, log)
                compilers = defaultroot.build_busybox(steps, busybox, prefix, CONFIG)
                steps.run("make", "busybox.links", *compilers, cwd="busybox-src")
                _collect(steps, prefix)
        os.rename(os.path.join(work, "out"), _place())
    except OSError as error:
        raise Failure(f"cannot build BusyBox's tests: {reason(error)}") from None
    shutil.rmtree(work, ignore_errors=True)
    return _place()


def _collect(steps, prefix):
    import shutil
    source, out = (os.path.join(steps.work, name) for name in ("busybox-src", "out"))
    shutil.copytree(os.path.join(source, "testsuite"), os.path.join(out, "testsuite"), symlinks=True)
    for shell in SHELLS:
        tests = os.path.join(out, "shell", f"{shell}_test")
        shutil.copytree(os.path.join(source, "shell", f"{shell}_test"), tests, symlinks=True)
        for name in HELPERS if shell == "ash" else ():
            steps.run(f"{prefix}/bin/musl-gcc", "-static", "-O1", "-w", "-s", "-o", name, name + ".c",
                      cwd=tests)
        os.symlink("../../busybox", os.path.join(tests, shell))
    os.mkdir(os.path.join(out, "links"))
    with open(os.path.join(source, "busybox.links"), encoding="ascii") as file:
        for line in file:
            os.symlink(INSIDE + "/busybox", os.path.join(out, "links", os.path.basename(line.strip())))
    shutil.copy(os.path.join(source, ".config"), os.path.join(out, ".config"))
    shutil.copy(os.path.join(source, "busybox"), os.path.join(out, "busybox"))


def shell_cases(made):
    """(shell, folder, name) of every script of the shells' tests that has an expected output."""
    found = []
    for shell in SHELLS:
        for path in sorted(glob.glob(os.path.join(made, "shell", f"{shell}_test", "*", "*.tests"))):
            if os.path.exists(path[:-len("tests")] + "right"):
                where, name = os.path.split(path[:-len(".tests")])
                found.append((shell, os.path.basename(where), name))
    return found


def applets(made):
    """The applets that have tests and are built."""
    names = {os.path.basename(path) for path in glob.glob(os.path.join(made, "links", "*"))}
    tests = os.path.join(made, "testsuite")
    return sorted(name for name in names | {"busybox"} if os.path.isdir(os.path.join(tests, name))
                  or os.path.exists(os.path.join(tests, name + ".tests")))
