"""Which Linux tests there are: read from the sources, so that no list has to be kept.

    cases.py sources     one line "FAMILY/FILE.c FLAVOUR" each, for Meson
    cases.py names       every case's name

A source is tests/linux/FAMILY/FILE.c or FILE.FLAVOUR.c; the flavour says how it is linked:
    static (default), pie and nopie (dynamic, on ld-musl), so (a library for dlopen, no case),
    bare and barepie (static, no libc at all, ET_EXEC and static PIE), glibc (static, the host's).
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
FLAVOURS = ('static', 'pie', 'nopie', 'so', 'bare', 'barepie', 'glibc')
NOT_FAMILIES = ('include',)
CASE = re.compile(r'^TEST\((\w+), (\w+)\)', re.M)
LIMIT = re.compile(r'^/\* time limit: (\d+) s \*/$', re.M)
SECONDS = 20


class Source:
    def __init__(self, path):
        self.path = path
        self.family = path.parent.name
        parts = path.name.split('.')
        self.name = parts[0]
        self.flavour = parts[1] if len(parts) == 3 else 'static'
        if self.flavour not in FLAVOURS:
            raise ValueError(f'{path}: no flavour {self.flavour}')
        # What the build makes of it, below the build's tests/linux.
        self.binary = f'{self.family}-{self.name}' + ('.so' if self.flavour == 'so' else '')
        # Where the guest finds it.
        self.guest = f'/tests/{self.binary}'

    def cases(self):
        """(name, seconds) of each case in it."""
        if self.flavour == 'so':
            return []
        text = self.path.read_text(encoding='utf-8')
        limit = LIMIT.search(text)
        seconds = int(limit[1]) if limit else SECONDS
        names = [f'{family}.{name}' for family, name in CASE.findall(text)]
        return [(name, seconds) for name in names or [f'{self.family}.{self.name}']]


def sources():
    found = [Source(path) for path in sorted(HERE.glob('*/*.c'))
             if path.parent.name not in NOT_FAMILIES]
    names = [name for source in found for name, _ in source.cases()]
    double = {name for name in names if names.count(name) > 1}
    if double:
        raise ValueError('two cases of one name: ' + ', '.join(sorted(double)))
    return found


def listing():
    """One line for each source, as Meson reads it."""
    return [f'{each.family}/{each.path.name} {each.flavour} {each.binary}' for each in sources()]


if __name__ == '__main__':
    if sys.argv[1:] == ['names']:
        print('\n'.join(name for each in sources() for name, _ in each.cases()))
    else:
        print('\n'.join(listing()))
