"""A static bash for the tests: GNU's shell from Debian's source package, compiled against musl.

In:   cached() -> the program's path if it is there; compiled() builds it if not. `python3 bash.py` does that.
"""

import os
import sys

if __package__:
    from . import defaultroot, fromsource
else:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from jargoon import defaultroot, fromsource

RECIPE = '2'  # raise when the steps of _make() change
PINS = {
    'bash_5.2.15.orig.tar.gz': '7a315bc0e9d90713159e4390ec1096a41e4f33cd8cc3d1a749a8e5ad56600f51',
}
# No allocator of its own (it moves the break); musl has strtoimax: none is to be put in its place; the rest keeps it small.
CONFIGURE = ('bash_cv_func_strtoimax=no', '--enable-static-link', '--without-bash-malloc', '--disable-nls',
             '--disable-net-redirections')


def _make(steps):
    steps.run('./configure', 'CC=musl-gcc', 'CFLAGS=-O1', *CONFIGURE, cwd='src')
    steps.run('make', defaultroot.jobs(), cwd='src')
    steps.run('strip', '-o', '../out/bash', 'bash', cwd='src')


PROGRAM = fromsource.Program('bash', (RECIPE, CONFIGURE), PINS, _make)


def cached():
    """The program, or None: nothing is built."""
    folder = PROGRAM.cached()
    return os.path.join(folder, 'bash') if folder else None


def compiled():
    """The program; compiled now if it is not in the cache."""
    return os.path.join(PROGRAM.compiled(), 'bash')


if __name__ == '__main__':
    print(compiled())
