"""Every prototype in a header of ours has its contract: a comment right above it.

    contracts.py     TAP, one case for each room; prototypes that stand together share one comment
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / 'tests' / 'lib')]

from sources import ROOMS, all_of, without_comments  # noqa: E402
from tap import Tap  # noqa: E402

# A declaration of a function at the left margin: no typedef, no variable, no definition.
PROTOTYPE = re.compile(r'^(?!typedef\b|return\b|else\b|static_assert\b|_Static_assert\b|#)'
                       r'[A-Za-z_][\w \t*]*?[ *](\w+)\s*\((?:[^;{}()]|\([^;{}()]*\))*\)[^;{}]*;',
                       re.M)


def bare_prototypes(source):
    """(line, name) of each prototype above which no comment stands."""
    text = without_comments(source.text)
    lines = source.text.split('\n')
    covered = set()  # lines at which a prototype ends that has its contract
    for match in PROTOTYPE.finditer(text):
        first = text.count('\n', 0, match.start())
        last = text.count('\n', 0, match.end())
        above = first - 1
        if above >= 0 and (lines[above].rstrip().endswith('*/') or above in covered
                           or lines[above].lstrip().startswith('//')):
            covered.add(last)
        else:
            yield first + 1, match[1]


def main():
    out = Tap()
    count = 0
    headers = [source for source in all_of(('.h',)) if '/tests/' not in source.name]
    for room in ROOMS:
        wrong = []
        for source in headers:
            if source.room == room:
                count += len(PROTOTYPE.findall(without_comments(source.text)))
                wrong += [f'{source.name}:{line} {name} has no contract'
                          for line, name in bare_prototypes(source)]
        out.line(not wrong, f'contracts in {room}')
        out.note('\n'.join(wrong))
    out.line(count > 200, f'there is something to check ({count} prototypes)')
    out.done()


if __name__ == '__main__':
    main()
