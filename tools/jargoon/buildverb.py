"""The verb `build`: what `run` does by itself, asked for by name."""

SUMMARY = "build the kernel and the servers"


def add_arguments(parser):
    parser.add_argument("--all", action="store_true", help="the tests too")


def run(options):
    from . import build
    build.ensure("all" if options.all else "run", force=True)
    return 0
