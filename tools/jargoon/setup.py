"""The verb `setup`: packages, sources, default root. Safe to repeat and to run twice at once."""

from . import apt, progress

SUMMARY = "install packages, fetch sources, build the default root"
DESCRIPTION = """Makes this host ready: installs what is missing through apt, fetches the sources of
musl and BusyBox, builds the default root file system and the system itself.
Tested on Debian 12, x86-64; elsewhere it does what it can. Asks nothing when
stdin is no terminal or CI=true."""


def add_arguments(parser):
    parser.add_argument("--no-install", action="store_true",
                        help="print the line that would install what is missing, and stop")
    parser.add_argument("--fresh", action="store_true",
                        help="also what `./jargoon test fresh` needs")


def packages(may_install=True, extra=()):
    """Installs the packages that are missing; says nothing when none is."""
    from . import paths
    wanted = apt.PACKAGES + list(extra)
    if not apt.missing(wanted):
        return
    apt.note_support()
    with paths.Lock("packages", "another jargoon is installing packages; waiting"):
        lacking = apt.missing(wanted)
        if lacking:
            apt.install(lacking, may_install)


def run(options):
    extra = apt.FRESH_PACKAGES if options.fresh else []
    if options.no_install:
        lacking = apt.missing(apt.PACKAGES + extra)
        if lacking:
            for name, _, why in lacking:
                progress.say(f"needs the package {name}: {why}")
            print(apt.install_line(lacking), flush=True)
        else:
            progress.say("no package is missing")
        return 0
    packages(extra=extra)
    from . import build, defaultroot
    defaultroot.image()
    build.ensure("run")
    progress.say("ready: ./jargoon run")
    return 0
