"""Runs a session on its own stdin, stdout and stderr. Arguments: what fake_qemu.py should do, then
--timeout SECONDS or --verbose."""

import os
import sys
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(HERE))), "tools"))

from jargoon import cli, guestlog, qemu, session  # noqa: E402


def run(options):
    machine = qemu.Options("kernel", None, append=options.mode)
    return session.attach(machine, session.plan(), guestlog.Log(options.verbose), options.timeout)


def add_arguments(parser):
    parser.add_argument("mode")
    parser.add_argument("--timeout", type=float)
    parser.add_argument("--verbose", action="store_true")


module = types.ModuleType("jargoon.driver")
module.run, module.add_arguments = run, add_arguments
sys.modules["jargoon.driver"] = module
cli.VERBS["driver"] = ("driver", "")
cli.main(["driver", *sys.argv[1:]])
