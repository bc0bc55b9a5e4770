"""Jargoon's command: set-up, build, images, QEMU, terminal. Standard library only, Python 3.9 on.

Each verb is a module with SUMMARY, add_arguments(parser) and run(options) -> exit status; cli.py
holds their table. The rest are rooms with one job each; README.md in this folder lists them.
"""

VERSION = "0.1.0"
