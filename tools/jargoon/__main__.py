"""The way in: `python3 tools/jargoon VERB ...`, as the shell script ./jargoon calls it."""

import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from jargoon import cli  # noqa: E402  (the path above makes it findable)

if __name__ == "__main__":
    cli.main(sys.argv[1:])
