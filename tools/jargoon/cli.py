"""The verbs, and what surrounds each: arguments, signals, and errors as one sentence.

In:   main(arguments), from __main__.py. It does not return: its end is the command's exit status.
Adding a verb: a module with SUMMARY, add_arguments(parser), run(options) -> status, and a line in
VERBS. With TAKES_COMMAND all words behind `--` are in options.command, untouched. Modules are imported
only when their verb is used, because `run` is measured.
"""

import os
import signal
import sys

from . import VERSION, progress
from .errors import STATUS_FAILED, Failure, SignalExit, reason

# name -> (module, one line for --help)
VERBS = {
    "run": ("run", "start the system: a shell, or a command of yours"),
    "test": ("testing", "run the tests"),
    "coverage": ("coverage", "tell which lines the tests run"),
    "bench": ("bench", "measure against Linux in the same emulator"),
    "setup": ("setup", "install packages, fetch sources, build the default root"),
    "build": ("buildverb", "build the kernel and the servers"),
}

EPILOG = "See `./jargoon VERB --help` for a verb's options, and docs/running.md for all of it."


def make_parser(verb):
    """The parser for one verb, whose module is imported; or for none, with summaries only."""
    import argparse

    class Help(argparse.RawDescriptionHelpFormatter):
        """With a width of our own: finding it, argparse would load shutil for 12 ms, at each start."""
        def __init__(self, prog):
            super().__init__(prog, width=help_width())

    if verb is None:
        parser = argparse.ArgumentParser(
            prog="./jargoon", epilog=EPILOG, usage="%(prog)s [--help] [--version] VERB ...",
            description="Jargoon: a microkernel that runs unmodified Linux programs. "
                        "The verbs:\n\n" + "\n".join(f"  {name:8} {text}" for name, (_, text)
                                                     in VERBS.items()),
            formatter_class=Help)
        parser.add_argument("--version", action="version", version=f"jargoon {VERSION}")
        parser.add_argument("verb", nargs="?", help=argparse.SUPPRESS)
        return parser, None
    import importlib
    name, summary = VERBS[verb]
    try:
        module = importlib.import_module("." + name, __package__)
    except ModuleNotFoundError as error:
        if error.name != f"{__package__}.{name}":
            raise
        raise Failure(f"the verb `{verb}` is not part of this tree") from None
    parser = argparse.ArgumentParser(
        prog=f"./jargoon {verb}", description=getattr(module, "DESCRIPTION", summary),
        epilog=getattr(module, "EPILOG", None), usage=getattr(module, "USAGE", None),
        formatter_class=Help, allow_abbrev=False)
    module.add_arguments(parser)
    return parser, module


def help_width():
    try:
        return max(60, min(os.get_terminal_size(1).columns, 100) - 2)
    except OSError:
        return 78


def perform(arguments):
    """Parses and runs; returns the exit status."""
    verb = arguments[0] if arguments and not arguments[0].startswith("-") else None
    if verb is None:
        parser, _ = make_parser(None)
        parser.parse_args(arguments[:1])
        parser.print_help(sys.stderr if not arguments else sys.stdout)
        return STATUS_FAILED if not arguments else 0
    if verb not in VERBS:
        raise Failure(f"there is no verb `{verb}`: use one of {', '.join(VERBS)}")
    parser, module = make_parser(verb)
    words, command = arguments[1:], []
    if "--" in words and getattr(module, "TAKES_COMMAND", False):
        at = words.index("--")
        words, command = words[:at], words[at + 1:]
    options = parser.parse_args(words)
    if command:
        options.command = options.command + command
    return module.run(options)


def main(arguments):
    fill_standard_descriptors()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup stays nohup
            signal.signal(number, _end_by_signal)
    died_of = None
    try:
        status = perform(arguments)
    except Failure as failure:
        progress.complain(failure.sentence)
        status = failure.status
    except SignalExit as ending:
        status, died_of = 128 + ending.number, ending.number
    except SystemExit as ending:  # argparse: 0 after --help, 2 for bad usage
        status = STATUS_FAILED if ending.code == 2 else ending.code or 0
    except BrokenPipeError:
        status = 128 + signal.SIGPIPE
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        progress.complain(f"the host refused something: {reason(error)}{where}")
        status = STATUS_FAILED
    except MemoryError:
        progress.complain("the host has no memory left")
        status = STATUS_FAILED
    except Exception as error:  # our own bug: still a sentence, the rest on request
        if os.environ.get("JARGOON_TRACEBACK"):
            raise
        progress.complain(f"a bug in jargoon itself ({type(error).__name__}: {error}); "
                          "JARGOON_TRACEBACK=1 shows where")
        status = STATUS_FAILED
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream:
                stream.flush()
        except OSError:
            pass
    if died_of is not None:  # so that a calling shell sees what it would see of any command
        signal.signal(died_of, signal.SIG_DFL)
        os.kill(os.getpid(), died_of)
    # No interpreter shutdown: everything is flushed, and its milliseconds are the user's.
    os._exit(status & 255)


def _end_by_signal(number, _frame):
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(other, signal.SIG_IGN)  # once is enough, unwinding is short
    raise SignalExit(number)


missing_descriptors = set()  # those of 0, 1, 2 that we were started without


def fill_standard_descriptors():
    """Puts /dev/null where 0, 1 or 2 is closed, lest a socket of ours becomes someone's stdout."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            missing_descriptors.add(fd)
            opened = os.open("/dev/null", os.O_RDWR)
            if opened != fd:
                os.dup2(opened, fd)
                os.close(opened)
