"""A guest on our own stdin, stdout and stderr, as `./jargoon run` gives it, with two choices more:

    guest.py [--on jargoon|linux] [--image JGROOT] [OPTION of run...] [-- COMMAND ARG...]

`--on linux` boots the reference guest, `--image` takes a root image as it is, uncached. Streams,
terminal, time limit and exit status are those of `./jargoon run`, whose code this is.
"""

import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tools'))

from jargoon import cli  # noqa: E402  (the path above makes it findable)

if __name__ == '__main__':
    cli.VERBS['guest'] = ('guest', 'a guest for tests')
    cli.main(['guest', *sys.argv[1:]])
